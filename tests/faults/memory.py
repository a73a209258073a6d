"""Tests, faults: what failed calls of many megabytes leave in the gateway's memory. Linux only.

`python -m tests.faults.memory --calls 20 --megabytes 20` asks each class of failure in turn, one call after
another, and prints the resident memory: before, after the first two, at the most, and some seconds after the
last. The exit status is 1 when a class keeps more than it may.
"""

import argparse
import asyncio
import math
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import grpc.aio
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import audio_service_pb2_grpc as audio_grpc
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1 import chat_service_pb2_grpc as chat_grpc
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import embedding_service_pb2_grpc as embedding_grpc
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import image_service_pb2_grpc as image_grpc
from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1 import vision_service_pb2_grpc as vision_grpc
from ringmain.v1.content_pb2 import Media

from tests.fakes import rejections
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.pictures import of_kind
from tests.fakes.script import Answer, FaultKind, Script, broken
from tests.faults.processes import Gateway, gateway

MIB = 1 << 20
ALLOWED = 60 * MIB
"""Most bytes that a class may keep beyond what its first two calls left."""
SETTLE = 3.0
"""Seconds between the last call and the look at what is left."""

_ANSWERS: Mapping[str, Script] = {
    "ok": Answer(),
    "400": rejections.BAD_REQUEST,
    "403": rejections.FORBIDDEN,
    "404": rejections.MODEL_NOT_FOUND,
    "429": rejections.RATE_LIMITED,
    "500": rejections.SERVER_ERROR,
    "malformed": broken(FaultKind.MALFORMED, after_tokens=0),
    "reset": broken(FaultKind.RESET_BEFORE_HEADERS),
    "cut": broken(FaultKind.CUT, after_tokens=1),
}
Ask = Callable[[grpc.aio.Channel, bytes], Any]
"""Begins a call that carries the bytes."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The gateway's resident memory around the calls of one class, in bytes.

    Attributes:
        name: Of the class.
        code: How its calls ended.
        before: Before its first call.
        second: After its second.
        most: The most after any.
        after: Some seconds after the last.
    """

    name: str
    code: str
    before: int
    second: int
    most: int
    after: int

    @property
    def grown(self) -> int:
        """What is kept beyond what the first two calls left."""
        return self.after - self.second

    def __str__(self) -> str:
        """A row of the table, in megabytes."""
        figures = (self.before, self.second, self.most, self.after, self.grown)
        return f"{self.name:<28}{self.code:<22}" + "".join(f"{figure / MIB:>9.0f}" for figure in figures)


def classes() -> Iterator[tuple[str, Ask]]:
    """Every class of failure, whole and streamed, and every modality."""
    for name in _ANSWERS:
        yield f"chat {name}", partial(_asked, "Chat", name)
        yield f"stream {name}", partial(_asked, "StreamChat", name)
    yield "chat unknown model", lambda channel, data: _chat(channel).Chat(_text("nowhere", data))
    yield "chat invalid field", lambda channel, data: _chat(channel).Chat(_roleless(data))
    yield (
        "chat deadline",
        lambda channel, data: _chat(channel).Chat(_text("sandbox/fault-hang", data), timeout=1),
    )
    yield (
        "vision broken picture",
        lambda channel, data: vision_grpc.VisionServiceStub(channel).AnalyzeImages(
            vision_pb2.AnalyzeImagesRequest(model="sandbox/chat", prompt="What?", images=[_padded(data)])
        ),
    )
    yield (
        "inspect broken picture",
        lambda channel, data: image_grpc.ImageServiceStub(channel).InspectImage(
            image_pb2.InspectImageRequest(image=_padded(data))
        ),
    )
    yield (
        "edit 500",
        lambda channel, data: image_grpc.ImageServiceStub(channel).EditImages(
            image_pb2.EditImagesRequest(model="sandbox/fault-500", prompt=_letters(data), images=[_picture()])
        ),
    )
    yield (
        "embed 500",
        lambda channel, data: embedding_grpc.EmbeddingServiceStub(channel).Embed(
            embedding_pb2.EmbedRequest(model="sandbox/fault-500", texts=[_letters(data)])
        ),
    )
    yield (
        "speak 500",
        lambda channel, data: audio_grpc.AudioServiceStub(channel).Speak(
            audio_pb2.SpeakRequest(model="sandbox/fault-500", text=_letters(data))
        ),
    )
    yield (
        "transcribe 500",
        lambda channel, data: audio_grpc.AudioServiceStub(channel).Transcribe(
            _recording("sandbox/fault-500", data)
        ),
    )
    yield (
        "document of no kind",
        lambda channel, data: vision_grpc.VisionServiceStub(channel).ReadDocument(_document(data)),
    )


async def measure(
    names: Callable[[str], bool] = lambda _: True,
    *,
    calls: int,
    size: int,
    settle: float = SETTLE,
    enough: float = -math.inf,
) -> AsyncIterator[Kept]:
    """Asks every class whose name is wanted, and says what each has left.

    Args:
        names: Whether a class is wanted.
        calls: How many calls of each.
        size: Bytes that each call carries.
        settle: Seconds between the last call and the look at what is left.
        enough: Bytes of growth at which there is nothing to wait for any more.
    """
    data = bytes(range(97, 123)) * (size // 26)
    async with _served() as served:
        # What the first large call brings in once is nobody's leak.
        await _code(_chat(served.channel).Chat(_text("up/ok", data)))
        for name, ask in classes():
            if names(name):
                yield await _measured(served, name, ask, data, calls, Patience(settle, enough))


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for memory to go back to the kernel, which the gateway sees to twice a minute."""

    seconds: float
    enough: float


async def _measured(
    served: Gateway, name: str, ask: Ask, data: bytes, calls: int, patience: Patience
) -> Kept:
    before = _resident(served)
    code, seen = "", []
    for _ in range(calls):
        code = await _code(ask(served.channel, data))
        seen.append(_resident(served))
    until = time.monotonic() + patience.seconds
    while _resident(served) - seen[1] > patience.enough and time.monotonic() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    return Kept(name, code, before, seen[1], max(seen), _resident(served))


@asynccontextmanager
async def _served() -> AsyncIterator[Gateway]:
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(FakeOpenAI(models=dict(_ANSWERS)))
        provider = {"kind": "openai", "base_url": upstream.base_url, "api_key": "sk-memory"}
        config = {
            "providers": {"up": provider, "sandbox": {"kind": "sandbox"}},
            "server": {"max_receive_bytes": 128 * MIB},
            "breaker": {"enabled": False},
            "cooldown": {"first": 0.001, "growing_max": 0.001, "long": 0.001},
            "retry": {"rate_limit_wait": 0},
        }
        yield await stack.enter_async_context(gateway(config))


def _resident(served: Gateway) -> int:
    pages = Path(f"/proc/{served.process.pid}/statm").read_text().split()[1]
    return int(pages) * 4096


async def _code(call: Any) -> str:
    try:
        if hasattr(call, "__aiter__"):
            async for _ in call:
                pass
        else:
            await call
    except grpc.aio.AioRpcError as exc:
        return exc.code().name
    return "OK"


def _chat(channel: grpc.aio.Channel) -> Any:
    return chat_grpc.ChatServiceStub(channel)


def _asked(method: str, name: str, channel: grpc.aio.Channel, data: bytes) -> Any:
    return getattr(_chat(channel), method)(_text(f"up/{name}", data))


def _letters(data: bytes) -> str:
    return data.decode()


def _text(model: str, data: bytes) -> chat_pb2.ChatRequest:
    request = chat_pb2.ChatRequest(model=model)
    request.messages.add(role=2).parts.add(text=_letters(data))
    return request


def _roleless(data: bytes) -> chat_pb2.ChatRequest:
    request = _text("up/ok", data)
    request.messages[0].ClearField("role")
    return request


def _picture() -> Media:
    return Media(data=of_kind("image/png"), mime_type="image/png")


def _padded(data: bytes) -> Media:
    """A picture that breaks off after its header, and megabytes of something else."""
    return Media(data=of_kind("image/png")[:40] + data, mime_type="image/png")


def _recording(model: str, data: bytes) -> Iterator[audio_pb2.TranscribeRequest]:
    yield audio_pb2.TranscribeRequest(
        config=audio_pb2.TranscriptionConfig(model=model, mime_type="audio/wav")
    )
    for start in range(0, len(data), MIB):
        yield audio_pb2.TranscribeRequest(chunk=data[start : start + MIB])


def _document(data: bytes) -> Iterator[vision_pb2.ReadDocumentRequest]:
    yield vision_pb2.ReadDocumentRequest(config=vision_pb2.ReadDocumentConfig(model="sandbox/chat"))
    for start in range(0, len(data), MIB):
        yield vision_pb2.ReadDocumentRequest(chunk=data[start : start + MIB])


async def _print(chosen: argparse.Namespace) -> int:
    columns = ("before", "second", "most", "after", "grown")
    print(f"{'class':<28}{'ends':<22}" + "".join(f"{column:>9}" for column in columns))
    worse = False
    wanted: Sequence[str] = chosen.classes
    async for kept in measure(
        lambda name: not wanted or any(one in name for one in wanted),
        calls=chosen.calls,
        size=chosen.megabytes * MIB,
    ):
        print(kept, flush=True)
        worse |= kept.grown > ALLOWED
    return int(worse)


def main() -> int:
    """Measures and prints. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.memory", description=__doc__)
    parser.add_argument("classes", nargs="*", help="parts of the names of the classes to ask; all by default")
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--megabytes", type=int, default=20)
    return asyncio.run(_print(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
