"""Tests, laws: what every provider kind must do, from the configuration to a call that is refused.

A kind is walked through `config check`, `serve`, one call that succeeds and one that its upstream refuses.
All kinds of a wire share a fake. `python -m tests.laws.kinds NAME` walks one kind.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import grpc.aio
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import image_service_pb2_grpc as image_grpc
from ringmain.v1.chat_service_pb2_grpc import ChatServiceStub
from ringmain.v1.content_pb2 import Media
from ringmain_server.cli.config import FileFlags, check
from ringmain_server.errors import Rejected
from ringmain_server.kinds import KINDS, Kind

from tests.e2e.gateway import ask, gateway
from tests.fakes.jobs_server import jobs_server, picture
from tests.fakes.script import Answer
from tests.laws.lab import Failure, failure_of
from tests.laws.wire import KEY, Running, Wire
from tests.laws.wires import Anthropic, Gemini, OpenAIChat, Vertex

Calls: TypeAlias = Callable[[grpc.aio.Channel], Awaitable[Any]]
"""One call of the API."""

_CHAT_WIRES: Mapping[str, Wire] = {
    "openai": OpenAIChat(),
    "anthropic": Anthropic(),
    "vertex": Vertex(),
    "gemini": Gemini(),
}
"""The wires that chat with an upstream."""
_REJECTED = "PROVIDER_REJECTED"


@dataclass(frozen=True, slots=True)
class KindCase:
    """How a kind is tried.

    Attributes:
        settings: The settings of a provider of the kind, whose name is the kind's.
        good: A call that succeeds.
        bad: A call that is refused.
        reason: The reason of that refusal.
    """

    settings: Mapping[str, object]
    good: Calls
    bad: Calls
    reason: str = _REJECTED


@asynccontextmanager
async def trials(kinds: Iterable[Kind]) -> AsyncIterator[Mapping[str, KindCase]]:
    """Starts the upstreams of some kinds, one for each wire, and gives the trial of each kind."""
    found: dict[str, KindCase] = {}
    running: dict[str, Running] = {}
    async with AsyncExitStack() as stack:
        for kind in kinds:
            if kind.wire in _CHAT_WIRES and kind.wire not in running:
                running[kind.wire] = await stack.enter_async_context(_CHAT_WIRES[kind.wire].start())
            match kind.wire:
                case "sandbox":
                    bad = chats("sandbox/fault-filter")
                    found[kind.name] = KindCase({}, chats("sandbox/chat"), bad, "CONTENT_FILTERED")
                case "local":
                    found[kind.name] = KindCase(
                        {}, enlarges("lanczos"), enlarges("unheard-of"), "MODEL_NOT_FOUND"
                    )
                case "jobs":
                    found[kind.name] = await _of_images(kind, stack)
                case wire:
                    found[kind.name] = _of_chat(kind, _CHAT_WIRES[wire], running[wire])
        yield found


def _of_chat(kind: Kind, wire: Wire, upstream: Running) -> KindCase:
    good, bad = f"{wire.model}-{kind.name}", f"{wire.model}-{kind.name}-refused"
    refusal = next(row for row in wire.errors.values() if row.error is Rejected)
    upstream.plays(good, wire.script(Answer()))
    upstream.plays(bad, wire.refusal(refusal.script))
    settings = {**upstream.settings, "kind": kind.name}
    return KindCase(settings, chats(f"{kind.name}/{good}"), chats(f"{kind.name}/{bad}"))


async def _of_images(kind: Kind, stack: AsyncExitStack) -> KindCase:
    good = await stack.enter_async_context(jobs_server(kind.name))
    settings = {"kind": kind.name, "base_url": good.url, "api_key": KEY, "poll_interval": 0.01}

    async def refused(channel: grpc.aio.Channel) -> object:
        good.refuse["/"] = (422, {"detail": "no such size"})
        return await draws(kind.name)(channel)

    return KindCase(settings, draws(kind.name), refused)


def chats(model: str) -> Calls:
    """Chats with a model."""
    return lambda channel: ChatServiceStub(channel).Chat(ask(model))


def draws(provider: str) -> Calls:
    """Draws an image with any model of a provider."""
    request = image_pb2.GenerateImagesRequest(model=f"{provider}/house/model", prompt="a fox")
    return lambda channel: image_grpc.ImageServiceStub(channel).GenerateImages(request)


def enlarges(method: str) -> Calls:
    """Enlarges an image within the gateway."""
    image = Media(mime_type="image/png", data=picture())
    config = image_pb2.UpscaleConfig(factor=2)
    request = image_pb2.UpscaleImageRequest(model=f"local/{method}", image=image, upscale_config=config)
    return lambda channel: image_grpc.ImageServiceStub(channel).UpscaleImage(request)


async def uphold(kind: str, trial: KindCase, channel: grpc.aio.Channel) -> None:
    """Makes both calls of a trial and judges how they end."""
    answer = await trial.good(channel)
    assert answer.route.provider_id == kind
    assert await _failure(trial.bad(channel)) == trial.reason


async def _failure(call: Awaitable[object]) -> str:
    try:
        await call
    except grpc.aio.AioRpcError as exc:
        found: Failure = failure_of(exc)
        return found.info.reason
    raise AssertionError("was not refused")


def config(tried: Mapping[str, KindCase]) -> dict[str, object]:
    """The configuration of a gateway over the kinds that are tried."""
    given = {kind: dict(trial.settings) for kind, trial in tried.items() if trial.settings}
    return {"providers": given, "retry": {"attempts": 0}}


def passes_check(settings: Mapping[str, object], folder: Path) -> None:
    """Runs `ringmain config check` over a configuration, which raises an exception for each mistake."""
    path = folder / "ringmain.yaml"
    path.write_text(json.dumps(settings), encoding="utf-8")
    check(FileFlags(file=str(path)))


async def walk(name: str, folder: Path) -> None:
    """Walks one kind from the configuration to a refused call."""
    async with trials([KINDS[name]]) as tried:
        settings = config(tried)
        passes_check(settings, folder)
        async with gateway(settings) as ringmain:
            await uphold(name, tried[name], ringmain.channel)


if __name__ == "__main__":
    with TemporaryDirectory() as scratch:
        asyncio.run(walk(sys.argv[1], Path(scratch)))
