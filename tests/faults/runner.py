"""Tests, faults: runs the trials, several at a time. What took too long is measured once more, alone."""

import asyncio
from collections.abc import Iterable, Sequence

from tests.faults.catalogue import cases
from tests.faults.probe import Report, run_trial
from tests.faults.processes import Run, running
from tests.faults.rows import Row, Trial
from tests.faults.verdict import judge

AT_ONCE = 6
"""Trials at a time: enough to wait in parallel, and too few to slow each other down."""

Case = tuple[Row, Trial]


async def run_catalogue(selected: Sequence[Case] | None = None) -> list[Report]:
    """Runs trials against a gateway and upstreams of their own, and judges them.

    Args:
        selected: Which; None for all.
    """
    chosen = cases() if selected is None else tuple(selected)
    async with running(cases()) as run:
        return await run_cases(run, chosen)


async def run_cases(run: Run, chosen: Iterable[Case]) -> list[Report]:
    """Runs trials in a run that is up."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(row: Row, trial: Trial) -> Report:
        async with slots:
            return judge(await run_trial(run, row, trial))

    return await asyncio.gather(*(one(row, trial) for row, trial in chosen))
