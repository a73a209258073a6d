"""What others wrote is cut before it is told: every status arrives whole, and every log line is short."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import grpc.aio
import pytest
from google.protobuf import message_factory, text_format
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from tests.e2e.gateway import Gateway, ask, gateway, upstreams
from tests.edge.rules.places import SERVICES, Place, is_map, places
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.rejections import MODEL_NOT_FOUND, rejection
from tests.fakes.waiting import LIMIT

pytestmark = pytest.mark.slow

FILLS = ("x", "\0", "é", "🙂")
LONG, SHORT = 100_000, 250
LINE = 4096
PNG = r"\211PNG\r\n\032\n0000"
MEDIUM = f'{{ mime_type: "image/png" data: "{PNG}" }}'
GOOD: Mapping[str, str] = {
    "ChatRequest": 'model: "sandbox/echo" messages { role: ROLE_USER parts { text: "hi" } }',
    "CountTokensRequest": 'chat { model: "sandbox/echo" messages { role: ROLE_USER parts { text: "hi" } } }',
    "EstimateCostRequest": 'chat { model: "sandbox/echo" messages { role: ROLE_USER parts { text: "hi" } } }',
    "AnalyzeImagesRequest": f'model: "sandbox/vision" prompt: "?" images {MEDIUM}',
    "ReadDocumentConfig": 'model: "sandbox/vision" mime_type: "text/html"',
    "GenerateImagesRequest": 'model: "sandbox/image" prompt: "a fox"',
    "EditImagesRequest": f'model: "sandbox/image" prompt: "a fox" images {MEDIUM}',
    "StreamImagesRequest": 'generate { model: "sandbox/image" prompt: "a fox" }',
    "UpscaleImageRequest": f'model: "local/lanczos" upscale_config {{ factor: 2 }} image {MEDIUM}',
    "InspectImageRequest": f"image {MEDIUM}",
    "EmbedRequest": 'model: "sandbox/embed" texts: "hi"',
    "TranscriptionConfig": 'model: "sandbox/transcribe" mime_type: "audio/wav"',
    "SpeakRequest": 'model: "sandbox/speech" text: "hi"',
}


def _fill(place: Place, text: str) -> Message:
    """A good request, but for one text in it."""
    request = message_factory.GetMessageClass(place.kind)()
    text_format.Parse(GOOD.get(place.kind.name, ""), request)
    holder: Any = request
    for step in place.way:
        value = getattr(holder, step.name)
        holder = (value[0] if value else value.add()) if step.is_repeated else value
    value = getattr(holder, place.field.name)
    if place.name == "Attribution.labels":
        value[text] = text
    elif is_map(place.field):
        value[text].update({text: text})
    elif place.field.is_repeated:
        value.append(text)
    else:
        setattr(holder, place.field.name, text)
    return request


async def _status(
    channel: grpc.aio.Channel, method: MethodDescriptor, request: Message
) -> grpc.aio.AioRpcError | None:
    """How a call ends, None when it is answered."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    kind = message_factory.GetMessageClass(method.input_type)
    read = message_factory.GetMessageClass(method.output_type).FromString
    try:
        if method.client_streaming:
            upload = channel.stream_stream(path, kind.SerializeToString, read)
            async for _ in upload(_parts(kind(config=request)), timeout=LIMIT):
                pass
        elif method.server_streaming:
            async for _ in channel.unary_stream(path, kind.SerializeToString, read)(request, timeout=LIMIT):
                pass
        else:
            await channel.unary_unary(path, kind.SerializeToString, read)(request, timeout=LIMIT)
    except grpc.aio.AioRpcError as error:
        return error
    return None


async def _parts(first: Message) -> AsyncIterator[Message]:
    yield first
    yield type(first)(chunk=b"<p>hi</p>")


def _told(error: grpc.aio.AioRpcError) -> ErrorInfo:
    """The ErrorInfo of a status; fails if the status did not arrive whole."""
    trailers = dict(error.trailing_metadata() or ())
    assert "grpc-status-details-bin" in trailers, error.details()
    status = Status.FromString(trailers["grpc-status-details-bin"])
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.domain, bool(info.metadata["response_id"])) == ("ringmain.v1", True)
    assert error.code() not in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)
    return info


def _lines_are_short(ringmain: Gateway) -> None:
    lines = ringmain.lines.getvalue().splitlines()
    assert lines
    assert max(len(line.encode()) for line in lines) < LINE
    ringmain.lines.seek(0)
    ringmain.lines.truncate()


def _texts(method: MethodDescriptor) -> list[Place]:
    kind: Any = method.input_type
    kind = kind.fields_by_name["config"].message_type if method.client_streaming else kind
    return [
        place
        for place in places(kind)
        if place.field.type == FieldDescriptor.TYPE_STRING or is_map(place.field)
    ]


METHODS = [
    method
    for service, servicer in SERVICES.items()
    for method in service.methods
    if hasattr(servicer, method.name) and _texts(method)
]


async def test_every_text_of_every_method_is_cut_before_it_is_told() -> None:
    """Any text field with 100 KB or 250 characters of anything: the status arrives, its log line is short."""
    seen: set[str] = set()
    async with gateway() as ringmain:
        for number, method in enumerate(METHODS):
            admin = method.containing_service.name == "AdminService"
            channel = ringmain.admin_channel if admin else ringmain.channel
            for place in _texts(method):
                fills = [(FILLS[number % 4], LONG)]
                if place.name not in seen:
                    seen.add(place.name)
                    fills = [(fill, count) for fill in FILLS for count in (LONG, SHORT)]
                for fill, count in fills:
                    error = await _status(channel, method, _fill(place, fill * count))
                    assert error is None or _told(error).reason, place
        _lines_are_short(ringmain)


@pytest.mark.parametrize("fill", FILLS)
async def test_what_a_provider_wrote_is_cut_before_it_is_told(fill: str) -> None:
    """An upstream's message, code and type of 100 KB: the status arrives, and its log lines are short."""
    text = fill * LONG
    async with FakeOpenAI() as upstream, gateway(upstreams(oai=upstream.base_url)) as ringmain:
        for number, status in enumerate((400, 401, 403, 404, 413, 422, 429, 500, 503)):
            upstream.enqueue(*[rejection(status, text, kind=text, code=text)] * 2)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await ringmain.stub.Chat(ask(f"oai/model-{number}"))
            assert _told(refused.value).reason
        _lines_are_short(ringmain)


async def test_a_name_of_any_script_at_an_upstream_is_cut_too() -> None:
    """A name as long as it may be goes to the provider whole, and comes back in a status that fits."""
    gone = MODEL_NOT_FOUND
    async with FakeOpenAI(gone) as upstream, gateway(upstreams(oai=upstream.base_url)) as ringmain:
        for fill in ("x", "é", "🙂"):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await ringmain.stub.Chat(ask(f"oai/{fill * 252}"))
            assert _told(refused.value).reason == "MODEL_NOT_FOUND"
            assert upstream.requests[-1].model == fill * 252
        _lines_are_short(ringmain)
