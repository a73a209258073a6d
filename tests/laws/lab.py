"""Tests, laws: one gateway over every wire, and what comes out of it.

Every trial has a model of its own, so that no cooldown and no breaker of one stands in the way of another.
Its name is the wire's and the trial's.
"""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import grpc.aio
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, QuotaFailure, RetryInfo
from google.rpc.status_pb2 import Status
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse
from ringmain_server.edge.status import DETAILS_KEY
from ringmain_server.operations.chat_fold import fold

from tests.e2e.gateway import Gateway, gateway
from tests.fakes.script import Answer, FaultKind, broken
from tests.laws.answers import ANSWERS, question
from tests.laws.documented import SANDBOX
from tests.laws.wire import KEY, Running, Script, Wire
from tests.laws.wires import SCRIPTED

PATIENCE = 0.3
"""Seconds of silence that are borne where a provider falls silent for good."""
_SILENT = ("fault-hang", "fault-stall")
STALL = "stall-forever"
HANG = "hang-forever"
PLAIN = "plain"
UNKNOWN = "unheard-of"


@dataclass(slots=True)
class Failure:
    """How a call ended for its caller.

    Attributes:
        code: The status's name.
        info: Reason, domain and metadata.
        retry: When to come back, None if that was not said.
        violations: The paths of refused fields.
        everything: All of it as text, to look for what may not show.
        streamed: The text that came before.
    """

    code: str
    info: ErrorInfo
    retry: float | None
    violations: tuple[str, ...]
    everything: str
    streamed: str = ""


@dataclass(slots=True)
class Lab:
    """The gateway and its upstreams."""

    gateway: Gateway
    upstreams: Mapping[str, Running]

    def of(self, wire: Wire) -> Running:
        """A wire's upstream."""
        return self.upstreams[wire.name]

    def play(self, wire: Wire, trial: str, script: Script) -> None:
        """Sets what the upstream does in a trial."""
        self.of(wire).plays(upstream_model(wire, trial), script)

    async def whole(self, request: ChatRequest) -> ChatResponse:
        """An answer without what differs from call to call."""
        return _accounted(await self.gateway.stub.Chat(request))

    async def streamed(self, request: ChatRequest) -> ChatResponse:
        """The fold of a streamed answer, likewise."""
        return _accounted(fold([event async for event in self.gateway.stub.StreamChat(request)]))

    async def fails(self, request: ChatRequest, *, stream: bool) -> Failure:
        """How a call ends that may not succeed."""
        found = await self.outcome(request, stream=stream)
        assert isinstance(found, Failure), f"succeeded: {found}"
        return found

    async def outcome(self, request: ChatRequest, *, stream: bool) -> Failure | ChatResponse:
        """How a call ends, with whatever was streamed before."""
        events: list[ChatEvent] = []
        try:
            if not stream:
                return await self.whole(request)
            async for event in self.gateway.stub.StreamChat(request):
                events.append(event)  # noqa: PERF401, what came before an error counts
        except grpc.aio.AioRpcError as exc:
            return failure_of(exc, _text(fold(events)))
        assert events[-1].HasField("finished")
        return _accounted(fold(events))

    def secrets(self) -> Iterable[str]:
        """What may show nowhere."""
        return (KEY, *(running.address for running in self.upstreams.values()))


def _trials(wire: Wire) -> Iterable[tuple[str, Script]]:
    yield PLAIN, wire.script(Answer())
    yield UNKNOWN, wire.unheard_of()
    yield STALL, wire.script(broken(FaultKind.STALL, after_tokens=1))
    yield HANG, wire.script(broken(FaultKind.HANG))
    yield from ((name, wire.script(said.script)) for name, said in ANSWERS.items())
    yield from wire.out_of_order().items()
    yield from ((f"status-{name}", wire.refusal(row.script)) for name, row in wire.errors.items())
    for name, (kind, after) in wire.breaks().items():
        yield f"fault-{name}", wire.script(broken(kind, after_tokens=after))


def upstream_model(wire: Wire, trial: str) -> str:
    """The provider's name for a trial's model."""
    return f"{wire.model}-{trial}"


def model(wire: Wire, trial: str) -> str:
    """The gateway's name for a trial's model."""
    return f"{wire.name}.{trial}"


def asks(wire: Wire, trial: str) -> ChatRequest:
    """A request for a trial."""
    return question(model(wire, trial))


@asynccontextmanager
async def lab() -> AsyncIterator[Lab]:
    """Starts everything."""
    async with AsyncExitStack() as stack:
        upstreams = {wire.name: await stack.enter_async_context(wire.start()) for wire in SCRIPTED}
        running = await stack.enter_async_context(gateway(_config(upstreams)))
        found = Lab(running, upstreams)
        for wire in SCRIPTED:
            for trial, script in _trials(wire):
                found.play(wire, trial, script)
        yield found


def _config(upstreams: Mapping[str, Running]) -> Mapping[str, object]:
    silence = {"first_content": PATIENCE, "idle": PATIENCE, "attempt": PATIENCE}
    slow_first_event = {"first_content": 600, "idle": 600, "attempt": 600}
    models: dict[str, object] = {
        model(wire, trial): {
            "candidates": [f"{wire.name}/{upstream_model(wire, trial)}"],
            "timeouts": silence if trial.startswith(_SILENT) else slow_first_event,
        }
        for wire in SCRIPTED
        for trial, _ in _trials(wire)
    }
    models.update({f"sandbox.{name}": {"candidates": [f"sandbox/{name}"]} for name in SANDBOX})
    return {
        "providers": {
            **{name: running.settings for name, running in upstreams.items()},
            "sandbox": {"kind": "sandbox"},
        },
        "models": models,
        # One attempt each: what follows a failure has tests of its own.
        "retry": {"attempts": 0, "rate_limit_wait": 0},
    }


def _accounted(response: ChatResponse) -> ChatResponse:
    response.ClearField("response_id")
    response.route.ClearField("attempts")
    return response


def failure_of(exc: grpc.aio.AioRpcError, streamed: str = "") -> Failure:
    """What a caller is told by a status."""
    packed = dict(exc.trailing_metadata() or ()).get(DETAILS_KEY, b"")
    assert isinstance(packed, bytes)
    info, retry, fields, quota = ErrorInfo(), RetryInfo(), BadRequest(), QuotaFailure()
    found: list[Message] = []
    for detail in Status.FromString(packed).details:
        found += [one for one in (info, retry, fields, quota) if detail.Unpack(one)]
    delay = retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9 if retry in found else None
    return Failure(
        code=exc.code().name,
        info=info,
        retry=delay,
        violations=tuple(one.field for one in fields.field_violations),
        everything=json.dumps([exc.details(), *map(str, found), str(exc.trailing_metadata())]),
        streamed=streamed,
    )


def _text(response: ChatResponse) -> str:
    return "".join(part.text for part in response.message.parts)
