"""Room 4, pure: translates a ChatRequest into the body of a chat completion.

https://platform.openai.com/docs/api-reference/chat/create. Every field is translated or refused, except that
a setting that the server does not have is ignored, as the contract says. `request_id` and `routing_policy`
are for the gateway alone.
"""

from collections.abc import Iterator, Mapping

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.generation_pb2 import GenerationConfig, ResponseFormat, Tool, ToolChoice

from ringmain_server.candidate import Candidate
from ringmain_server.kinds.openai import Dialect
from ringmain_server.providers.openai.chat_messages import translate
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.openai.request_pieces import (
    EFFORTS,
    MODES,
    json_object,
    options,
    schema_format,
    short,
)

_GATEWAYS_OWN = frozenset({"messages", "model", "n", "stream"})
"""Fields that decide how the answer is read and billed, so passed-through options may not change them."""


def body(request: ChatRequest, candidate: Candidate, dialect: Dialect, *, stream: bool) -> Object:
    """Returns the JSON body of a request.

    Args:
        request: The caller's request.
        candidate: The candidate that is asked.
        dialect: The server's deviations from OpenAI's documentation.
        stream: Whether the answer comes in events.

    Raises:
        CallerError: This wire cannot carry a part, tool or value of the request.
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
        for passed_through in options(config, candidate.kind, _GATEWAYS_OWN):
            found.update(passed_through)
    if stream:
        found.update(_stream(found.get("stream_options"), dialect))
    return found


def _stream(asked: object, dialect: Dialect) -> Iterator[tuple[str, object]]:
    """Yields the fields of a stream, which always asks for its usage.

    Billing must not depend on an option.
    """
    yield "stream", True
    if dialect.stream_usage:
        others = asked if isinstance(asked, Mapping) else {}
        yield "stream_options", {**others, "include_usage": True}


def _knobs(config: GenerationConfig, dialect: Dialect) -> Iterator[tuple[str, object]]:
    if config.HasField("max_output_tokens"):
        yield dialect.max_tokens, config.max_output_tokens
    if config.HasField("temperature"):
        yield "temperature", short(config.temperature)
    if config.HasField("top_p"):
        yield "top_p", short(config.top_p)
    if config.HasField("top_k") and dialect.top_k:
        yield dialect.top_k, config.top_k
    if config.HasField("frequency_penalty"):
        yield "frequency_penalty", short(config.frequency_penalty)
    if config.HasField("presence_penalty"):
        yield "presence_penalty", short(config.presence_penalty)
    if config.HasField("seed") and dialect.seed:
        yield dialect.seed, config.seed
    if config.stop_sequences:
        yield "stop", list(config.stop_sequences)
    effort = EFFORTS.get(config.reasoning_effort)
    if effort and dialect.reasoning_effort:
        yield dialect.reasoning_effort, effort


def _tool(tool: Tool, path: str) -> Object:
    """Returns a function definition, without `strict`, which would forbid most schemas."""
    declared = tool.function
    function: Object = {"name": declared.name}
    if declared.description:
        function["description"] = declared.description
    if declared.parameters_schema_json:
        path = f"{path}.function.parameters_schema_json"
        function["parameters"] = json_object(declared.parameters_schema_json, path)
    return {"type": "function", "function": function}


def _tool_choice(choice: ToolChoice) -> Iterator[tuple[str, object]]:
    """Yields the field that says which tools may be called.

    https://platform.openai.com/docs/api-reference/chat/create#chat_create-tool_choice
    """
    if choice.WhichOneof("choice") == "tool_name":
        yield "tool_choice", {"type": "function", "function": {"name": choice.tool_name}}
    elif choice.mode in MODES:
        yield "tool_choice", MODES[choice.mode]


def _response_format(wanted: ResponseFormat) -> Object:
    """Returns the format of the answer, strict if the schema allows it.

    https://platform.openai.com/docs/guides/structured-outputs
    """
    if wanted.WhichOneof("format") == "json_object":
        return {"type": "json_object"}
    described, strict = schema_format(wanted.json_schema)
    if strict:
        described["strict"] = True
    return {"type": "json_schema", "json_schema": described}
