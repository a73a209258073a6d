"""Tests, faults: runs the trials, several at a time."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.catalogue import cases
from tests.faults.probe import Report, received, run_trial
from tests.faults.processes import Run, running
from tests.faults.rows import ClosesAfter, Place, Row, Side, Trial
from tests.faults.verdict import judge

AT_ONCE = 16
"""Trials at a time: they mostly wait."""
_COUNTED = re.compile(r'^ringmain_attempts_total\{outcome="\w+",provider="([^"]+)"\} (\S+)$', re.MULTILINE)

Case = tuple[Row, Trial]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a run.

    Attributes:
        reports: Of every trial.
        uncounted: Where the gateway's count of attempts is not what the upstreams got.
    """

    reports: list[Report]
    uncounted: list[str]

    @property
    def passed(self) -> bool:
        """Whether all is as expected."""
        return not self.uncounted and all(report.passed for report in self.reports)


async def run_catalogue(selected: Sequence[Case] | None = None) -> Result:
    """Runs trials against a gateway and upstreams of their own, and judges them.

    Args:
        selected: Which; None for all.
    """
    chosen = cases() if selected is None else tuple(selected)
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(run: Run, row: Row, trial: Trial) -> Report:
        async with slots:
            return judge(await run_trial(run, row, trial))

    async with running(chosen) as run:
        reports = await asyncio.gather(*(one(run, row, trial) for row, trial in chosen))
        return Result(reports, await _uncounted(run, chosen))


async def _uncounted(run: Run, chosen: tuple[Case, ...]) -> list[str]:
    """Every attempt that an upstream could see is one request there, and has one outcome."""
    async with run.http.get(f"http://127.0.0.1:{run.gateway.metrics_port}/metrics") as response:
        page = await response.text()
    counted: Counter[str] = Counter()
    for provider_id, count in _COUNTED.findall(page):
        counted[provider_id] += int(float(count))
    got: Counter[str] = Counter()
    for side in Side:
        got.update(f"{arrived.model.partition('.')[0]}.{side}" for arrived in await received(run, side))
    wrong = []
    for row in {row.name: row for row, _ in chosen}.values():
        trials = [trial for other, trial in chosen if other is row]
        for side in Side:
            name = f"{row.name}.{side}"
            if not _agree(row, trials, side, counted[name], got[name]):
                wrong.append(f"{name}: {counted[name]} attempts counted, {got[name]} requests received")
    return wrong


def _agree(row: Row, trials: Sequence[Trial], side: Side, attempts: int, requests: int) -> bool:
    """Whether what the gateway counted for a side of a row is what that side got."""
    if side is Side.FALLBACK:
        return attempts == requests
    if row.place is not Place.HTTP:
        return requests == 0
    if isinstance(row.primary, ClosesAfter):
        # A kept connection may be closed just before a request is written to it: an attempt that nobody gets.
        return attempts >= requests
    if row.may_give_up:
        # Nobody gets an attempt that ends before its request is written, but there are as many as expected.
        expected = [trial.expect.primary for trial in trials]
        least, most = sum(each.least for each in expected), sum(each.most for each in expected)
        return attempts >= requests and least <= attempts <= most
    return attempts == requests
