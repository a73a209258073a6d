"""Laws: a conversation that one provider began, another goes on with, over real sockets.

Each upstream refuses what its vendor would refuse.
"""

import pytest
from ringmain.v1.content_pb2 import ROLE_TOOL, Message

from tests.fakes.script import Answer
from tests.laws.answers import ANSWERS
from tests.laws.lab import PLAIN, Lab, model
from tests.laws.wire import Wire
from tests.laws.wires import SCRIPTED

pytestmark = pytest.mark.asyncio(loop_scope="package")
ASKED = "reasoning-and-tools"


@pytest.mark.parametrize("first", SCRIPTED, ids=lambda wire: f"from-{wire}")
@pytest.mark.parametrize("second", SCRIPTED, ids=lambda wire: f"to-{wire}")
async def test_a_conversation_goes_on_elsewhere(laboratory: Lab, first: Wire, second: Wire) -> None:
    """Calls and results stay linked, and what the first provider signed goes to nobody else."""
    said = ANSWERS[ASKED]
    request = said.request(model(first, ASKED))
    answer = await laboratory.whole(request)
    request.messages.append(answer.message)
    request.messages.append(_results(answer.message))
    request.model = model(second, PLAIN)
    response = await laboratory.streamed(request)
    assert "".join(part.text for part in response.message.parts) == Answer().text

    sent = second.received(laboratory.of(second).sent())
    found = second.read(sent)
    assert [call.name for call in found.calls] == ["get_weather", "get_weather"]
    assert [found.results[index].texts for index in (0, 1)] == [("cold in Oslo",), ("warm in Rome",)]
    if first.signs:
        assert (first.state in second.raw(sent)) == (first is second)


def _results(message: Message) -> Message:
    """What the caller's tools gave, in another order than they were asked for."""
    calls = [part.tool_call for part in message.parts if part.HasField("tool_call")]
    found = Message(role=ROLE_TOOL)
    for call, text in reversed(list(zip(calls, ("cold in Oslo", "warm in Rome"), strict=True))):
        result = found.parts.add().tool_result
        result.tool_call_id = call.tool_call_id
        result.parts.add(text=text)
    return found
