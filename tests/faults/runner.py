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
    """Every request that an upstream got is one attempt with one outcome."""
    async with run.http.get(f"http://127.0.0.1:{run.gateway.metrics_port}/metrics") as response:
        page = await response.text()
    counted: Counter[str] = Counter()
    for provider_id, count in _COUNTED.findall(page):
        counted[provider_id] += int(float(count))
    got: Counter[str] = Counter()
    for side in Side:
        got.update(f"{arrived.model.partition('.')[0]}.{side}" for arrived in await received(run, side))
    reached = {f"{row.name}.{side}" for row, _ in chosen for side in Side if _is_seen(row, side)}
    # A kept connection may be closed just before a request is written to it: an attempt that nobody gets.
    missed = {f"{row.name}.{Side.PRIMARY}" for row, _ in chosen if isinstance(row.primary, ClosesAfter)}
    return [
        f"{provider_id}: {counted[provider_id]} attempts counted, {got[provider_id]} requests received"
        for provider_id in sorted(reached)
        if counted[provider_id] != got[provider_id]
        and not (provider_id in missed and counted[provider_id] > got[provider_id])
    ]


def _is_seen(row: Row, side: Side) -> bool:
    return side is Side.FALLBACK or row.place is Place.HTTP
