"""What callers send back, as deep or as odd as the rules allow, surprises no wire's translator."""

import pytest
from ringmain.v1 import content_pb2 as content
from ringmain.v1.generation_pb2 import FunctionTool, Tool

from tests.e2e.gateway import ask, gateway
from tests.fakes.ports import closed_port
from tests.laws.conversations import thought
from tests.laws.test_open_enums import WIRES, _end, _settings

DEEP = '{"a":' * 30 + "1" + "}" * 30
SIGNATURES = (
    b'responses:{"item":' + b'{"a":' * 300 + b"1" + b"}" * 301,
    b'responses:{"item":{"type":"reasoning","id":5,"summary":{},"content":7,"encrypted_content":[]}}',
    b'responses:{"item":{"type":"reasoning","id":"r","summary":[{"text":[[[]]]}]},"after":{},"content":3}',
    b'responses:{"item":{"type":["message"],"id":"m"}}',
    b"responses:[]",
    b"\xff\xfe",
    b"\x01\xff",
    b"x" * 99_999,
)
ANSWERED = frozenset({"OK", "UNAVAILABLE", "INVALID_ARGUMENT", "FAILED_PRECONDITION"})


@pytest.mark.parametrize("wire", WIRES)
async def test_nothing_that_the_rules_let_through_is_a_fault(wire: str) -> None:
    """Schemas and arguments of thirty levels, and signatures of any bytes, never end a call INTERNAL."""
    deep = ask("p/echo")
    deep.tools.append(Tool(function=FunctionTool(name="f", parameters_schema_json=DEEP)))
    deep.generation_config.response_format.json_schema.schema_json = DEEP
    call = deep.messages.add(role=content.ROLE_ASSISTANT).parts.add().tool_call
    call.tool_call_id, call.name, call.arguments_json = "1", "f", DEEP
    result = deep.messages.add(role=content.ROLE_TOOL).parts.add().tool_result
    result.tool_call_id = "1"
    result.parts.add(text=DEEP)
    requests = [deep]
    for signature in SIGNATURES:
        request = ask("p/echo")
        request.messages.add(role=content.ROLE_ASSISTANT).parts.append(thought("hm", "p", signature))
        request.messages[-1].parts.add(text="so")
        request.messages.add(role=content.ROLE_USER).parts.add(text="go on")
        requests.append(request)
    with closed_port() as port:
        config = {"providers": {"p": _settings(wire, port)}, "retry": {"attempts": 0}}
        async with gateway({**config, "breaker": {"enabled": False}}) as ringmain:
            for request in requests:
                assert await _end(ringmain.stub.Chat(request)) in ANSWERED
