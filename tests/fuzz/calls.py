"""Tests, fuzz: makes a call of any method with any bytes, and notes how it ended."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import DecodeError, Message
from google.rpc.status_pb2 import Status

DETAILS_KEY = "grpc-status-details-bin"
PATIENCE = 20.0
"""Seconds until a call without a deadline of its own is taken for one that hangs."""
GRACE = 4.0
"""Seconds by which an end may be late on a busy machine."""


@dataclass(slots=True)
class Plan:
    """A call to make.

    Attributes:
        method: Of which service.
        messages: What is sent: one for a plain method, any number for a stream.
        deadline: Seconds, None for `PATIENCE`.
        cancel_after: Seconds after which the caller leaves, None if it stays.
        metadata: Beside it.
        compression: Of the messages.
        pause: Seconds between two messages of a stream.
        endless: Whether the method's answers never end, so that leaving is the only way.
    """

    method: MethodDescriptor
    messages: Sequence[bytes]
    deadline: float | None = None
    cancel_after: float | None = None
    metadata: tuple[tuple[str, str | bytes], ...] = ()
    compression: grpc.Compression | None = None
    pause: float = 0.0
    endless: bool = False

    @property
    def path(self) -> str:
        """As gRPC has it."""
        return f"/{self.method.containing_service.full_name}/{self.method.name}"


@dataclass(slots=True)
class Outcome:
    """How a call ended.

    Attributes:
        code: The status's name; `HANGS` for a call that did not end.
        details: The status's text.
        status: Its details, None where there are none.
        trailers: Bytes of all of them.
        messages: What was answered.
        unreadable: Whether some answer is no message of the method's type.
        seconds: Until the end.
        local: Whether the caller itself ended it.
    """

    code: str
    details: str = ""
    status: Status | None = None
    trailers: int = 0
    messages: list[Any] = field(default_factory=list)
    unreadable: bool = False
    seconds: float = 0.0
    local: bool = False

    @property
    def reason(self) -> str:
        """The `ErrorInfo`'s, empty without."""
        info = self.detail("google.rpc.ErrorInfo")
        return getattr(info, "reason", "")

    def detail(self, name: str) -> Message | None:
        """A detail of the status, by its type's full name."""
        for packed in self.status.details if self.status else ():
            if packed.TypeName() == name:
                return _unpacked(packed)
        return None

    def __str__(self) -> str:
        return f"{self.code} {self.reason} {self.details[:300]!r} after {self.seconds:.1f} s"


def _unpacked(packed: Any) -> Message:
    from google.protobuf import symbol_database

    found: Message = symbol_database.Default().GetSymbol(packed.TypeName())()
    packed.Unpack(found)
    return found


async def call(channel: grpc.aio.Channel, plan: Plan) -> Outcome:
    """Makes a call and waits for its end, for a while."""
    start, outcome = time.monotonic(), Outcome("HANGS")
    running = asyncio.ensure_future(_run(channel, plan, outcome))
    limit = plan.cancel_after
    if limit is None:
        limit = (PATIENCE if plan.deadline is None else max(plan.deadline, 0)) + GRACE
    done, _ = await asyncio.wait((running,), timeout=limit)
    if done:
        await running
    else:
        running.cancel()
        await asyncio.wait((running,), timeout=GRACE)
        if plan.cancel_after is not None:
            outcome.code, outcome.local = "LEFT", True
    outcome.seconds = time.monotonic() - start
    return outcome


async def _run(channel: grpc.aio.Channel, plan: Plan, outcome: Outcome) -> None:
    """Fills in the outcome as far as it is known, so that of a hanging call something is told."""
    made = _begun(channel, plan)
    try:
        if plan.method.server_streaming:
            async for answer in made:
                _take(plan, outcome, answer)
        else:
            _take(plan, outcome, await made)
        outcome.code = "OK"
    except grpc.aio.AioRpcError as exc:
        outcome.code, outcome.details = exc.code().name, exc.details() or ""
        trailers = tuple(exc.trailing_metadata() or ())
        outcome.trailers = sum(len(name) + len(value) for name, value in trailers)
        packed = dict(trailers).get(DETAILS_KEY)
        if isinstance(packed, bytes):
            outcome.status = Status.FromString(packed)
        outcome.local = not trailers and _of_the_client(exc)
    except asyncio.CancelledError:
        # Also what gRPC's client raises where its own upload broke off.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        outcome.code, outcome.local = "LEFT", True
    finally:
        made.cancel()


def _begun(channel: grpc.aio.Channel, plan: Plan) -> Any:
    method = plan.method
    timeout = PATIENCE if plan.deadline is None else plan.deadline
    options: dict[str, Any] = {
        "timeout": timeout,
        "metadata": plan.metadata or None,
        "compression": plan.compression,
    }
    if method.client_streaming:
        made = channel.stream_stream if method.server_streaming else channel.stream_unary
        return made(plan.path)(_paced(plan), **options)
    begin: Any = channel.unary_stream if method.server_streaming else channel.unary_unary
    return begin(plan.path)(plan.messages[0], **options)


async def _paced(plan: Plan) -> Any:
    for message in plan.messages:
        yield message
        if plan.pause:
            await asyncio.sleep(plan.pause)


def _take(plan: Plan, outcome: Outcome, answer: bytes) -> None:
    kind = message_factory.GetMessageClass(plan.method.output_type)
    try:
        outcome.messages.append(kind.FromString(answer))
    except DecodeError:
        outcome.unreadable = True


def _of_the_client(exc: grpc.aio.AioRpcError) -> bool:
    """Whether the client's own library made the status up."""
    return (exc.details() or "") in _OF_THE_CLIENT


_OF_THE_CLIENT = ("Deadline Exceeded", "Locally cancelled by application!", "Internal error from Core")
