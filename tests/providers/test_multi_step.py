"""Operations that take more than one request."""

import asyncio
from collections.abc import Sequence

import pytest
from ringmain_server.errors import MalformedAnswer, ServerFault
from ringmain_server.providers.multi_step import PARALLEL, Send, Sleep, Steps, run


class Upstream:
    """Answers a request with itself in upper case; `bad` fails, `slow` never ends."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.running = 0
        self.most = 0
        self.hanging = asyncio.Event()

    async def send(self, wire: str) -> str:
        self.asked.append(wire)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(0)
            if wire.startswith("bad"):
                raise ServerFault("p", "failed")
            if wire == "slow":
                self.hanging.set()
                await asyncio.Event().wait()
        finally:
            self.running -= 1
        return wire.upper()


async def test_goes_on_with_the_answers_in_order() -> None:
    """Requests of one step run together, bounded; the next step has their answers in their order."""
    upstream = Upstream()

    def steps() -> Steps[list[str]]:
        wires = [f"{index}" for index in range(3 * PARALLEL)]
        first = yield Send([f"a{wire}" for wire in wires])
        yield Sleep(0)
        (second,) = yield Send([first[-1] + "b"])
        return [*first, second]

    found = await run(steps(), upstream.send)
    last = 3 * PARALLEL - 1
    assert found == [f"A{index}" for index in range(3 * PARALLEL)] + [f"A{last}B"]
    assert 1 < upstream.most <= PARALLEL


async def test_a_failure_can_be_caught() -> None:
    """A multi-step exchange may go on after a failure, as one that polls a job it paid for."""
    upstream = Upstream()

    def steps() -> Steps[str]:
        try:
            yield Send(["bad"])
        except ServerFault:
            yield Sleep(0)
        (found,) = yield Send(["good"])
        return str(found)

    assert await run(steps(), upstream.send) == "GOOD"


@pytest.mark.parametrize("wires", [["bad"], ["slow", "bad", "slow"]])
async def test_a_failure_ends_it_and_what_runs_beside(wires: Sequence[str]) -> None:
    """What the steps do not catch is raised, and no request is left running."""
    upstream = Upstream()

    def steps() -> Steps[None]:
        yield Send(wires)

    with pytest.raises(ServerFault):
        await run(steps(), upstream.send)
    assert upstream.running == 0


async def test_what_was_begun_is_taken_back() -> None:
    """When the caller leaves, all that was begun is taken back, and a failure of that is nobody's."""
    upstream = Upstream()

    def steps() -> Steps[None]:
        yield Send(["submit", "more"], compensate=lambda answer: f"bad-compensate-{answer}")
        yield Send(["status"])
        yield Send(["done"], compensate=lambda answer: None)
        yield Send(["slow"], compensate=lambda answer: "never answered")

    task = asyncio.create_task(run(steps(), upstream.send))
    await upstream.hanging.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert upstream.asked == [
        *("submit", "more", "status", "done", "slow"),
        *("bad-compensate-SUBMIT", "bad-compensate-MORE"),
    ]


async def test_what_a_failed_companion_leaves_is_taken_back() -> None:
    """Of requests that are sent together, those that were accepted are taken back if another is refused."""
    upstream = Upstream()

    def steps() -> Steps[None]:
        yield Send(["submit", "bad", "slow"], compensate=lambda answer: f"compensate-{answer}")

    with pytest.raises(ServerFault):
        await run(steps(), upstream.send)
    await asyncio.sleep(0)
    assert upstream.asked == ["submit", "bad", "slow", "compensate-SUBMIT"]


async def test_who_leaves_during_a_pause_takes_back_as_well() -> None:
    """What was begun is known from its answer on, before it was ever asked for."""
    upstream = Upstream()
    begun = asyncio.Event()

    def steps() -> Steps[None]:
        yield Send(["submit"], compensate=lambda answer: "compensate")
        begun.set()
        yield Sleep(60)

    task = asyncio.create_task(run(steps(), upstream.send))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert upstream.asked == ["submit", "compensate"]


async def test_a_failing_compensation_is_silent() -> None:
    """The caller gets the error of the steps themselves, even if the compensation fails."""
    upstream = Upstream()

    def steps() -> Steps[None]:
        yield Send(["submit"], compensate=lambda answer: "bad-compensate")
        raise MalformedAnswer("p", "makes no sense")

    with pytest.raises(MalformedAnswer):
        await run(steps(), upstream.send)
    for _ in range(4):
        await asyncio.sleep(0)
    assert upstream.asked == ["submit", "bad-compensate"]
