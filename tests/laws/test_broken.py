"""Laws: an answer that breaks ends in an error, and never in a truncated success."""

import pytest

from tests.fakes.script import Answer
from tests.laws.answers import question
from tests.laws.conftest import Discreet
from tests.laws.lab import Failure, Lab, asks
from tests.laws.wire import Wire
from tests.laws.wires import SCRIPTED

pytestmark = pytest.mark.asyncio(loop_scope="package")

BREAKS = [pytest.param(wire, name, id=f"{wire}-{name}") for wire in SCRIPTED for name in wire.breaks()]
WHOLE = [
    pytest.param(wire, name, id=f"{wire}-{name}")
    for wire in SCRIPTED
    for name, (_, after) in wire.breaks().items()
    if not after
]
DISORDER = [
    pytest.param(wire, name, id=f"{wire}-{name}") for wire in SCRIPTED for name in wire.out_of_order()
]
SANDBOX = ("fault-cut", "fault-malformed", "fault-no-end", "fault-empty")


@pytest.mark.parametrize(("wire", "name"), BREAKS)
async def test_a_broken_stream(laboratory: Lab, discreet: Discreet, wire: Wire, name: str) -> None:
    """Malformed, cut, silent: the stream ends in an error; what came before is the answer's beginning."""
    found = await laboratory.outcome(asks(wire, f"fault-{name}"), stream=True)
    if not isinstance(found, Failure):
        assert wire.breaks()[name][0] in wire.harmless
        assert "".join(part.text for part in found.message.parts) == Answer().text
        return
    reasons = {"STREAM_INTERRUPTED": "ABORTED", "PROVIDERS_UNAVAILABLE": "UNAVAILABLE"}
    assert reasons.get(found.info.reason) == found.code
    assert (found.info.reason == "STREAM_INTERRUPTED") == bool(found.streamed)
    assert Answer().text.startswith(found.streamed)
    discreet.check(found.everything)


@pytest.mark.parametrize(("wire", "name"), WHOLE)
async def test_a_broken_answer(laboratory: Lab, discreet: Discreet, wire: Wire, name: str) -> None:
    """The same for whole answers."""
    found = await laboratory.outcome(asks(wire, f"fault-{name}"), stream=False)
    if not isinstance(found, Failure):
        assert wire.breaks()[name][0] in wire.harmless | wire.stream_only
        assert "".join(part.text for part in found.message.parts) == Answer().text
        return
    assert (found.code, found.info.reason) == ("UNAVAILABLE", "PROVIDERS_UNAVAILABLE")
    discreet.check(found.everything)


@pytest.mark.parametrize(("wire", "name"), DISORDER)
async def test_events_out_of_order(laboratory: Lab, discreet: Discreet, wire: Wire, name: str) -> None:
    """A stream whose events come in no order of the wire is an error."""
    failure = await laboratory.fails(asks(wire, name), stream=True)
    assert failure.info.reason in ("STREAM_INTERRUPTED", "PROVIDERS_UNAVAILABLE")
    discreet.check(failure.everything)


@pytest.mark.parametrize("name", SANDBOX)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_the_sandbox_breaks_too(laboratory: Lab, discreet: Discreet, name: str, stream: bool) -> None:
    """The sandbox's broken answers are told as everybody's are."""
    if name == "fault-no-end" and not stream:
        return  # a whole answer has no end to miss
    failure = await laboratory.fails(question(f"sandbox/{name}"), stream=stream)
    assert failure.info.reason in ("STREAM_INTERRUPTED", "PROVIDERS_UNAVAILABLE")
    discreet.check(failure.everything)
