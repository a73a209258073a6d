"""Tests, fuzz: `python -m tests.fuzz --minutes M --seed S [--only requests|answers] [--cases N | --case N]`.

A campaign fuzzes the requests of callers, or the answers of providers. Without `--only` both run, each in a
process of its own. Every case is determined by the seed and its number.
"""

import argparse
import asyncio
import logging
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count

from tests.faults.leftovers import Leftovers
from tests.fuzz import answers, requests
from tests.fuzz.answers import Answers
from tests.fuzz.gateways import Served
from tests.fuzz.requests import Requests
from tests.fuzz.tally import Tally

CAMPAIGNS = (requests.NAME, answers.NAME)
MEMORY = 6 << 30
"""Bytes of addresses that a campaign's own process may have."""
GIVEN_BACK = 45.0
"""Seconds in which a gateway has certainly given free memory back."""
WARM = {requests.NAME: 10_000, answers.NAME: 2_500}
"""Cases until a gateway has met everything and keeps what it may: what it holds then is compared with."""


async def campaign(name: str, seed: int, until: float, cases: Iterator[int]) -> Tally:
    """Runs cases until there are no more, or the time is over."""
    tally = Tally(name, seed)
    fuzz: Requests | Answers = Requests(seed) if name == requests.NAME else Answers(seed)
    workers = requests.AT_ONCE if name == requests.NAME else answers.AT_ONCE
    async with fuzz.running() as served:
        # What is wrong here must not take the machine with it. The gateway has begun, so it is not meant.
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
        before = await _through(fuzz, served, tally, workers, until, cases, WARM[name])
        after = await _through(fuzz, served, tally, workers, until, cases, None)
        after = await _given_back(served, before, after)
        print(f"before: {before}\nafter:  {after}")
        tally.fail(-1, "what is left", [*before.outgrown(after), *served.faults()])
        tally.fail(-1, "at the end", await fuzz.innocent(served))
        if isinstance(fuzz, Answers):
            tally.fail(-1, "what was tried", answers.coverage(tally))
    return tally


async def _given_back(served: Served, before: Leftovers, after: Leftovers) -> Leftovers:
    """Looks again for as long as memory seems lost: the gateway gives free memory back twice a minute."""
    deadline = time.monotonic() + GIVEN_BACK
    while any("memory" in wrong for wrong in before.outgrown(after)) and time.monotonic() < deadline:
        await asyncio.sleep(2)
        after = await served.look()
    return after


async def _through(
    fuzz: "Requests | Answers",
    served: Served,
    tally: Tally,
    workers: int,
    until: float,
    cases: Iterator[int],
    most: int | None,
) -> Leftovers:
    """Runs some cases, all at once as many as may be; returns what the gateway holds then."""
    start = tally.count

    async def work() -> None:
        while (most is None or tally.count - start < most) and time.monotonic() < until:
            number = next(cases, None)
            if number is None:
                return
            await fuzz.run(served, number, tally)

    await asyncio.gather(*(work() for _ in range(workers)))
    return await served.look()


def main() -> int:
    """Returns the exit code: 0 when nothing is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzzes a gateway.")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", choices=CAMPAIGNS)
    parser.add_argument("--cases", type=int, help="run so many cases of each campaign, however long it takes")
    parser.add_argument("--case", type=int, help="run this case alone")
    options = parser.parse_args()
    seed = random.randrange(10**6) if options.seed is None else options.seed
    if options.only is None:
        return _both(seed, options)
    cases: Iterator[int] = count()
    minutes = options.minutes
    if options.case is not None:
        cases, minutes = iter((options.case,)), 60
    elif options.cases is not None:
        cases, minutes = iter(range(options.cases)), 600
    # What a fake says when a caller leaves it.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    start = time.monotonic()
    tally = asyncio.run(campaign(options.only, seed, start + minutes * 60, cases))
    print(tally.report())
    print(f"{options.only}: {tally.count} cases in {time.monotonic() - start:.0f} s, seed {seed}: ", end="")
    print(f"{len(tally.failures)} WRONG" if tally.failures else "pass")
    return 1 if tally.failures else 0


def _both(seed: int, options: argparse.Namespace) -> int:
    """Both campaigns at once, each in a process of its own; then what each has to say."""
    more = [f"--minutes={options.minutes}", f"--seed={seed}"]
    more += [f"--cases={options.cases}"] if options.cases is not None else []
    codes = []
    with ExitStack() as stack:
        running = []
        for name in CAMPAIGNS:
            # Not a pipe, which a gateway that outlives its campaign would hold open.
            told = stack.enter_context(tempfile.TemporaryFile("w+"))
            command = (sys.executable, "-m", "tests.fuzz", f"--only={name}", *more)
            running.append((subprocess.Popen(command, stdout=told), told))
        for process, told in running:
            codes.append(process.wait())
            told.seek(0)
            print(told.read(), flush=True)
    return max(map(abs, codes))


if __name__ == "__main__":
    sys.exit(main())
