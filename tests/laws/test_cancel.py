"""Laws: when the caller leaves a provider that would go on for ever, its connection or call is closed."""

import pytest

from tests.laws.lab import HANG, STALL, Lab, asks
from tests.laws.wire import Wire
from tests.laws.wires import SCRIPTED

pytestmark = pytest.mark.asyncio(loop_scope="package")
EACH = pytest.mark.parametrize("wire", SCRIPTED, ids=str)


@EACH
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_before_the_answer(laboratory: Lab, wire: Wire, stream: bool) -> None:
    """A call that is cancelled before the provider has answered."""
    upstream, stub = laboratory.of(wire), laboratory.gateway.stub
    arrived = upstream.arrived(upstream.count() + 1)
    request = asks(wire, HANG)
    call = stub.StreamChat(request) if stream else stub.Chat(request)
    await arrived
    call.cancel()
    await upstream.left()


@EACH
async def test_in_mid_stream(laboratory: Lab, wire: Wire) -> None:
    """A stream that is cancelled after its first content."""
    upstream = laboratory.of(wire)
    call = laboratory.gateway.stub.StreamChat(asks(wire, STALL))
    async for event in call:
        if event.HasField("part_started"):
            break
    call.cancel()
    await upstream.left()
