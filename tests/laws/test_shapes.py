"""Laws: every shape that a provider sent is read as its file says, whole and in pieces, and goes back."""

import pytest
from google.protobuf.json_format import ParseDict
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import ROLE_TOOL, ROLE_USER
from ringmain.v1.generation_pb2 import FINISH_REASON_PAUSED, FunctionTool, Tool

from tests.laws.streams import MAKES
from tests.laws.taken import complaint
from tests.shapes.outcomes import expected, outcomes, streamed
from tests.shapes.store import CHATS, FORMS, Shape, shapes
from tests.shapes.wires import WIRES, asked

ALL = shapes()
CHAT = [shape.over(wire) for shape in shapes(*CHATS) for wire in shape.wires]


def _with(*names: str) -> list[Shape]:
    return [shape for shape in CHAT if not set(names) - shape.content.keys()]


def test_there_are_many() -> None:
    """The store holds what the wires of today send."""
    assert len(ALL) >= 250


@pytest.mark.parametrize("shape", ALL, ids=str)
def test_each_names_its_source(shape: Shape) -> None:
    """A shape says what is remarkable about it and where it was seen, and has a form."""
    about, source = shape.content["about"], shape.content["source"]
    assert about.endswith(".")
    assert source.startswith("https://") or "/" in source.partition(" ")[0]
    assert any(name in shape.content for name in FORMS)


@pytest.mark.parametrize("shape", ALL, ids=str)
def test_forms(shape: Shape) -> None:
    """Every form of a shape amounts to what its file says."""
    for form, found in outcomes(shape):
        assert found == expected(shape, form), form


@pytest.mark.parametrize("shape", _with("stream"), ids=str)
def test_pieces(shape: Shape) -> None:
    """A stream says the same however the network cuts it."""
    for size in range(1, 8):
        assert streamed(shape, size) == expected(shape, "streamed"), size


@pytest.mark.parametrize("shape", _with("whole"), ids=str)
def test_made_streams(shape: Shape) -> None:
    """A whole answer says the same as a stream of few events, or of many."""
    for make in MAKES[shape.wire]:
        if events := make(shape.content["whole"]):
            made = Shape(shape.wire, shape.name, {**shape.content, "stream": events})
            assert streamed(made) == expected(shape, "streamed"), make.__name__


@pytest.mark.parametrize("shape", _with("response"), ids=str)
def test_given_back(shape: Shape) -> None:
    """An answer that comes back in a conversation is a request that the wire takes."""
    response = ParseDict(shape.content["response"], ChatResponse())
    if not response.message.parts:
        return
    body = WIRES[shape.wire].sent(shape, _continued(asked(shape), response))
    assert complaint(shape, body) is None


def _continued(request: ChatRequest, response: ChatResponse) -> ChatRequest:
    """The conversation goes on: with the results of all calls, with a question, or as it is after a pause."""
    calls = [part.tool_call for part in response.message.parts if part.HasField("tool_call")]
    request.messages.append(response.message)
    for name in dict.fromkeys(call.name for call in calls):
        request.tools.append(
            Tool(function=FunctionTool(name=name, parameters_schema_json='{"type":"object"}'))
        )
    if calls:
        results = request.messages.add(role=ROLE_TOOL).parts
        for call in calls:
            result = results.add().tool_result
            result.tool_call_id = call.tool_call_id
            result.parts.add(text="It is so.")
    elif response.finish_reason != FINISH_REASON_PAUSED:
        request.messages.add(role=ROLE_USER).parts.add(text="Go on.")
    return request
