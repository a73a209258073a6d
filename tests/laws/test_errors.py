"""Laws: what a vendor documents as an error is the failure of its row in section 1, and tells no secret."""

import pytest
from ringmain_server import errors

from tests.laws import documented
from tests.laws.answers import question
from tests.laws.conftest import Discreet
from tests.laws.documented import Row
from tests.laws.lab import Failure, Lab, asks
from tests.laws.rows import LAWS
from tests.laws.wire import Wire
from tests.laws.wires import SCRIPTED

pytestmark = pytest.mark.asyncio(loop_scope="package")

STATUSES = [
    pytest.param(wire, name, row, id=f"{wire}-{name}")
    for wire in SCRIPTED
    for name, row in wire.errors.items()
]


@pytest.mark.parametrize(("wire", "name", "row"), STATUSES)
async def test_documented_errors(
    laboratory: Lab, discreet: Discreet, wire: Wire, name: str, row: Row
) -> None:
    """A documented status and body is its row of the table, whole and streamed."""
    failure = await laboratory.fails(asks(wire, f"status-{name}"), stream=False)
    _is_row(failure, row.error, row.wait)
    if row.category:
        assert failure.info.metadata["category"] == row.category
    # The candidate may be in cooldown by now, which is told in the same way.
    streamed = await laboratory.fails(asks(wire, f"status-{name}"), stream=True)
    assert (streamed.code, streamed.info.reason) == (failure.code, failure.info.reason)
    assert streamed.streamed == ""
    for found in (failure, streamed):
        discreet.check(found.everything)


@pytest.mark.parametrize("name", documented.SANDBOX)
async def test_the_sandboxs_errors(laboratory: Lab, discreet: Discreet, name: str) -> None:
    """The failures that the sandbox plays are those of the table."""
    kind, wait = documented.SANDBOX[name]
    failure = await laboratory.fails(question(f"sandbox.{name}"), stream=False)
    _is_row(failure, kind, wait)
    discreet.check(failure.everything)


def _is_row(failure: Failure, kind: type[errors.ProviderError], wait: float | None) -> None:
    law = LAWS[kind]
    assert (failure.code, failure.info.reason) == (law.code, law.reason)
    assert failure.info.domain == "ringmain.v1"
    assert (failure.retry is not None) == law.retry_info
    if wait is not None:
        assert failure.retry == pytest.approx(wait)
