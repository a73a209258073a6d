"""The idempotency layer under every order of callers, cancellations, events and failures."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ringmain_server.call import Attempt
from ringmain_server.candidate import Candidate
from ringmain_server.errors import ProvidersUnavailable
from ringmain_server.layers.idempotency import Idempotency
from ringmain_server.operations.chat_fold import fold

from tests.fakes.paced import Run
from tests.layers.idempotent import ANSWER, EVENTS, SlowAnswers, World, open_world, settle

ACTIONS = st.one_of(
    st.tuples(st.just("ask"), st.integers(0, 1)),
    st.tuples(st.just("leave"), st.integers(0, 7)),
    st.tuples(st.just("give"), st.integers(1, 4)),
    st.tuples(st.just("fail"), st.just(0)),
    st.tuples(st.just("pause"), st.integers(1, 4)),
)


@settings(max_examples=150)
@given(st.lists(ACTIONS, max_size=30), st.booleans())
def test_in_every_interleaving_each_caller_gets_one_whole_outcome(
    actions: list[tuple[str, int]], slow: bool
) -> None:
    """Whatever the order of callers, cancellations, events and failures, nobody gets less than one outcome.

    While somebody waits at most one work runs, when nobody does none, and for each somebody pays.
    """
    asyncio.run(_play(actions, slow=slow))


async def _play(actions: list[tuple[str, int]], *, slow: bool) -> None:
    async with open_world() as world:
        if slow:
            world.layer = Idempotency(world.backend, SlowAnswers(ttl=9, max_entries=9, max_bytes=2**20))
        asked: list[asyncio.Task[Any]] = []
        for name, value in actions:
            await _act(world, asked, name, value)
            leaving = sum(task.cancelling() > 0 for task in asked)
            assert sum(not run.ended for run in world.backend.runs) <= 1 + leaving
        for _ in range(10):
            await settle()
            _feed(world.backend.runs, 9)
        assert all(run.ended for run in world.backend.runs)
        for result in await asyncio.gather(*asked, return_exceptions=True):
            _check(result)
        payers = [call for call in world.calls if call.attempts]
        assert len(payers) == len(world.backend.runs)
        assert not any(call.replayed for call in payers)


async def _act(world: World, asked: list[asyncio.Task[Any]], name: str, value: int) -> None:
    match name:
        case "ask":
            asked.append(world.whole() if value else world.streamed())
        case "leave":
            for task in asked[value : value + 1]:
                task.cancel()
        case "give":
            _feed(world.backend.runs, value)
        case "fail":
            for run in world.backend.runs:
                run.give(ProvidersUnavailable("down"))
        case _:
            for _ in range(value):
                await asyncio.sleep(0)


def _feed(runs: list[Run], count: int) -> None:
    """Gives each run the next things of its answer, as far as there are any."""
    for run in runs:
        if not run.call.attempts:
            run.call.attempts.append(Attempt(Candidate("p", "openai", "x"), 0.0))
        script = [ANSWER] if run.whole else [*EVENTS, None]
        given = run.taken + run.steps.qsize()
        run.give(*script[given : given + count])


def _check(result: object) -> None:
    if isinstance(result, list):
        assert fold(result) == ANSWER
    elif not isinstance(result, (ProvidersUnavailable, asyncio.CancelledError)):
        assert result == ANSWER
