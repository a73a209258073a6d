"""Images, vision, speech and vectors by the Python client, over a gateway with the sandbox."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image as Pillow
from ringmain import AsyncClient, Cancelled, Client, Image, MediaInvalid, NotFound, RingmainError
from ringmain.aio_media import AsyncDrawing

from tests.e2e.gateway import gateway
from tests.e2e.test_documents import pdf
from tests.fakes.waiting import until


def picture(size: tuple[int, int] = (64, 48), colour: str = "red") -> bytes:
    """A PNG of one colour."""
    file = io.BytesIO()
    Pillow.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def mask(size: tuple[int, int] = (64, 48)) -> bytes:
    """A mask that is transparent on its left half."""
    file = io.BytesIO()
    pixels = Pillow.new("RGBA", size, "black")
    pixels.paste((0, 0, 0, 0), (0, 0, size[0] // 2, size[1]))
    pixels.save(file, "PNG")
    return file.getvalue()


@asynccontextmanager
async def clients() -> AsyncIterator[tuple[Client, AsyncClient]]:
    """Both clients of one gateway."""
    async with gateway() as ringmain:
        target = f"127.0.0.1:{ringmain.app.port}"
        with Client(target, max_attempts=1) as client:
            async with AsyncClient(target, max_attempts=1) as other:
                yield client, other


async def test_draws_and_saves(tmp_path: Path) -> None:
    """Both clients get the same pictures, which are files, Pillow's images and media of the contract."""
    async with clients() as (client, other):
        drawn = await asyncio.to_thread(
            client.images.generate, "two red circles", model="sandbox/image", count=2, seed=7, size="256x256"
        )
        same = await other.images.generate(
            "two red circles", model="sandbox/image", count=2, seed=7, size="256x256"
        )
    assert [one.data for one in drawn] == [one.data for one in same]
    assert len(drawn) == len(drawn[:]) == drawn.usage.image_count == 2
    assert (drawn.cost_usd, drawn.provider, drawn.route.provider_model) == (0.0, "sandbox", "image")
    assert drawn.response_id
    assert drawn[0].to_pil().size == (256, 256)
    assert drawn[0]._repr_png_() == drawn[0].data
    assert drawn[0]._repr_jpeg_() is None
    paths = drawn.save(tmp_path / "fox.png")
    assert [path.name for path in paths] == ["fox-1.png", "fox-2.png"]
    assert drawn[0].save(tmp_path / "bare").name == "bare.png"
    assert (tmp_path / "bare.png").read_bytes() == drawn[0].data
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bare.png", "fox-1.png", "fox-2.png"]  # noqa: ASYNC240


async def test_previews_then_pictures(tmp_path: Path) -> None:
    """A stream shows previews and folds to what the whole call gives."""
    async with clients() as (client, other):

        def draw() -> tuple[int, bytes]:
            with client.images.stream("a fox", previews=2, model="sandbox/image", seed=1) as drawing:
                shown = list(drawing)
                return len(shown), drawing.images[0].data

        count, data = await asyncio.to_thread(draw)
        whole = await other.images.generate("a fox", model="sandbox/image", seed=1)
        drawing = other.images.stream("a fox", model="sandbox/image", seed=1)
        streamed = await drawing.images()
    assert count == 2
    assert data == whole[0].data == streamed[0].data


async def test_edits() -> None:
    """A mask, margins and a style choose the mode; what a model drew can be sent on."""
    async with clients() as (client, other):
        model = "sandbox/image"
        masked = await asyncio.to_thread(client.images.edit, picture(), "blue", mask=mask(), model=model)
        wider = await other.images.edit(picture(), outpaint={"left": 16}, model=model)
        around = await other.images.edit(picture(), "sky", outpaint=8, model=model)
        styled = await other.images.edit([picture(), masked[0]], mode="style", model=model)
        drawing = other.images.stream_edit(picture(), "green", previews=1, model=model)
        previews = [preview async for preview in drawing]
        final = await drawing.images()
    assert masked[0].to_pil().convert("RGB").getpixel((60, 20)) == (255, 0, 0)
    assert (wider[0].to_pil().size, around[0].to_pil().size) == ((80, 48), (80, 64))
    assert len(styled) == len(previews) == len(final) == 1


async def test_enlarges_and_inspects() -> None:
    """A picture grows by its factor; its file tells type, size and colours, a classifier the rest."""
    async with clients() as (client, other):
        large = await asyncio.to_thread(client.images.upscale, picture(), 2, model="sandbox/upscale")
        again = await other.images.upscale(large.image, 2, model="sandbox/upscale", format="webp")
        found = await asyncio.to_thread(client.images.inspect, picture())
        rated = await other.images.inspect(picture(), model="sandbox/chat")
    assert large.image.to_pil().size == (128, 96)
    assert (again.image.to_pil().size, again.image.mime_type) == ((256, 192), "image/webp")
    assert (found.mime_type, found.width, found.dominant_colors[0]) == ("image/png", 64, "#ff0000")
    assert rated.safety_ratings


async def test_sees() -> None:
    """A question about images; bytes, files and what was drawn are taken alike."""
    async with clients() as (client, other):
        drawn = Image(picture(), "image/png")
        answer = await asyncio.to_thread(
            client.vision.analyze, [picture(), drawn], "what?", model="sandbox/chat", max_output_tokens=500
        )
        same = await other.vision.analyze(
            [picture(), drawn], "what?", model="sandbox/chat", max_output_tokens=500
        )
    assert "64" in str(answer)
    assert answer.text == same.text
    assert answer.usage.input_token_count > 0


async def test_reads_documents(tmp_path: Path) -> None:
    """Pages come in order from a path or bytes; a page tells its Markdown."""
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(3, pictures=("red",)))
    async with clients() as (client, other):
        pages = await asyncio.to_thread(lambda: list(client.vision.read(str(path), model="sandbox/chat")))
        rest = [
            page async for page in other.vision.read(pdf(3), first_page=3, model="sandbox/chat", mode="page")
        ]
    assert [page.number for page in pages] == [1, 2, 3]
    assert "page number 1" in str(pages[0])
    assert pages[0].usage is not None
    assert not pages[0].error
    assert [page.number for page in rest] == [3]


async def test_embeds() -> None:
    """A vector for each text, of the wanted length; one text may stand alone."""
    async with clients() as (client, other):
        vectors = await asyncio.to_thread(
            client.embed, ["a fox", "a dog"], model="sandbox/embed", dimensions=8, purpose="query"
        )
        one = await other.embed("a fox", model="sandbox/embed", dimensions=8, purpose="query")
    assert [len(vector) for vector in vectors] == [8, 8]
    assert list(one[0]) == list(vectors[0])
    assert len(vectors[:1]) == 1


async def test_speaks_and_hears(tmp_path: Path) -> None:
    """What is spoken into a file is heard word for word, whole or in pieces."""
    text = "The ring main feeds every consumer."
    async with clients() as (client, other):
        speech = await asyncio.to_thread(
            client.audio.speak, text, model="sandbox/speak", format="wav", voice="low"
        )
        path = speech.save(tmp_path / "hello")
        heard = await asyncio.to_thread(client.audio.transcribe, path, model="sandbox/transcribe")
        speaking = other.audio.stream_speech(text, model="sandbox/speak", format="wav", voice="low")
        pieces = [piece async for piece in speaking]
        listening = other.audio.listen(pieces, model="sandbox/transcribe", language="en")
        words = "".join([word async for word in listening])
        again = await other.audio.transcribe(speech.data, model="sandbox/transcribe")
    assert (path.name, speech.mime_type) == ("hello.wav", "audio/wav")
    assert b"".join(pieces) == speech.data
    assert speaking.mime_type == "audio/wav"
    assert str(heard) == again.text == listening.transcript.text == text
    assert words.strip() == text
    assert heard.segments[0].start is not None
    assert heard.segments[0].end is not None
    assert heard.usage.audio_duration.ToMilliseconds() > 0
    assert speech.usage.character_count == len(text)
    assert speech.response_id
    assert heard.language_code is not None


async def test_failures_are_the_clients_errors() -> None:
    """Bad media, unknown models and unknown options are told as elsewhere."""
    async with clients() as (client, other):
        with pytest.raises(MediaInvalid):
            await other.images.inspect(b"no picture")
        with pytest.raises(NotFound):
            await asyncio.to_thread(client.images.generate, "x", model="nothing")
        with pytest.raises(TypeError, match="did you mean 'size'"):
            client.images.generate("x", sice="1x1")  # type: ignore[call-arg]
        with pytest.raises(ValueError, match="unknown quality"):
            client.images.generate("x", quality="best")  # type: ignore[arg-type]
        with pytest.raises(RingmainError):
            async for _ in other.vision.read(b"no document", model="sandbox/chat"):
                pass


async def test_leaving_a_flow_cancels_the_call() -> None:
    """A loop that is left, a block that is left and a flow that is dropped each end the call."""
    slow = {"providers": {"slow": {"kind": "sandbox", "first_token_ms": 60_000}}}
    async with gateway(slow) as ringmain:
        client = ringmain.client
        async with client.vision.read(pdf(3, pictures=("red",)), model="slow/chat"):
            await until(lambda: len(ringmain.app.calls) == 1)
        await until(lambda: len(ringmain.app.calls) == 0)
        flow = client.images.stream("x", model="slow/image")
        await flow.close()
        dropped = client.images.stream("x", model="slow/image")
        await until(lambda: len(ringmain.app.calls) == 1)
        del dropped
        await until(lambda: len(ringmain.app.calls) == 0)


async def test_closing_a_flow_from_another_task() -> None:
    """A flow that another task closes raises Cancelled in its reader, whose task is not cancelled."""
    slow = {"providers": {"slow": {"kind": "sandbox", "first_token_ms": 60_000}}}
    async with gateway(slow) as ringmain, asyncio.TaskGroup() as tasks:
        flow = ringmain.client.images.stream("x", model="slow/image")
        reading = tasks.create_task(_error_of_reading(flow))
        await until(lambda: len(ringmain.app.calls) == 1)
        await flow.close()
        assert isinstance(await reading, Cancelled)


async def _error_of_reading(flow: AsyncDrawing) -> RingmainError | None:
    """The error that ends a loop over a flow."""
    try:
        async for _ in flow:
            pass
    except RingmainError as error:
        return error
    return None


async def test_a_refused_upload_tells_the_gateways_reason() -> None:
    """A call that ends while bytes still go up fails with what the gateway said, by either client."""
    async with gateway({"media": {"max_document_bytes": 1 << 20}}) as ringmain:
        target = f"127.0.0.1:{ringmain.app.port}"
        large = b"%PDF-" + bytes(20 << 20)
        with Client(target) as client, pytest.raises(MediaInvalid, match="larger than"):
            await asyncio.to_thread(lambda: list(client.vision.read(large, model="sandbox/chat")))
        for _ in range(5):
            with pytest.raises(MediaInvalid, match="larger than"):
                async for _page in ringmain.client.vision.read(large, model="sandbox/chat"):
                    pass
