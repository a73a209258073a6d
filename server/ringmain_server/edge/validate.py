"""Room 1, pure: the rules that the contract states in words, checked before anything else sees a request.

Each rule names the field it is about by its path, such as `messages[2].parts[0].media`. What only a provider
knows (its models' limits, the kinds of media it takes) is checked where it is known.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import orjson
from google.protobuf.duration_pb2 import Duration
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1 import model_service_pb2 as model_pb2
from ringmain.v1.content_pb2 import (
    ROLE_ASSISTANT,
    ROLE_SYSTEM,
    ROLE_TOOL,
    ROLE_UNSPECIFIED,
    ROLE_USER,
    Media,
    Message,
    Part,
)
from ringmain.v1.generation_pb2 import GenerationConfig, Tool, ToolMode
from ringmain.v1.routing_pb2 import CacheMode, RoutingPolicy, StreamRecovery

from ringmain_server.errors import Violation
from ringmain_server.media.detect import detect

REQUEST_ID_LIMIT = 128
STOP_LIMIT = 8
LABEL_LIMIT = 16
LABEL_LENGTH = 64

_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MIME_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*", re.IGNORECASE)
_ALLOWED_PARTS: Mapping[int, frozenset[str]] = {
    ROLE_SYSTEM: frozenset({"text"}),
    ROLE_USER: frozenset({"text", "media"}),
    ROLE_ASSISTANT: frozenset({"text", "media", "tool_call", "reasoning"}),
    ROLE_TOOL: frozenset({"tool_result"}),
}
_ROLE_NAMES: Mapping[int, str] = {
    ROLE_SYSTEM: "system",
    ROLE_USER: "user",
    ROLE_ASSISTANT: "assistant",
    ROLE_TOOL: "tool",
}

Rules = Iterator[Violation]


def chat(request: chat_pb2.ChatRequest, prefix: str = "") -> list[Violation]:
    """What is wrong with a chat request; empty when nothing is.

    Args:
        request: The request.
        prefix: Path of the request within a larger one, with its dot.
    """
    found = list(_chat(request))
    if not prefix:
        return found
    return [Violation(prefix + violation.field, violation.description) for violation in found]


def _chat(request: chat_pb2.ChatRequest) -> Rules:
    if not request.model:
        yield Violation("model", "names no model")
    if len(request.request_id) > REQUEST_ID_LIMIT:
        yield Violation("request_id", f"is longer than {REQUEST_ID_LIMIT} characters")
    yield from _messages(request.messages)
    if request.HasField("generation_config"):
        yield from _generation(request.generation_config)
    if request.tools or request.HasField("tool_choice"):
        yield from _tools(request)
    if request.HasField("routing_policy"):
        yield from _routing(request.routing_policy)


def _messages(messages: Sequence[Message]) -> Rules:
    if not messages:
        yield Violation("messages", "holds no message")
    asked: set[str] = set()
    for index, message in enumerate(messages):
        path = f"messages[{index}]"
        allowed = _ALLOWED_PARTS.get(message.role)
        if allowed is None:
            wrong = "is not set" if message.role == ROLE_UNSPECIFIED else "is unknown"
            yield Violation(f"{path}.role", wrong)
        if not message.parts:
            yield Violation(f"{path}.parts", "holds no part")
        for position, part in enumerate(message.parts):
            yield from _part(part, message.role, allowed, asked, f"{path}.parts[{position}]")


def _part(part: Part, role: int, allowed: frozenset[str] | None, asked: set[str], path: str) -> Rules:
    kind = part.WhichOneof("content")
    if kind == "text":
        if allowed is not None and "text" not in allowed:
            yield Violation(f"{path}.text", f"does not belong to a {_ROLE_NAMES[role]} message")
        return
    if kind is None:
        yield Violation(path, "has no content, or one of a kind that this version does not know")
        return
    if allowed is not None and kind not in allowed:
        yield Violation(f"{path}.{kind}", f"does not belong to a {_ROLE_NAMES[role]} message")
    if kind == "media":
        yield from _media(part.media, f"{path}.media")
    elif kind == "tool_call":
        yield from _tool_call(part, asked, f"{path}.tool_call")
    elif kind == "tool_result":
        yield from _tool_result(part, asked, f"{path}.tool_result")


def _media(media: Media, path: str) -> Rules:
    source = media.WhichOneof("source")
    if media.mime_type and not _MIME_TYPE.fullmatch(media.mime_type):
        yield Violation(f"{path}.mime_type", "is not a media type such as image/png")
    if source is None:
        yield Violation(path, "has neither data nor a uri")
    elif source == "uri":
        if not media.uri.startswith("https://") or len(media.uri) == len("https://"):
            yield Violation(f"{path}.uri", "is not an https address")
    elif not media.data:
        yield Violation(f"{path}.data", "is empty")
    elif not media.mime_type and not detect(media.data):
        yield Violation(f"{path}.mime_type", "is empty, and the bytes are of no known kind")


def _tool_call(part: Part, asked: set[str], path: str) -> Rules:
    call = part.tool_call
    if not call.tool_call_id:
        yield Violation(f"{path}.tool_call_id", "is empty")
    elif call.tool_call_id in asked:
        yield Violation(f"{path}.tool_call_id", "repeats the id of another call")
    asked.add(call.tool_call_id)
    if not call.name:
        yield Violation(f"{path}.name", "is empty")


def _tool_result(part: Part, asked: set[str], path: str) -> Rules:
    result = part.tool_result
    if result.tool_call_id not in asked:
        yield Violation(f"{path}.tool_call_id", "answers no tool call of an earlier message")
    for index, inner in enumerate(result.parts):
        inside = f"{path}.parts[{index}]"
        kind = inner.WhichOneof("content")
        if kind == "media":
            yield from _media(inner.media, f"{inside}.media")
        elif kind != "text":
            yield Violation(inside, "is neither text nor media")


_RANGES: tuple[tuple[str, float, float, str], ...] = (
    ("max_output_tokens", 1, math.inf, "is not at least 1"),
    ("temperature", 0, 2, "is not from 0 to 2"),
    ("top_p", 1e-9, 1, "is not above 0 and at most 1"),
    ("top_k", 1, math.inf, "is not at least 1"),
    ("frequency_penalty", -2, 2, "is not from -2 to 2"),
    ("presence_penalty", -2, 2, "is not from -2 to 2"),
)


def _generation(config: GenerationConfig) -> Rules:
    for name, least, most, wrong in _RANGES:
        # `not` in front, so that NaN is out of every range
        if config.HasField(name) and not least <= getattr(config, name) <= most:  # type: ignore[arg-type]
            yield Violation(f"generation_config.{name}", wrong)
    if len(config.stop_sequences) > STOP_LIMIT:
        yield Violation("generation_config.stop_sequences", f"holds more than {STOP_LIMIT}")
    for index, stop in enumerate(config.stop_sequences):
        if not stop:
            yield Violation(f"generation_config.stop_sequences[{index}]", "is empty")
    if not 0 <= config.reasoning_effort <= 4:
        yield Violation("generation_config.reasoning_effort", "is unknown")
    if config.HasField("response_format"):
        yield from _response_format(config)


def _response_format(config: GenerationConfig) -> Rules:
    path = "generation_config.response_format"
    kind = config.response_format.WhichOneof("format")
    if kind is None:
        yield Violation(path, "names no format")
    elif kind == "json_schema":
        schema = config.response_format.json_schema
        if schema.name and not _TOOL_NAME.fullmatch(schema.name):
            yield Violation(f"{path}.json_schema.name", "is not 1 to 64 letters, digits, _ or -")
        if not schema.schema_json:
            yield Violation(f"{path}.json_schema.schema_json", "is empty")
        else:
            yield from _json_object(schema.schema_json, f"{path}.json_schema.schema_json")


def _json_object(text: str, path: str) -> Rules:
    if not text:
        return
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        yield Violation(path, "is not JSON")
        return
    if not isinstance(found, dict):
        yield Violation(path, "is not a JSON object")


def _tools(request: chat_pb2.ChatRequest) -> Rules:
    names: set[str] = set()
    for index, tool in enumerate(request.tools):
        yield from _tool(tool, names, f"tools[{index}]")
        names.add(tool.name)
    choice = request.tool_choice
    match choice.WhichOneof("choice"):
        case "tool_name" if choice.tool_name not in names:
            yield Violation("tool_choice.tool_name", "names no tool of this request")
        case "mode" if choice.mode not in ToolMode.values():
            yield Violation("tool_choice.mode", "is unknown")
        case "mode" if choice.mode == ToolMode.TOOL_MODE_REQUIRED and not names:
            yield Violation("tool_choice.mode", "requires a tool, and none is declared")


def _tool(tool: Tool, names: set[str], path: str) -> Rules:
    if not _TOOL_NAME.fullmatch(tool.name):
        yield Violation(f"{path}.name", "is not 1 to 64 letters, digits, _ or -")
    elif tool.name in names:
        yield Violation(f"{path}.name", "repeats the name of another tool")
    yield from _json_object(tool.parameters_schema_json, f"{path}.parameters_schema_json")


def _routing(policy: RoutingPolicy) -> Rules:
    if len(policy.labels) > LABEL_LIMIT:
        yield Violation("routing_policy.labels", f"holds more than {LABEL_LIMIT}")
    for key, value in policy.labels.items():
        if not 0 < len(key) <= LABEL_LENGTH or len(value) > LABEL_LENGTH:
            yield Violation(
                f"routing_policy.labels[{key[:LABEL_LENGTH]!r}]",
                f"has no key, or a key or value longer than {LABEL_LENGTH} characters",
            )
    for name in ("first_token_timeout", "idle_timeout"):
        if policy.HasField(name) and not _positive(getattr(policy, name)):
            yield Violation(f"routing_policy.{name}", "is not a time above zero")
    if policy.cache_mode not in CacheMode.values():
        yield Violation("routing_policy.cache_mode", "is unknown")
    if policy.stream_recovery not in StreamRecovery.values():
        yield Violation("routing_policy.stream_recovery", "is unknown")


def _positive(duration: Duration) -> bool:
    return duration.seconds >= 0 and duration.nanos >= 0 and (duration.seconds > 0 or duration.nanos > 0)


def _list_models(request: model_pb2.ListModelsRequest) -> list[Violation]:
    found = [
        Violation(f"capabilities[{index}]", "is unknown")
        for index, capability in enumerate(request.capabilities)
        if capability not in model_pb2.Capability.values() or not capability
    ]
    if request.page_size < 0:
        found.append(Violation("page_size", "is negative"))
    return found


def _get_model(request: model_pb2.GetModelRequest) -> list[Violation]:
    return [] if request.model else [Violation("model", "names no model")]


VALIDATORS: Mapping[str, Callable[..., Sequence[Violation]]] = {
    "ringmain.v1.ChatRequest": chat,
    "ringmain.v1.CountTokensRequest": lambda request: chat(request.chat, "chat."),
    "ringmain.v1.EstimateCostRequest": lambda request: chat(request.chat, "chat."),
    "ringmain.v1.ListModelsRequest": _list_models,
    "ringmain.v1.GetModelRequest": _get_model,
}
"""Full name of a request's type to its rules."""
