"""The Python client answers every case as it should."""

import pytest

from tests.conformance.case import Case, cases
from tests.conformance.languages import BY_NAME
from tests.conformance.runner import Outcome, Result, run

pytestmark = pytest.mark.slow

CASES = cases()


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    """All cases, run at once."""
    import asyncio

    return {result.case: result for result in asyncio.run(run(CASES, BY_NAME["python"].command))}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, results: dict[str, Result]) -> None:
    """A case does what it promises; one that nothing serves yet must at least be marked so."""
    assert not results[case.name].problems
    assert results[case.name].outcome in (Outcome.PASSED, Outcome.NOT_SERVED)


def test_the_driver_ends(results: dict[str, Result]) -> None:
    """The driver ends by itself once its input has."""
    assert results["the-driver-ends"].outcome is Outcome.PASSED
