"""Room 4, the pure side of `anthropic`: writes tools, the tool choice, and the required shape of the answer.

A shape that `output_config.format` cannot express is enforced by a tool of our own that the model must call
(https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use#forcing-tool-use). The
caller never sees that tool: its input becomes the text of the answer. A model that cannot be made to call a
tool (`Knobs.forced_tools`) is asked for a JSON object in words; a shape of which only a tool could make sure
is refused, and so is a call that the caller demands.
"""

from dataclasses import dataclass

import orjson
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.generation_pb2 import (
    TOOL_MODE_NONE,
    TOOL_MODE_REQUIRED,
    FunctionTool,
    JsonSchemaFormat,
    Tool,
)

from ringmain_server.candidate import Candidate
from ringmain_server.errors import CapabilityMissing, Inexpressible, InvalidField
from ringmain_server.providers.anthropic import schemas, server_tools
from ringmain_server.providers.anthropic.blocks import Block
from ringmain_server.providers.anthropic.schemas import Schema
from ringmain_server.providers.knobs import forces

_FORMAT_PATH = "generation_config.response_format.json_schema"
_SCHEMA_PATH = f"{_FORMAT_PATH}.schema_json"
_ANSWER_DESCRIPTION = (
    "Gives the answer. Call this once, with the whole answer as its input, to answer the user."
)
_ANY_OBJECT: Schema = {"type": "object"}
_JSON_IN_WORDS = "Answer with a JSON object."


@dataclass(frozen=True, slots=True)
class Format:
    """The tools and the shape of the answer, as the wire expects them.

    Attributes:
        schema: The schema for `output_config.format`; None for free text.
        tools: The wire's tools, including our own.
        choice: The wire's `tool_choice`; None lets the model choose.
        answer_tool: The name of the tool whose input is the answer; None if there is none.
        words: An instruction for the model; empty for none.
    """

    schema: Schema | None
    tools: list[Block]
    choice: Block | None
    answer_tool: str | None
    words: str = ""

    @property
    def forces_tool(self) -> bool:
        """Whether a tool must be called."""
        return self.choice is not None and self.choice["type"] in ("any", "tool")


def format_of(request: ChatRequest, candidate: Candidate) -> Format:
    """Returns the tools and the shape that a request asks for.

    Args:
        request: The request.
        candidate: The candidate, whose knobs say what it can be held to.

    Raises:
        InvalidField: This wire cannot carry a schema.
        Inexpressible: The provider cannot hold the model to a schema, and the request demands it.
        CapabilityMissing: A tool must be called, and the model cannot be made to.
    """
    knobs = candidate.knobs
    if not knobs.forced_tools and forces(request.tool_choice):
        message = f"{candidate.name} cannot be made to call a tool"
        raise CapabilityMissing(candidate.name, "tool_choice", message)
    takes_schema = knobs.native_schema
    schema, answer_schema = _shape(request, takes_schema=takes_schema)
    if forces(request.tool_choice):
        answer_schema = None  # a forced tool leaves no text to shape
    tools = [
        _tool(tool, f"tools[{index}]", takes_schema=takes_schema) for index, tool in enumerate(request.tools)
    ]
    tools = tools or _remembered(request)
    if answer_schema is None:
        return Format(schema, tools, _choice(request, tools), None)
    if not knobs.forced_tools:
        return Format(None, tools, _choice(request, tools), None, _in_words(request))
    name = _answer_name(request)
    ours: Block = {"name": name, "description": _described(request), "input_schema": answer_schema}
    alone = not request.tools or request.tool_choice.mode == TOOL_MODE_NONE
    once: Block = {"type": "tool", "name": name, "disable_parallel_tool_use": True}
    # With tools of the caller's, the model must call one of those or answer by the answer tool.
    choice = once if alone else _at_once(request, {"type": "any"})
    return Format(schema, [*tools, ours], choice, name)


def answer_tool(request: ChatRequest, candidate: Candidate) -> str | None:
    """Returns the name of the tool whose input is the text of the answer; None if there is none."""
    if not request.generation_config.HasField("response_format"):
        return None  # the common case
    return format_of(request, candidate).answer_tool


def _in_words(request: ChatRequest) -> str:
    """Returns the instruction to answer with a JSON object.

    Raises:
        Inexpressible: The answer must satisfy a schema, which words cannot make sure of.
    """
    if request.generation_config.response_format.WhichOneof("format") == "json_schema":
        raise Inexpressible.at(_SCHEMA_PATH, "is beyond this model")
    return _JSON_IN_WORDS


def _shape(request: ChatRequest, *, takes_schema: bool) -> tuple[Schema | None, Schema | None]:
    """Returns the schema for the wire's own field and the schema for a tool; at most one of them is set."""
    wanted = request.generation_config.response_format
    match wanted.WhichOneof("format"):
        case "json_object":
            return None, _ANY_OBJECT
        case "json_schema":
            return _held_to(wanted.json_schema, takes_schema=takes_schema)
    return None, None


def _held_to(wanted: JsonSchemaFormat, *, takes_schema: bool) -> tuple[Schema | None, Schema | None]:
    """Returns the schema for the wire's own field and the schema for a tool; one of them is set."""
    stated: Schema = _json(wanted.schema_json, _SCHEMA_PATH)
    if takes_schema and (found := schemas.native(stated)) is not None:
        return ({"description": wanted.description, **found} if wanted.description else found), None
    if wanted.strict:
        raise Inexpressible.at(f"{_FORMAT_PATH}.strict", "is beyond this model for this schema")
    if schemas.is_object(stated):
        return None, stated
    raise InvalidField.at(_SCHEMA_PATH, "is beyond this provider, which needs an object at the root")


def _described(request: ChatRequest) -> str:
    """Returns the description of the tool whose input is the answer."""
    wanted = request.generation_config.response_format.json_schema.description
    return f"{_ANSWER_DESCRIPTION}\n\n{wanted}" if wanted else _ANSWER_DESCRIPTION


def _tool(tool: Tool, path: str, *, takes_schema: bool) -> Block:
    if not tool.HasField("function"):
        return server_tools.declared(tool)
    function = tool.function
    path = f"{path}.function"
    stated = _json(function.parameters_schema_json, f"{path}.parameters_schema_json")
    schema: Schema = {"type": "object", **stated}
    # Models that cannot be held to a schema have no strict tools either.
    is_strict = function.strict and takes_schema
    found: dict[str, object] = {"name": function.name}
    found["input_schema"] = _strict(function, schema, path) if is_strict else schema
    if function.description:
        found["description"] = function.description
    if is_strict:
        found["strict"] = True
    return found


def _strict(function: FunctionTool, schema: Schema, path: str) -> Schema:
    """Returns the parameters of a function as the wire can hold the model to them."""
    if not function.parameters_schema_json:
        return {**schema, "properties": {}, "additionalProperties": False}
    found = schemas.native(schema)
    if found is None:
        raise Inexpressible.at(f"{path}.strict", "is beyond this provider for these parameters")
    return found


def _choice(request: ChatRequest, tools: list[Block]) -> Block | None:
    found = _chosen(request, tools)
    if not tools or (found is not None and found["type"] == "none"):
        return found
    return _at_once(request, found)


def _at_once(request: ChatRequest, found: Block | None) -> Block | None:
    """Returns the choice with the number of tools that the model may ask for at once."""
    choice = request.tool_choice
    if not choice.HasField("parallel_tool_calls") or choice.parallel_tool_calls:
        return found
    return {**(found or {"type": "auto"}), "disable_parallel_tool_use": True}


def _chosen(request: ChatRequest, tools: list[Block]) -> Block | None:
    choice = request.tool_choice
    if not tools:
        return None
    if choice.tool_name:
        return {"type": "tool", "name": choice.tool_name}
    if choice.mode == TOOL_MODE_REQUIRED:
        return {"type": "any"}
    if choice.mode == TOOL_MODE_NONE or not request.tools:
        return {"type": "none"}
    return None


def _remembered(request: ChatRequest) -> list[Block]:
    """Declares the tools of earlier calls if the request declares none, since the wire must know them."""
    names = {
        part.tool_call.name: None
        for message in request.messages
        for part in message.parts
        if part.HasField("tool_call")
    }
    return [{"name": name, "input_schema": _ANY_OBJECT} for name in names]


def _answer_name(request: ChatRequest) -> str:
    taken = {tool.function.name for tool in request.tools}
    name = "answer"
    while name in taken:
        name += "_"
    return name


def _json(text: str, path: str) -> dict[str, object]:
    try:
        found = orjson.loads(text or "{}")
    except orjson.JSONDecodeError as exc:
        raise InvalidField.at(path, "is not JSON") from exc
    if not isinstance(found, dict):
        raise InvalidField.at(path, "is not a JSON object")
    return found
