"""ReadDocument over real gRPC, with the sandbox as the model that sees."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1 import vision_service_pb2_grpc as vision_grpc
from ringmain.v1.generation_pb2 import GenerationConfig
from ringmain.v1.routing_pb2 import RoutingPolicy

from tests.e2e.gateway import Gateway, gateway
from tests.edge.serving import details
from tests.fakes.waiting import LIMIT, until

CHUNK = 1000
Events = list[vision_pb2.ReadDocumentEvent]


def _picture(colour: str) -> ImageReader:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(file, "PNG")
    file.seek(0)
    return ImageReader(file)


def pdf(pages: int, *, pictures: tuple[str, ...] = ()) -> bytes:
    """A page for each number, with its own words; each with these pictures."""
    file = io.BytesIO()
    canvas = Canvas(file)
    for number in range(1, pages + 1):
        canvas.drawString(72, 720, f"This is page number {number} of a report.")
        for index, colour in enumerate(pictures):
            canvas.drawImage(_picture(colour), 72, 500 - 100 * index)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def upload(data: bytes, **config: Any) -> Iterator[vision_pb2.ReadDocumentRequest]:
    """The messages of a document."""
    told = vision_pb2.ReadDocumentConfig(**{"model": "sandbox/chat", **config})
    yield vision_pb2.ReadDocumentRequest(config=told)
    for start in range(0, len(data), CHUNK):
        yield vision_pb2.ReadDocumentRequest(chunk=data[start : start + CHUNK])


@asynccontextmanager
async def serving(
    config: Any = None,
) -> AsyncIterator[tuple[Gateway, "vision_grpc.VisionServiceAsyncStub"]]:
    """A gateway and a stub of its vision service."""
    async with gateway(config) as ringmain:
        stub: vision_grpc.VisionServiceAsyncStub = vision_grpc.VisionServiceStub(ringmain.channel)
        yield ringmain, stub


async def read(data: bytes, settings: Any = None, **config: Any) -> Events:
    """Every event of a document.

    By gRPC's threaded client: its asyncio twin hides the status of a call that ends while it writes.
    """
    async with serving(settings) as (ringmain, _):
        with grpc.insecure_channel(f"127.0.0.1:{ringmain.app.port}") as channel:
            stub = vision_grpc.VisionServiceStub(channel)
            return await asyncio.to_thread(lambda: list(stub.ReadDocument(upload(data, **config))))


def pages_of(events: Events) -> list[vision_pb2.DocumentPage]:
    """The pages, between an opening and an end."""
    assert events[0].WhichOneof("event") == "started"
    assert events[-1].WhichOneof("event") == "finished"
    return [event.page for event in events[1:-1]]


async def test_pages_come_in_order() -> None:
    """Text is taken as it is, without a model: without pictures it costs nothing, and that is known."""
    events = await read(pdf(12))
    assert (events[0].started.mime_type, events[0].started.page_count) == ("application/pdf", 12)
    pages = pages_of(events)
    assert [page.page_number for page in pages] == list(range(1, 13))
    assert all(f"page number {page.page_number} of" in page.markdown for page in pages)
    assert not any(page.HasField("usage") or page.HasField("error") for page in pages)
    usage = events[-1].finished.usage
    assert (usage.input_token_count, usage.cost_nano_usd, usage.HasField("cost_nano_usd")) == (0, 0, True)


async def test_pictures_are_described_in_place() -> None:
    """Each picture's description stands where the picture is; one that comes again is asked about once."""
    async with serving() as (ringmain, stub):
        events = [event async for event in stub.ReadDocument(upload(pdf(3, pictures=("red", "blue"))))]
        line = ringmain.log()[-1]
        attempts = ringmain.metric("ringmain_attempts_total", provider="sandbox", outcome="succeeded")
    pages = pages_of(events)
    for page in pages:
        quoted = [text for text in page.markdown.splitlines() if text.startswith("> ")]
        assert len(quoted) >= 2
        assert page.markdown.index("page number") < page.markdown.index("> ")
    assert pages[0].usage.input_token_count > 0
    assert (pages[0].route.provider_id, pages[0].route.provider_model) == ("sandbox", "chat")
    assert not pages[-1].HasField("route")  # whose pictures were described before
    started, finished = events[0].started, events[-1].finished
    assert (started.provider_id, started.provider_model) == ("sandbox", "chat")
    assert started.response_id == finished.response_id == line["response_id"]
    assert finished.route == pages[0].route
    assert sum(page.usage.input_token_count for page in pages) == events[-1].finished.usage.input_token_count
    assert (line["parts"], attempts) == (2, 2.0)


async def test_a_page_as_one_picture() -> None:
    """The model is shown each page."""
    pages = pages_of(await read(pdf(2), mode=vision_pb2.DOCUMENT_MODE_PAGE_AS_IMAGE))
    assert [page.page_number for page in pages] == [1, 2]
    assert all(page.usage.input_token_count > 0 and page.markdown for page in pages)


async def test_what_a_model_could_not_finish_is_said() -> None:
    """The configuration reaches the model; a page that it had to cut off has its beginning and the reason."""
    config = GenerationConfig(max_output_tokens=3)
    mode = vision_pb2.DOCUMENT_MODE_PAGE_AS_IMAGE
    (page,) = pages_of(await read(pdf(1), mode=mode, generation_config=config))
    assert page.markdown
    assert page.usage.output_token_count == 3
    assert "MAX_TOKENS" in page.error.message


async def test_an_unknown_provider_is_told_before_anything_is_read() -> None:
    """A routing policy holds for every page, so that it is checked once."""
    with pytest.raises(grpc.RpcError) as refused:
        await read(pdf(1), routing_policy=RoutingPolicy(provider_ids=["sandbox", "nobody"]))
    assert "config.routing_policy.provider_ids[1]" in str(details(refused.value))  # type: ignore[arg-type]


async def test_the_reading_outlives_the_caller_that_began_it() -> None:
    """A caller that joined reads on when the first one leaves; the document of each is closed."""
    settings = {"providers": {"sandbox": {"kind": "sandbox", "first_token_ms": 100}}}
    data = pdf(4, pictures=("red", "blue"))
    async with serving(settings) as (ringmain, stub):
        mode = vision_pb2.DOCUMENT_MODE_PAGE_AS_IMAGE
        calls = [stub.ReadDocument(upload(data, request_id="order-1", mode=mode)) for _ in range(2)]
        first, second = (aiter(call) for call in calls)
        assert (await anext(first)).HasField("started")
        assert (await anext(second)).HasField("started")
        calls[0].cancel()
        assert len([event async for event in second if event.HasField("page")]) == 4
        attempts = ringmain.metric("ringmain_attempts_total", provider="sandbox", outcome="succeeded")
    assert attempts == 4.0


async def test_resumes_at_a_page() -> None:
    """Reading goes on where it stopped."""
    pages = pages_of(await read(pdf(5), first_page=4))
    assert [page.page_number for page in pages] == [4, 5]


async def test_a_page_that_fails_says_so_and_the_rest_goes_on() -> None:
    """When the model fails, the text of the page is there nevertheless, and every page is told."""
    pages = pages_of(await read(pdf(3, pictures=("red",)), model="sandbox/fault-503"))
    assert len(pages) == 3
    for page in pages:
        assert "page number" in page.markdown
        assert page.error.code == grpc.StatusCode.UNAVAILABLE.value[0]


@pytest.mark.parametrize(
    ("data", "config", "field"),
    [
        (b"", {}, "chunk"),
        (b"just words", {}, "chunk"),
        (pdf(1)[:200], {}, "chunk"),
        (pdf(2), {"first_page": 3}, "config.first_page"),
        (pdf(1), {"model": ""}, "config.model"),
    ],
)
async def test_what_cannot_be_read_is_named(data: bytes, config: dict[str, Any], field: str) -> None:
    """An empty, foreign or broken document, or a page beyond its end, is a bad field."""
    with pytest.raises(grpc.RpcError) as failed:
        await read(data, **config)
    assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    error: Any = failed.value
    found: Any = details(error)["BadRequest"]
    assert [violation.field for violation in found.field_violations] == [field]


async def test_a_document_beyond_the_limit_is_refused_while_it_comes_in() -> None:
    """No more is taken than is allowed."""
    with pytest.raises(grpc.RpcError) as failed:
        await read(pdf(200), {"media": {"max_document_bytes": 5000}})
    assert "larger than 5000 bytes" in (failed.value.details() or "")


async def test_an_unknown_model_is_told_before_anything_is_read() -> None:
    """So is one that does not see."""
    with pytest.raises(grpc.RpcError) as failed:
        await read(pdf(1), model="nothing")
    assert failed.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_caller_that_leaves_ends_the_reading() -> None:
    """Cancelling in mid-document leaves no task and no call behind."""
    async with serving({"providers": {"slow": {"kind": "sandbox", "first_token_ms": 600_000}}}) as (
        ringmain,
        stub,
    ):
        before = len(asyncio.all_tasks())
        call = stub.ReadDocument(upload(pdf(9, pictures=("red",)), model="slow/chat"))
        await call.read()
        await asyncio.sleep(0.1)
        call.cancel()
        assert await ringmain.app.calls.drain(LIMIT) == 0
        assert ringmain.log()[-1]["code"] == "CANCELLED"
        await until(lambda: len(asyncio.all_tasks()) <= before)
