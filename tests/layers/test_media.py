"""Media in the form that a model takes, and what it draws in the form that was asked for."""

import asyncio
import io
from contextlib import aclosing
from typing import Any

import pytest
from PIL import Image
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import IMAGE_DETAIL_HIGH, Media
from ringmain_server.assembly.policies import check_document
from ringmain_server.call import Attempt, Call
from ringmain_server.candidate import Candidate
from ringmain_server.errors import MalformedAnswer, MediaInvalid
from ringmain_server.layers.media import FitMedia
from ringmain_server.media.canvas import EditForm
from ringmain_server.media.limits import ModelLimits
from ringmain_server.media.workers import MediaWorkers
from ringmain_server.operations import (
    CHAT,
    EDIT_IMAGES,
    GENERATE_IMAGES,
    STREAM_CHAT,
    STREAM_EDIT_IMAGES,
    STREAM_GENERATE_IMAGES,
    UPSCALE_IMAGE,
    AnyOperation,
)
from ringmain_server.operations.image_events import fold
from ringmain_server.providers.whole_as_stream import WholeAsStream

from tests.fakes.backend import ScriptedBackend

Size = tuple[int, int]


def picture(size: Size = (8, 6), kind: str = "PNG", mode: str = "RGB", colour: Any = 0) -> bytes:
    """A file of one colour."""
    file = io.BytesIO()
    Image.new(mode, size, colour).save(file, kind)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    """What a file shows."""
    return Image.open(io.BytesIO(data))


class World:
    """A layer around a scripted backend."""

    def __init__(
        self, *answers: object, made_streams: frozenset[AnyOperation] = frozenset(), **candidate: Any
    ) -> None:
        self.backend = ScriptedBackend([answers or (chat_pb2.ChatResponse(),)])
        self.candidate = Candidate("p", "openai", "m", **candidate)
        self.workers = MediaWorkers(check_document=check_document)
        layer = FitMedia(self.backend, self.candidate, self.workers)
        self.layer = WholeAsStream(layer, made_streams) if made_streams else layer
        self.calling = Call("resp_1", "test", 1e9)
        self.calling.current = Attempt(self.candidate, 0.0)

    async def call(self, op: Any, request: Any) -> Any:
        return await self.layer.call(op, request, self.calling)

    async def stream(self, op: Any, request: Any) -> list[Any]:
        async with aclosing(self.layer.stream(op, request, self.calling)) as events:
            return [event async for event in events]

    @property
    def sent(self) -> Any:
        """What the provider was asked."""
        return self.backend.requests[-1]


def ask(*media: Media) -> chat_pb2.ChatRequest:
    """A question with media."""
    request = chat_pb2.ChatRequest(model="m")
    message = request.messages.add(role=2)
    message.parts.add(text="what?")
    for one in media:
        message.parts.add(media=one)
    return request


async def test_a_request_without_media_passes_as_it_is() -> None:
    """Nothing is copied, whole or streamed."""
    world, request = World(), ask()
    await world.call(CHAT, request)
    assert world.sent is request
    await world.stream(STREAM_CHAT, request)
    assert world.sent is request


async def test_images_are_made_to_fit() -> None:
    """Of several media only the images that do not fit change, and the caller's request stays."""
    large = Media(data=picture((400, 200), "TIFF"), mime_type="image/tiff", filename="x")
    small, document = Media(data=picture(), mime_type="image/png"), Media(data=b"%PDF-", filename="a.pdf")
    world, request = World(images=ModelLimits(max_long_side=100)), ask(large, small, document)
    request.messages[0].parts[1].image_detail = IMAGE_DETAIL_HIGH
    before = request.SerializeToString()
    for op in (CHAT, STREAM_CHAT):
        await (world.call(op, request) if op is CHAT else world.stream(op, request))
        _, first, second, third = world.sent.messages[0].parts
        assert opened(first.media.data).size == (100, 50)
        assert (first.image_detail, first.media.filename) == (IMAGE_DETAIL_HIGH, "x")
        assert first.media.mime_type in ModelLimits().mime_types
        assert (second.media, third.media) == (small, document)
    assert request.SerializeToString() == before


async def test_what_the_bytes_are_wins_over_what_is_said() -> None:
    """A JPEG that is called a PNG goes as what it is."""
    world = World()
    await world.call(CHAT, ask(Media(data=picture(kind="JPEG"), mime_type="image/png")))
    assert world.sent.messages[0].parts[1].media.mime_type == "image/jpeg"


async def test_a_broken_image_is_named() -> None:
    """The error has the path of the field."""
    with pytest.raises(MediaInvalid) as failed:
        await World().call(CHAT, ask(Media(data=b"no image", mime_type="image/png")))
    assert failed.value.violations[0].field == "messages[0].parts[1].media.data"


async def test_addresses_that_are_not_fetched_pass() -> None:
    """The provider is given the address."""
    world, request = World(), ask(Media(uri="https://example.com/a.png"))
    await world.call(CHAT, request)
    assert world.sent is request


def edit(**fields: Any) -> image_pb2.EditImagesRequest:
    """A request to change an image of 80 by 60."""
    image = Media(data=picture((80, 60)), mime_type="image/png")
    return image_pb2.EditImagesRequest(**{"model": "m", "images": [image], **fields})


def mask() -> Media:
    """Half as large; its left half is transparent."""
    file = io.BytesIO()
    pixels = Image.new("RGBA", (40, 30), "black")
    pixels.paste((0, 0, 0, 0), (0, 0, 20, 30))
    pixels.save(file, "PNG")
    return Media(data=file.getvalue())


async def test_a_mask_takes_the_form_of_the_model() -> None:
    """It gets the image's size, and the colours by which the model is told."""
    for form, redrawn, kept in (("alpha", (0, 0, 0, 0), (0, 0, 0, 255)), ("luminance", 255, 0)):
        world = World(image_pb2.EditImagesResponse(), edits=EditForm(form))  # type: ignore[arg-type]
        await world.call(EDIT_IMAGES, edit(mask=mask(), prompt="x"))
        found = opened(world.sent.mask.data)
        assert found.size == (80, 60)
        assert (found.getpixel((0, 0)), found.getpixel((79, 59))) == (redrawn, kept)


async def test_margins_become_a_canvas_where_a_model_takes_none() -> None:
    """The image is put on a larger canvas, scaled to the model's limits with its margins, and masked."""
    limits = ModelLimits(max_long_side=40)
    world = World(image_pb2.EditImagesResponse(), images=limits)
    request = edit(mode=image_pb2.EDIT_MODE_OUTPAINT, outpaint=image_pb2.Margins(left=20, top=10))
    await world.call(EDIT_IMAGES, request)
    sent = world.sent
    assert (sent.mode, sent.HasField("outpaint")) == (image_pb2.EDIT_MODE_INPAINT, False)
    assert sent.prompt
    canvas, masked = opened(sent.images[0].data), opened(sent.mask.data)
    assert canvas.size == masked.size == (50, 35)
    assert (canvas.getpixel((0, 0)), canvas.getpixel((49, 34))) == ((0, 0, 0, 0), (0, 0, 0, 255))
    assert request.HasField("outpaint")


async def test_margins_stay_where_a_model_takes_them() -> None:
    """The request passes as it is."""
    world = World(image_pb2.EditImagesResponse(), edits=EditForm(outpaints=True))
    request = edit(mode=image_pb2.EDIT_MODE_OUTPAINT, outpaint=image_pb2.Margins(left=20))
    await world.call(EDIT_IMAGES, request)
    assert world.sent is request


async def test_a_mask_must_come_as_bytes() -> None:
    """So must the image that it is for; the path is that of the request, also within a stream."""
    with pytest.raises(MediaInvalid) as failed:
        await World().call(EDIT_IMAGES, edit(mask=Media(uri="https://example.com/m.png")))
    assert failed.value.violations[0].field == "mask.uri"
    request = image_pb2.StreamImagesRequest(
        edit=edit(images=[Media(uri="https://example.com/m.png")], mask=mask())
    )
    world = World()
    with pytest.raises(MediaInvalid) as failed:
        await world.stream(STREAM_EDIT_IMAGES, request)
    assert failed.value.violations[0].field == "edit.images[0].uri"


def drawn(*files: bytes) -> image_pb2.GenerateImagesResponse:
    """An answer of these images."""
    images = [image_pb2.GeneratedImage(media=Media(data=data)) for data in files]
    return image_pb2.GenerateImagesResponse(images=images)


def draw(**config: Any) -> image_pb2.GenerateImagesRequest:
    """A request to draw."""
    return image_pb2.GenerateImagesRequest(model="m", image_config=image_pb2.ImageConfig(**config))


@pytest.mark.parametrize(("wanted", "mime_type"), [("", "image/png"), ("image/webp", "image/webp")])
async def test_what_was_drawn_is_converted(wanted: str, mime_type: str) -> None:
    """An image of another type than asked is converted; without a wish it is a PNG, by the contract."""
    response = await World(drawn(picture(kind="JPEG"))).call(GENERATE_IMAGES, draw(mime_type=wanted))
    media = response.images[0].media
    assert media.mime_type == mime_type
    assert f"image/{(opened(media.data).format or '').lower()}" == mime_type


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, ""),
        ({"size": "80x60"}, ""),
        ({"size": "81x60"}, "the size is 80x60, the nearest that the model has to 81x60"),
        ({"aspect_ratio": "4:3"}, ""),
        ({"aspect_ratio": "16:9"}, "the size is 80x60, the nearest shape that the model has to 16:9"),
    ],
)
async def test_another_size_than_asked_is_said(config: dict[str, Any], said: str) -> None:
    """The note is made from the image itself, whatever the provider."""
    response = await World(drawn(picture((80, 60)))).call(GENERATE_IMAGES, draw(**config))
    assert response.images[0].note == said


async def test_what_cannot_be_converted_is_the_providers_fault() -> None:
    """An image that nobody can read is a malformed answer."""
    broken = picture(kind="JPEG")[:40]
    with pytest.raises(MalformedAnswer):
        await World(drawn(broken)).call(GENERATE_IMAGES, draw())


async def test_a_whole_answer_is_streamed() -> None:
    """A provider that only draws whole gives the same in pieces, finished as the whole answer would be."""
    response = drawn(picture((80, 60), "JPEG"))
    whole = await World(drawn(picture((80, 60), "JPEG"))).call(GENERATE_IMAGES, draw(size="10x10"))
    request = image_pb2.StreamImagesRequest(generate=draw(size="10x10"))
    events = await World(response, made_streams=frozenset({STREAM_GENERATE_IMAGES})).stream(
        STREAM_GENERATE_IMAGES, request
    )
    assert fold(events, image_pb2.GenerateImagesResponse) == whole
    assert whole.images[0].note


async def test_an_enlarged_image_has_the_wanted_type() -> None:
    """The image's own where nothing is wanted."""
    for wanted, own, found in (("", "JPEG", "image/jpeg"), ("image/webp", "PNG", "image/webp")):
        answer = image_pb2.UpscaleImageResponse(image=Media(data=picture((16, 12))))
        request = image_pb2.UpscaleImageRequest(
            image=Media(data=picture(kind=own)), upscale_config=image_pb2.UpscaleConfig(mime_type=wanted)
        )
        response = await World(answer).call(UPSCALE_IMAGE, request)
        assert response.image.mime_type == found


async def test_images_are_prepared_beside_the_loop() -> None:
    """While a large image is worked on, the loop turns."""
    world = World(images=ModelLimits(max_long_side=100))
    work = asyncio.create_task(world.call(CHAT, ask(Media(data=picture((3000, 2000))))))
    turns = 0
    while not work.done():
        await asyncio.sleep(0)
        turns += 1
    await work
    assert turns > 10
