"""Conformance: runs cases with a driver."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from google.protobuf.message import DecodeError, Message
from ringmain.v1.chat_service_pb2 import ChatRequest

from tests.conformance.case import Case
from tests.conformance.driver import Driver, DriverError, driving
from tests.conformance.expand import goes_on, message
from tests.conformance.front import GIVEN, FrontServer
from tests.conformance.matching import differences
from tests.conformance.observed import answered, misread, observed
from tests.conformance.stage import Stage, stage
from tests.conformance.upstreams import Held
from tests.fakes.received import Received
from tests.faults.processes import Gateway

AT_ONCE = 8
_PATIENCE = 120.0
"""Seconds for one case, once its gateway serves."""
_CLOSING = 50.0
"""Seconds within which an upstream must see that its connection was closed."""


class Outcome(StrEnum):
    """What became of a case."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_SERVED = "not served"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a case with one driver.

    Attributes:
        case: Its name.
        outcome: What became of it.
        problems: What was not as expected.
        seconds: How long it took.
    """

    case: str
    outcome: Outcome
    problems: tuple[str, ...] = ()
    seconds: float = 0.0


async def run(cases: Sequence[Case], command: Sequence[str]) -> list[Result]:
    """Runs every case with one driver, some at once.

    Args:
        cases: In the order of the results.
        command: The driver's.
    """
    slots = asyncio.Semaphore(AT_ONCE)
    async with stage(cases) as on, driving(command) as driver:

        async def one(case: Case) -> Result:
            async with slots:
                return await run_case(on, driver, case)

        # Those with a gateway of their own take longest: they begin first.
        first = sorted(cases, key=lambda case: not case.alone)
        results = {result.case: result for result in await asyncio.gather(*map(one, first))}
        ended = await _end(driver)
    return [*(results[case.name] for case in cases), ended]


async def _end(driver: Driver) -> Result:
    """The last thing that is asked of a driver: to end."""
    name = "the-driver-ends"
    try:
        code = await driver.end()
    except TimeoutError:
        return Result(name, Outcome.FAILED, ("it still runs although its input has ended",))
    problems = () if code == 0 else (f"its exit code is {code}",)
    return Result(name, Outcome.FAILED if problems else Outcome.PASSED, problems)


async def run_case(on: Stage, driver: Driver, case: Case) -> Result:
    """Runs one case."""
    if case.needs in on.lacking:
        return Result(case.name, Outcome.NOT_SERVED)
    began = time.monotonic()
    try:
        async with on.gateway(case) as served, asyncio.timeout(_PATIENCE):
            signed = on.signed(case)
            problems = tuple([problem async for problem in _problems(on, driver, signed, served)])
    except TimeoutError:
        problems = ("it takes too long",)
    except (DriverError, DecodeError) as exc:
        problems = (str(exc),)
    outcome = Outcome.FAILED if problems else Outcome.PASSED
    return Result(case.name, outcome, problems, time.monotonic() - began)


async def _problems(on: Stage, driver: Driver, case: Case, served: Gateway) -> AsyncIterator[str]:
    async with AsyncExitStack() as stack:
        front: FrontServer | None = None
        target = f"127.0.0.1:{served.port}"
        GIVEN.add(served.port)
        if case.front is not None:
            front = await stack.enter_async_context(FrontServer(case.front, target).serving())
            target = front.target
        request = message(case.method, case.request, case.name)
        answers = await _answers(on, driver, case, served, target, request)
        around: dict[str, Any] = {}
        if case.sent_back is not None:
            [first] = answers
            around["before"] = observed(case.method, first)
            for problem in misread(case.method, first):
                yield f"before: {problem}"
            request = goes_on(request, answered(case.method, first), case.sent_back)
            answers = [await driver.ask(case, request, target)]
        around |= {**await _upstream(on, case), **_front(front)}
        for number, answer in enumerate(answers):
            seen = {**observed(case.method, answer), **around}
            problems = [*differences(case.expect, seen), *misread(case.method, answer)]
            for problem in problems:
                yield problem if len(answers) == 1 else f"call {number}: {problem}"
            if problems and answer["status"] != "OK":
                yield f"it said {answer.get('reason')} {answer.get('message')!r}"


async def _answers(
    on: Stage, driver: Driver, case: Case, served: Gateway, target: str, request: Message
) -> list[Mapping[str, Any]]:
    """Makes the calls of a case, and plays what happens meanwhile."""
    held = on.behind.held.get(case.name)
    async with _occupying(case, served, request, held):
        asked = [asyncio.create_task(driver.ask(case, request, target)) for _ in range(case.calls)]
        try:
            if held is not None and not case.occupied:
                await _meanwhile(case, served, held)
            return list(await asyncio.gather(*asked))
        finally:
            for task in asked:
                task.cancel()


async def _meanwhile(case: Case, served: Gateway, held: Held) -> None:
    await held.reached(case.calls)
    until = next(upstream.hold.until for upstream in case.upstream if upstream.hold is not None)
    if case.terminate:
        served.process.terminate()
        await _draining(served)
    if until in ("all", "draining"):
        held.release()


async def _draining(served: Gateway) -> None:
    while '"event":"draining"' not in served.log.read_text():  # noqa: ASYNC110  another process writes it
        await asyncio.sleep(0.01)


@asynccontextmanager
async def _occupying(case: Case, served: Gateway, request: Any, held: Held | None) -> AsyncIterator[None]:
    """Another call, which the upstream holds for as long as this lasts."""
    if not case.occupied or held is None:
        yield
        return
    assert isinstance(request, ChatRequest)
    call = served.stub.StreamChat(request)
    try:
        await held.reached(1)
        yield
    finally:
        call.cancel()


# --- what others than the driver saw -----------------------------------------------------------------------


async def _upstream(on: Stage, case: Case) -> dict[str, Any]:
    if "upstream" not in case.expect:
        return {}
    received = on.behind.received(case)
    seen: dict[str, Any] = {"requests": len(received)}
    if "abandoned" in case.expect["upstream"]:
        seen["abandoned"] = all([await _abandoned(one) for one in received])
    if received:
        last = received[-1]
        seen |= {"body": dict(last.body), "byte_count": int(last.headers.get("content-length", 0))}
        seen["text"] = json.dumps(seen["body"], ensure_ascii=False)
    return {"upstream": seen}


async def _abandoned(received: Received) -> bool:
    try:
        await received.closed(within=_CLOSING)
    except TimeoutError:
        return False
    return received.abandoned


def _front(front: FrontServer | None) -> dict[str, Any]:
    if front is None:
        return {}
    return {"front": {"calls": len(front.seen), "metadata": front.seen[-1] if front.seen else {}}}
