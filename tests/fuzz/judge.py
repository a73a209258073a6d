"""Tests, fuzz: what no call may show, whatever was asked and whatever a provider answered."""

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf import message_factory
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message
from ringmain.v1.error_reason_pb2 import ErrorReason
from ringmain_server.operations.chat_fold import fold

from tests.fuzz.calls import PATIENCE, Outcome, Plan

KEY = "sk-fuzz-the-providers-own-secret-0123456789"
"""The key of every provider here."""
DOMAIN = "ringmain.v1"
MOST_TRAILERS = 8 << 10
_LARGEST = {"count": 2**53, "ms": 2**53, "usd": 2**63}
"""By the last word of a field's name."""

_NEVER = ("INTERNAL", "UNKNOWN", "DATA_LOSS", "HANGS")
_REASONS = {name.removeprefix("ERROR_REASON_") for name, _ in ErrorReason.items()}
_INTERNALS = re.compile(
    r"Traceback|site-packages|ringmain_server|\.py\b|<class '|object at 0x|coroutine"
    r"|\b(?:aiohttp|httpx2?|orjson|grpc\.aio|google\.protobuf|PIL|pydantic|asyncio)\b"
    r"|\b(?:Key|Value|Type|Attribute|Index|Assertion|Runtime|Unicode\w*|Decode|Recursion|Overflow|Lookup"
    r"|NotImplemented|JSONDecode|Validation|OS|Timeout|Cancelled|Memory|Connection\w*|Client\w*|Zero\w*)Error\b"
    r"|\b\w+Exception\b"
)
"""Names of what the gateway is made of."""
_GRPC_OWN = re.compile(
    r"message larger than max|metadata size exceeds|Method not found|[Cc]ompress|"
    r"Deadline Exceeded|Error in (?:\S+ )?(?:parsing|deserializ)",
)
"""Refusals of the gRPC library, before a call gets to the gateway."""


def complaints(plan: Plan, outcome: Outcome, secrets: Iterable[str]) -> Iterator[str]:
    """What is wrong with how a call ended."""
    ours = plan.method.containing_service.full_name.startswith("ringmain.")
    if outcome.local and outcome.code != "DEADLINE_EXCEEDED":
        return
    if outcome.code in _NEVER:
        yield f"ended {outcome}"
    if outcome.unreadable:
        yield "an answer is no message of its type"
    if outcome.code == "OK":
        yield from _answered(plan, outcome)
    else:
        yield from _refused(plan, outcome, ours=ours)
    yield from leaks(plan, outcome, secrets)


def _waits(plan: Plan) -> bool:
    """Whether a request says itself that it waits as long: a caller may allow a provider any silence."""
    kind = message_factory.GetMessageClass(plan.method.input_type)
    for sent in plan.messages:
        try:
            if any(span.seconds >= PATIENCE for span in _spans(kind.FromString(sent))):
                return True
        except DecodeError:
            continue
    return False


def _spans(message: Message) -> Iterator[Duration]:
    for field, value in message.ListFields():
        if field.message_type is not None and not field.is_repeated:
            if isinstance(value, Duration):
                yield value
            else:
                yield from _spans(value)


def _refused(plan: Plan, outcome: Outcome, *, ours: bool) -> Iterator[str]:
    if outcome.code == "DEADLINE_EXCEEDED" and plan.deadline is None and not _waits(plan):
        yield f"hangs: {outcome}"
    if outcome.trailers > MOST_TRAILERS:
        yield f"the trailers are of {outcome.trailers} bytes"
    if not ours or outcome.local or outcome.code == "HANGS":
        return
    info: Any = outcome.detail("google.rpc.ErrorInfo")
    if info is None:
        if not _GRPC_OWN.search(outcome.details):
            yield f"has no ErrorInfo: {outcome}"
        return
    if info.domain != DOMAIN or info.reason not in _REASONS:
        yield f"the ErrorInfo is of {info.domain!r}: {info.reason!r}"


def leaks(plan: Plan, outcome: Outcome, secrets: Iterable[str]) -> Iterator[str]:
    """What shows and may not."""
    shown = outcome.details + (str(outcome.status) if outcome.status else "")
    if found := _INTERNALS.search(shown):
        yield f"shows {found[0]!r}: {outcome}"
    # Channelz is there to tell operators of connections.
    told = () if ".channelz." in plan.path else outcome.messages[-3:]
    answered = "".join(str(message)[:20_000] for message in told)
    for secret in secrets:
        if secret in shown or secret in answered:
            yield f"shows the secret or address {secret!r}: {outcome}"


def _answered(plan: Plan, outcome: Outcome) -> Iterator[str]:
    answers = outcome.messages
    if plan.method.server_streaming and not plan.endless:
        if not answers or "event" not in answers[-1].DESCRIPTOR.oneofs_by_name:
            if plan.method.containing_service.full_name.startswith("ringmain."):
                yield "a stream ended without a word"
        elif answers[-1].WhichOneof("event") != "finished":
            yield f"a stream ended OK with {answers[-1].WhichOneof('event')}"
        elif plan.method.output_type.name == "ChatEvent":
            yield from _folded(answers)
    for answer in answers:
        yield from numbers(answer)


def _folded(events: list[Any]) -> Iterator[str]:
    try:
        fold(events)
    except Exception as exc:  # noqa: BLE001 - whatever it is, the events are not those of an answer
        yield f"its events do not fold: {exc!r}"


def numbers(message: Message) -> Iterator[str]:
    """Counts, costs, scores and vectors that cannot be."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            if field.message_type.GetOptions().map_entry:
                continue
            for below in value if field.is_repeated else (value,):
                yield from numbers(below)
        elif field.name.endswith(tuple(_LARGEST)):
            if not 0 <= value <= _LARGEST[field.name.rpartition("_")[2]]:
                yield f"{field.full_name} is {value}"
        elif field.cpp_type in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
            found = value if field.is_repeated else (value,)
            if not all(map(math.isfinite, found)):
                yield f"{field.full_name} has a value that is no number"
