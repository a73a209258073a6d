"""Tests, faults: the soak, `python -m tests.faults.soak --minutes N`.

Random faults, cancellations, short deadlines, reloads and drains go over a gateway under load.

Three phases: the same load on a model that has nothing wrong, for comparison; faults, until everything has
been used once; and faults again. At the end every call has one outcome, and no task, socket or megabyte is
left. A soak of 15 minutes is also level: its last third holds no more than its second.
"""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from statistics import median, quantiles

import aiohttp

from tests.faults.chaos import Chaos
from tests.faults.course import follow, told, uneven
from tests.faults.leftovers import Leftovers, look, settled, uncounted
from tests.faults.load import FAULTS, HEALTHY, RESCUE, Tally, call_on, time_healthy
from tests.faults.processes import Gateway, gateway, upstream
from tests.faults.rows import Side
from tests.faults.streams import outcome, question

CALLERS = 8
COMPARED, WARMING = 0.15, 0.25
"""Shares of the time for the first two phases."""
LAST_STREAMS = 50
LONGEST = 240.0
"""Minutes that a soak may take at most."""


def configuration(primary: str, fallback: str) -> dict[str, object]:
    """A model for each fault, over a faulty primary and a healthy fallback, and one with nothing wrong."""
    rescue = f"fallback/{RESCUE}"
    models: dict[str, object] = {
        fault: {
            "candidates": [f"primary/{fault}", rescue],
            "hedge": {"after": 0.1} if index % 5 == 0 else None,
        }
        for index, fault in enumerate(FAULTS)
    }
    models[HEALTHY] = {"candidates": ["fallback/tokens-30"]}
    return {
        "timeouts": {"connect": 0.5, "attempt": 0.5, "first_content": 0.3, "idle": 0.3},
        "backoff": {"initial": 0.02, "maximum": 0.1},
        "breaker": {"open_for": 0.5, "open_max": 2},
        "cooldown": {"first": 0.2, "growing_max": 1, "named_max": 2, "long": 2},
        "server": {"stream_grace": 10},
        "providers": {
            name: {"kind": "openai", "base_url": url, "api_key": "sk-catalogue-secret"}
            for name, url in (("primary", primary), ("fallback", fallback))
        }
        | {"sandbox": {"kind": "sandbox", "tokens_per_second": 10}},
        "models": models,
    }


async def soak(seconds: float, seed: int) -> list[str]:
    """Runs the three phases and the end; returns what is wrong."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        primary = await enter(upstream(Side.PRIMARY))
        fallback = await enter(upstream(Side.FALLBACK))
        served = await enter(gateway(configuration(primary.base_url, fallback.base_url)))
        http = await enter(aiohttp.ClientSession())
        course: list[Leftovers] = []
        following = asyncio.create_task(follow(http, served, course, time.monotonic() + seconds))
        choice = random.Random(seed)
        calm = await _phase(served, [HEALTHY], choice, seconds * COMPARED, None)
        chaos = Chaos(served, random.Random(seed))
        await enter(chaos)
        warm = await _phase(served, FAULTS, choice, seconds * WARMING, chaos)
        await settled(http, served)
        before = await look(http, served)
        stormy = await _phase(served, FAULTS, choice, seconds * (1 - COMPARED - WARMING), chaos)
        await chaos.calm()
        await following
        await settled(http, served)
        after = await look(http, served)
        tallies = (calm, warm, stormy)
        _tell(tallies, before, after, chaos)
        print(*told(course), sep="\n")
        wrong = [*(line for tally in tallies for line in tally.wrong), *chaos.wrong]
        wrong += [*before.outgrown(after), *uneven(course), *_slower(calm, stormy)]
        wrong += await uncounted(http, served, tallies)
        return [*wrong, *await _ends_well(served)]


async def _phase(
    served: Gateway,
    models: Sequence[str],
    choice: random.Random,
    seconds: float,
    chaos: Chaos | None,
) -> Tally:
    tally = Tally()
    until = time.monotonic() + seconds
    callers = [call_on(served, models, random.Random(choice.random()), tally, until) for _ in range(CALLERS)]
    storm = [] if chaos is None else [chaos.rage(until)]
    await asyncio.gather(*callers, *storm, time_healthy(served, tally, until))
    return tally


def _slower(calm: Tally, stormy: Tally) -> Iterator[str]:
    """Whether faults elsewhere slowed healthy calls down to half their speed, and a little more."""
    before, after = _latency(calm), _latency(stormy)
    for name, earlier, later, room in zip(("median", "p99"), before, after, (0.01, 0.1), strict=True):
        if later > 2 * earlier + room:
            yield f"the {name} of healthy calls went from {earlier * 1000:.1f} to {later * 1000:.1f} ms"


def _latency(tally: Tally) -> tuple[float, float]:
    return median(tally.latencies), quantiles(tally.latencies, n=100)[-1]


async def _ends_well(served: Gateway) -> list[str]:
    """SIGTERM under open streams: all of them finish, and the process exits with 0."""
    text = "one two three four five six seven eight nine ten"
    calls = [served.stub.StreamChat(question("sandbox/echo", text)) for _ in range(LAST_STREAMS)]
    await asyncio.gather(*(call.read() for call in calls))
    served.process.terminate()
    errors = [error for error in await asyncio.gather(*map(outcome, calls)) if error is not None]
    async with asyncio.timeout(20):
        code = await served.process.wait()
    wrong = [f"the drain lost {len(errors)} of {LAST_STREAMS} streams: {errors[0]}"] if errors else []
    return [*wrong, *([f"the gateway exited with {code}"] if code else [])]


def _tell(tallies: tuple[Tally, ...], before: Leftovers, after: Leftovers, chaos: Chaos) -> None:
    for name, tally in zip(("calm", "warming up", "stormy"), tallies, strict=True):
        middle, tail = _latency(tally)
        endings = ", ".join(f"{count} {ending}" for ending, count in tally.ended.most_common())
        print(f"{name}: {tally.started} calls: {endings}")
        print(f"  healthy calls: median {middle * 1000:.1f} ms, p99 {tail * 1000:.1f} ms")
    print(f"chaos: {', '.join(f'{count} {what}' for what, count in chaos.done.most_common()) or 'none'}")
    print(f"before: {before}\nafter:  {after}")


def main() -> int:
    """Returns the exit code: 0 when nothing is wrong."""
    parser = argparse.ArgumentParser(description=soak.__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = random.randrange(10**6) if options.seed is None else options.seed
    print(f"seed {seed}")
    wrong = asyncio.run(soak(min(options.minutes, LONGEST) * 60, seed))
    for line in wrong:
        print(f"WRONG: {line}")
    print("FAIL" if wrong else "pass: every call ended once, and nothing is left")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
