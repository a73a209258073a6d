"""Room 4, pure: a ChatRequest as the body of a chat completion.

https://platform.openai.com/docs/api-reference/chat/create. Every field is translated or refused; a knob that
the server does not have is ignored, as the contract says. `request_id` and `routing_policy` are the gateway's
own.
"""

import re
from collections.abc import Iterator, Mapping

import orjson
from google.protobuf.struct_pb2 import Struct, Value
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.generation_pb2 import (
    REASONING_EFFORT_HIGH,
    REASONING_EFFORT_LOW,
    REASONING_EFFORT_MEDIUM,
    REASONING_EFFORT_NONE,
    TOOL_MODE_AUTO,
    TOOL_MODE_NONE,
    TOOL_MODE_REQUIRED,
    GenerationConfig,
    ResponseFormat,
    Tool,
    ToolChoice,
)

from ringmain_server.candidate import Candidate
from ringmain_server.errors import InvalidField
from ringmain_server.providers.openai.chat_messages import translate
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.openai.dialects import Dialect
from ringmain_server.providers.openai.strict import is_strict

_EFFORTS = {
    REASONING_EFFORT_NONE: "none",
    REASONING_EFFORT_LOW: "low",
    REASONING_EFFORT_MEDIUM: "medium",
    REASONING_EFFORT_HIGH: "high",
}
_MODES = {TOOL_MODE_AUTO: "auto", TOOL_MODE_NONE: "none", TOOL_MODE_REQUIRED: "required"}
_GATEWAYS_OWN = frozenset({"messages", "model", "n", "stream"})
"""What decides how the answer is read and billed, so that passed-through options cannot change it."""
_WIRE = "openai"
_SCHEMA_NAME = "answer"
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9_-]")
_EXACT = 2.0**53
"""Whole numbers up to here are exact as a double."""


def body(request: ChatRequest, candidate: Candidate, dialect: Dialect, *, stream: bool) -> Object:
    """The JSON body of a request.

    Args:
        request: What the caller asks.
        candidate: Who is asked.
        dialect: How the server writes it.
        stream: Whether the answer comes in events.

    Raises:
        CallerError: A part, tool or value that this wire cannot carry.
    """
    found: Object = {
        "model": candidate.provider_model,
        "messages": translate(request.messages, dialect, candidate.provider_id),
    }
    if request.tools:
        found["tools"] = [_tool(tool, f"tools[{index}]") for index, tool in enumerate(request.tools)]
        found.update(_tool_choice(request.tool_choice))
    if request.HasField("generation_config"):
        config = request.generation_config
        found.update(_knobs(config, dialect))
        if config.HasField("response_format"):
            found["response_format"] = _response_format(config.response_format)
        for options in _options(config, candidate.kind):
            found.update(options)
    if stream:
        found.update(_stream(found.get("stream_options"), dialect))
    return found


def _stream(asked: object, dialect: Dialect) -> Iterator[tuple[str, object]]:
    """Streams always carry their usage: billing does not depend on an option."""
    yield "stream", True
    if dialect.stream_usage:
        others = asked if isinstance(asked, Mapping) else {}
        yield "stream_options", {**others, "include_usage": True}


def _knobs(config: GenerationConfig, dialect: Dialect) -> Iterator[tuple[str, object]]:
    if config.HasField("max_output_tokens"):
        yield dialect.max_tokens, config.max_output_tokens
    if config.HasField("temperature"):
        yield "temperature", _short(config.temperature)
    if config.HasField("top_p"):
        yield "top_p", _short(config.top_p)
    if config.HasField("top_k") and dialect.top_k:
        yield dialect.top_k, config.top_k
    if config.HasField("frequency_penalty"):
        yield "frequency_penalty", _short(config.frequency_penalty)
    if config.HasField("presence_penalty"):
        yield "presence_penalty", _short(config.presence_penalty)
    if config.HasField("seed") and dialect.seed:
        yield dialect.seed, config.seed
    if config.stop_sequences:
        yield "stop", list(config.stop_sequences)
    effort = _EFFORTS.get(config.reasoning_effort)
    if effort and dialect.reasoning_effort:
        yield dialect.reasoning_effort, effort


def _short(value: float) -> float:
    """The shortest decimal that a single-precision value stands for: 0.7, not 0.699999988079071."""
    return float(f"{value:.7g}")


def _tool(tool: Tool, path: str) -> Object:
    """A function; without `strict`, which would forbid most schemas."""
    function: Object = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if tool.parameters_schema_json:
        schema = _json_object(tool.parameters_schema_json, f"{path}.parameters_schema_json")
        function["parameters"] = schema
    return {"type": "function", "function": function}


def _tool_choice(choice: ToolChoice) -> Iterator[tuple[str, object]]:
    """https://platform.openai.com/docs/api-reference/chat/create#chat_create-tool_choice."""
    if choice.WhichOneof("choice") == "tool_name":
        yield "tool_choice", {"type": "function", "function": {"name": choice.tool_name}}
    elif choice.mode in _MODES:
        yield "tool_choice", _MODES[choice.mode]


def _response_format(wanted: ResponseFormat) -> Object:
    """Strict where it can be (https://platform.openai.com/docs/guides/structured-outputs)."""
    if wanted.WhichOneof("format") == "json_object":
        return {"type": "json_object"}
    path = "generation_config.response_format.json_schema.schema_json"
    schema = _json_object(wanted.json_schema.schema_json, path)
    name = _NOT_IN_NAME.sub("_", wanted.json_schema.name)[:64] or _SCHEMA_NAME
    described: Object = {"name": name, "schema": schema}
    if is_strict(schema):
        described["strict"] = True
    return {"type": "json_schema", "json_schema": described}


def _json_object(text: str, path: str) -> Object:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        raise InvalidField.at(path, "is not JSON") from exc
    if not isinstance(found, dict):
        raise InvalidField.at(path, "is not a JSON object")
    return found


def _options(config: GenerationConfig, kind: str) -> Iterator[Object]:
    """What is passed through: what is meant for the wire, then what is meant for the kind, which wins."""
    for key in dict.fromkeys((_WIRE, kind)):
        if key not in config.provider_options:
            continue
        options = _struct(config.provider_options[key])
        for name in sorted(_GATEWAYS_OWN & options.keys()):
            path = f"generation_config.provider_options[{key}].{name}"
            raise InvalidField.at(path, "is set by the gateway")
        yield options


def _struct(struct: Struct) -> Object:
    return {name: _value(value) for name, value in struct.fields.items()}


def _value(value: Value) -> object:
    match value.WhichOneof("kind"):
        case "struct_value":
            return _struct(value.struct_value)
        case "list_value":
            return [_value(item) for item in value.list_value.values]
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() and abs(number) <= _EXACT else number
    return None
