"""Tests, laws: what a model may say, as scripts that every wire can carry."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import ROLE_USER
from ringmain.v1.generation_pb2 import (
    FINISH_REASON_MAX_TOKENS,
    FINISH_REASON_STOP,
    FINISH_REASON_TOOL_CALLS,
    REASONING_EFFORT_LOW,
    FinishReason,
    FunctionTool,
    Tool,
)

from tests.fakes.script import Answer, Framing, ToolCall, Usage

SCHEMA = '{"type": "object", "properties": {"city": {"type": "string"}}}'
OSLO = ToolCall(name="get_weather", arguments=('{"city"', ': "Oslo"', "}"), id="call_oslo")
ROME = ToolCall(name="get_weather", arguments=('{"city": ', '"Rome"}'), id="call_rome")
COUNTED = Usage(prompt=100, completion=40, cached=60, reasoning=25)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, and why it stopped.

    Attributes:
        script: What the upstream says.
        finish: What the caller is told.
        tools: Whether the request declares the tool that is called.
        thinks: Whether the request asks for reasoning.
    """

    script: Answer
    finish: FinishReason.ValueType = FINISH_REASON_STOP
    tools: bool = False
    thinks: bool = False

    def request(self, model: str) -> ChatRequest:
        """Asks for it."""
        request = question(model)
        if self.tools:
            request.tools.append(
                Tool(function=FunctionTool(name="get_weather", parameters_schema_json=SCHEMA))
            )
        if self.thinks:
            request.generation_config.reasoning_effort = REASONING_EFFORT_LOW
        return request


def question(model: str, text: str = "What is the weather?") -> ChatRequest:
    """A request with one message of the user."""
    request = ChatRequest(model=model)
    request.messages.add(role=ROLE_USER).parts.add(text=text)
    return request


_CALLS = Answer(tokens=("Let me look.",), tool_calls=(OSLO, ROME))

ANSWERS: Mapping[str, Said] = {
    "text": Said(Answer()),
    "burst": Said(Answer(tokens=tuple(f" {n}" for n in range(50)), framing=Framing(burst=True))),
    "split": Said(Answer(tokens=("Grüße", " aus", " 東京", " 🚀"), framing=Framing(write_size=7))),
    "crlf": Said(Answer(framing=Framing(line_end="\r\n", ping=True))),
    "length": Said(Answer(finish_reason="length"), FINISH_REASON_MAX_TOKENS),
    "tool": Said(replace(_CALLS, tool_calls=(OSLO,)), FINISH_REASON_TOOL_CALLS, tools=True),
    "tools": Said(replace(_CALLS, tokens=()), FINISH_REASON_TOOL_CALLS, tools=True),
    "text-and-tools": Said(_CALLS, FINISH_REASON_TOOL_CALLS, tools=True),
    "interleaved": Said(
        replace(_CALLS, tokens=(), interleave_tool_calls=True), FINISH_REASON_TOOL_CALLS, tools=True
    ),
    "reasoning": Said(Answer(reasoning=("Let me", " think."), usage=COUNTED), thinks=True),
    "reasoning-and-tools": Said(
        replace(_CALLS, reasoning=("Let me", " think."), usage=COUNTED),
        FINISH_REASON_TOOL_CALLS,
        tools=True,
        thinks=True,
    ),
    "cached": Said(Answer(usage=Usage(prompt=100, completion=7, cached=60))),
    "uncounted": Said(Answer(usage=None)),
}
"""By name, which is also the ending of the model's name that gets it."""
