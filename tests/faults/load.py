"""Tests, faults: the callers of the soak. Each makes random calls and judges how they ended."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import grpc
import grpc.aio
from ringmain.errors import RingmainError, error_of
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.routing_pb2 import StreamRecovery
from ringmain_server.operations.chat_fold import fold

from tests.fakes.behaviours import BEHAVIOURS
from tests.fakes.planner import BAD_UTF8
from tests.fakes.script import Answer
from tests.faults.processes import Gateway
from tests.faults.streams import question

HEALTHY = "healthy"
RESCUE = "paced-30-2"
"""What the fallback answers."""
TEXTS = frozenset({Answer().text, "".join(f" t{index}" for index in range(30))})
SPOILT = BAD_UTF8.decode(errors="replace")
"""What is read of bytes that are no UTF-8."""
FAULTS: Sequence[str] = sorted(
    name
    for name in BEHAVIOURS
    if name.startswith("fault-") and name not in ("fault-giant", "fault-filter-finish", "fault-no-finish")
)
REFUSED: Mapping[str, str] = {
    "fault-400": "PROVIDER_REJECTED",
    "fault-413": "PROVIDER_REJECTED",
    "fault-422": "PROVIDER_REJECTED",
    "fault-filter": "CONTENT_FILTERED",
    "fault-filter-openai": "CONTENT_FILTERED",
}
"""Faults of the request itself, which no fallback answers."""
PATIENCE = 5.0
"""Seconds after which a call counts as hung."""
MOST_EXAMPLES = 20


@dataclass(slots=True)
class Tally:
    """How the calls of a soak ended.

    Attributes:
        started: Calls made.
        ended: How often each ending came.
        cancelled: Calls that the caller left.
        wrong: What must not be: the first examples.
        latencies: Of the healthy calls, in seconds.
    """

    started: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    cancelled: int = 0
    wrong: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    def complain(self, what: str) -> None:
        """Notes what must not be."""
        if len(self.wrong) < MOST_EXAMPLES:
            self.wrong.append(what)


@dataclass(frozen=True, slots=True)
class Plan:
    """One random call.

    Attributes:
        model: What is asked for.
        streamed: How.
        recovery: What is said of broken streams.
        cancel_after: When the caller leaves, None for never.
        deadline: The caller's, None for none of its own.
    """

    model: str
    streamed: bool
    recovery: int
    cancel_after: float | None = None
    deadline: float | None = None


def draw(choice: random.Random, models: Sequence[str]) -> Plan:
    """A random call: most run to their end, some are cancelled, some have a short deadline."""
    fate = choice.random()
    return Plan(
        model=choice.choice(models),
        streamed=choice.random() < 0.6,
        recovery=choice.choice(StreamRecovery.values()),
        cancel_after=choice.random() / 10 if fate < 0.2 else None,
        deadline=0.05 + choice.random() / 4 if fate > 0.9 else None,
    )


async def call_on(
    served: Gateway, models: Sequence[str], choice: random.Random, tally: Tally, until: float
) -> None:
    """One caller: call after call, with short pauses."""
    while time.monotonic() < until:
        await make(served, draw(choice, models), tally)
        await asyncio.sleep(choice.random() / 50)


async def time_healthy(served: Gateway, tally: Tally, until: float) -> None:
    """One caller of a model that has nothing wrong, who looks at the clock."""
    while time.monotonic() < until:
        start = time.monotonic()
        await make(served, Plan(HEALTHY, streamed=False, recovery=0), tally)
        tally.latencies.append(time.monotonic() - start)
        await asyncio.sleep(0.02)


async def make(served: Gateway, plan: Plan, tally: Tally) -> None:
    """Makes a call and tallies its end."""
    tally.started += 1
    running = asyncio.ensure_future(_answer(served, plan))
    done, _ = await asyncio.wait((running,), timeout=plan.cancel_after or PATIENCE)
    if done:
        ending = _judged(plan, running)
    elif plan.cancel_after is not None:
        running.cancel()
        await asyncio.wait((running,))
        tally.cancelled += 1
        ending = "left"
    else:
        running.cancel()
        ending = f"wrong: {plan} hangs"
    tally.ended[ending.partition(":")[0]] += 1
    if ending.startswith("wrong"):
        tally.complain(ending)


async def _answer(served: Gateway, plan: Plan) -> str:
    request = question(plan.model, "Count.")
    request.routing_policy.stream_recovery = plan.recovery  # type: ignore[assignment] # a value of the enum
    if not plan.streamed:
        return _text(await served.stub.Chat(request, timeout=plan.deadline))
    stream = served.stub.StreamChat(request, timeout=plan.deadline)
    try:
        return _text(fold([event async for event in stream]))
    finally:
        stream.cancel()


def _text(response: chat_pb2.ChatResponse) -> str:
    return "".join(part.text for part in response.message.parts)


def _judged(plan: Plan, running: "asyncio.Future[str]") -> str:
    """How a call ended, `wrong: …` for what must not be."""
    exc = running.exception()
    if exc is None:
        text = running.result()
        return (
            "answered" if text.replace(SPOILT, "") in TEXTS else f"wrong: {plan} got the text {text[:80]!r}"
        )
    if not isinstance(exc, grpc.aio.AioRpcError):
        return f"wrong: {plan} raised {exc!r}"
    error = error_of(exc)
    return error.code.name if _allowed(plan, error) else f"wrong: {plan} ended {error}"


def _allowed(plan: Plan, error: RingmainError) -> bool:
    if error.code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return plan.deadline is not None
    if error.reason == "STREAM_INTERRUPTED":
        return plan.streamed and plan.model != HEALTHY
    # With little time left a gateway may find that no attempt fits any more.
    if error.reason in ("PROVIDERS_UNAVAILABLE", "PROVIDERS_RATE_LIMITED"):
        return plan.deadline is not None and plan.model != HEALTHY
    return bool(error.reason) and REFUSED.get(plan.model) == error.reason
