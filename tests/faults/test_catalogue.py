"""The fault catalogue, end to end: every trial of every row, and the books behind them."""

import asyncio
from collections.abc import Mapping
from typing import cast

import pytest

from tests.faults.catalogue import case_name, cases
from tests.faults.probe import Report
from tests.faults.runner import Case, Result, run_catalogue


@pytest.fixture(scope="module")
def result(request: pytest.FixtureRequest) -> Result:
    """One run of all trials that this session selects; they mostly wait, so they wait together."""
    chosen = [
        cast("Case", item.callspec.params["case"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module is request.module and hasattr(item, "callspec")
    ]
    return asyncio.run(run_catalogue(chosen or cases()[:1]))


@pytest.fixture(scope="module")
def reports(result: Result) -> Mapping[str, Report]:
    """What came of each trial."""
    return {report.name: report for report in result.reports}


@pytest.mark.slow
@pytest.mark.parametrize("case", cases(), ids=lambda case: case_name(*case))
def test_a_fault(case: Case, reports: Mapping[str, Report]) -> None:
    """The caller gets the complete answer or a bounded error; the upstreams get no request too many."""
    assert not reports[case_name(*case)].complaints


@pytest.mark.slow
def test_every_attempt_has_one_outcome(result: Result) -> None:
    """Over the whole catalogue, the gateway counted the attempts that the upstreams could see."""
    assert not result.uncounted
