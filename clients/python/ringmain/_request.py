"""Client: chat requests from plain Python. Pure, except that it reads the files that callers name."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal, TypeAlias, TypedDict, Unpack

from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Struct

from ringmain._choice import choose, refuse_unknown
from ringmain.messages import Source, Turn, conversation, document, image, system
from ringmain.tools import ToolLike, as_tool, schema_of
from ringmain.v1 import content_pb2
from ringmain.v1 import generation_pb2 as gen
from ringmain.v1 import routing_pb2 as routing
from ringmain.v1.chat_service_pb2 import ChatRequest

Prompt: TypeAlias = Turn | Sequence[Turn] | ChatRequest
"""The prompt of a chat: a question, a conversation, or a request of the contract."""

JsonSchema: TypeAlias = type | str | Mapping[str, object]
"""A JSON Schema: a dict, a text, or a dataclass to make it from."""


class RoutingOptions(TypedDict, total=False):
    """Options for the routing of a call. None means unset."""

    provider_ids: Iterable[str] | None
    """The ids of the providers to try, in order."""
    failover_disabled: bool | None
    """Whether to stop after the first failure."""
    cache_mode: Literal["use", "refresh", "bypass"] | None
    """The use of the gateway's response cache."""
    stream_recovery: Literal["fail", "restart", "continue"] | None
    """The gateway's reaction to a stream that breaks after content was sent."""
    first_token_timeout: float | None
    """The longest wait for a stream's first content, in seconds."""
    idle_timeout: float | None
    """The longest pause in a stream, in seconds."""
    labels: Mapping[str, str] | None
    """Labels for the attribution of costs, such as `{"feature": "search"}`."""


class ChatOptions(RoutingOptions, total=False):
    """Options of a chat. None means unset, except for `timeout`."""

    model: str | None
    """A model of the gateway, or `provider/model`. Unset means the client's model."""
    system: str | None
    """Instructions, which come before the conversation."""
    images: Iterable[Source | content_pb2.Media] | None
    """Images to add to the last turn, which must be the user's."""
    files: Iterable[Source | content_pb2.Media] | None
    """Documents to add to the last turn, which must be the user's."""

    tools: Iterable[ToolLike] | None
    """The tools that the model may call."""
    tool_choice: str | gen.ToolChoice | Callable[..., object] | None
    """`auto`, `none`, `required`, or the one tool that the model must call."""
    response_format: Literal["text", "json"] | gen.ResponseFormat | None
    """`json` for any JSON object."""
    json_schema: JsonSchema | None
    """The schema that the answer must satisfy."""

    max_output_tokens: int | None
    """The most tokens that the model may write, reasoning included."""
    temperature: float | None
    """The sampling temperature, 0 to 2."""
    top_p: float | None
    """The probability mass of nucleus sampling, above 0 and at most 1."""
    top_k: int | None
    """The number of most likely tokens to sample from."""
    frequency_penalty: float | None
    """The penalty for frequent tokens, -2 to 2."""
    presence_penalty: float | None
    """The penalty for tokens that occurred before, -2 to 2."""
    seed: int | None
    """A seed, with which a provider tries to repeat its answers."""
    stop_sequences: str | Iterable[str] | None
    """Texts that end the answer, at most 8."""
    reasoning_effort: Literal["none", "low", "medium", "high"] | None
    """The effort that the model spends on reasoning before it answers."""
    provider_options: Mapping[str, Mapping[str, object]] | None
    """Fields to pass to a provider unchanged, by provider kind: `{"openai": {"user": "…"}}`."""

    request_id: str | None
    """An id that you choose. A call that repeats it within a day returns the first answer, for free."""

    timeout: float | None
    """The timeout of the call in seconds. None means no limit; absent means the client's timeout."""


_MODES: Final = {
    "auto": gen.TOOL_MODE_AUTO,
    "none": gen.TOOL_MODE_NONE,
    "required": gen.TOOL_MODE_REQUIRED,
}
_EFFORTS: Final = {
    "none": gen.REASONING_EFFORT_NONE,
    "low": gen.REASONING_EFFORT_LOW,
    "medium": gen.REASONING_EFFORT_MEDIUM,
    "high": gen.REASONING_EFFORT_HIGH,
}
_CACHE_MODES: Final = {
    "use": routing.CACHE_MODE_USE,
    "refresh": routing.CACHE_MODE_REFRESH,
    "bypass": routing.CACHE_MODE_BYPASS,
}
_RECOVERIES: Final = {
    "fail": routing.STREAM_RECOVERY_FAIL,
    "restart": routing.STREAM_RECOVERY_RESTART,
    "continue": routing.STREAM_RECOVERY_CONTINUE,
}


def chat_request(prompt: Prompt, **options: Unpack[ChatOptions]) -> ChatRequest:
    """Returns the request that `chat` and `stream` would send.

    Raises:
        TypeError: An option is unknown, or a value cannot be sent.
        ValueError: An option has an unknown value.
    """
    refuse_unknown("a chat", options, ChatOptions.__annotations__)
    if isinstance(prompt, ChatRequest):
        return _ready(prompt, options)
    request = ChatRequest(
        request_id=options.get("request_id") or "",
        model=options.get("model") or "",
        messages=_messages(prompt, options),
        tools=[as_tool(given) for given in options.get("tools") or ()],
    )
    # An empty message and an absent one mean the same, and an absent one takes no bytes.
    if (config := generation_config(options)).ByteSize():
        request.generation_config.CopyFrom(config)
    if (policy := routing_policy(options)).ByteSize():
        request.routing_policy.CopyFrom(policy)
    if (choice := options.get("tool_choice")) is not None:
        request.tool_choice.CopyFrom(_tool_choice(choice))
    return request


def _ready(request: ChatRequest, options: ChatOptions) -> ChatRequest:
    if extra := sorted(options.keys() - {"model", "timeout"}):
        raise TypeError(f"set {', '.join(extra)} in the ChatRequest itself")
    ready = ChatRequest()
    ready.CopyFrom(request)
    ready.model = request.model or options.get("model") or ""
    return ready


def _messages(prompt: Turn | Sequence[Turn], options: ChatOptions) -> list[content_pb2.Message]:
    messages = conversation(prompt)
    media = [_as_media(image, given) for given in options.get("images") or ()]
    media += [_as_media(document, given) for given in options.get("files") or ()]
    if media:
        messages[-1:] = [_with_media(messages[-1:], media)]
    if (instructions := options.get("system")) is not None:
        messages.insert(0, system(instructions))
    return messages


def _as_media(
    make: Callable[[Source], content_pb2.Media], given: Source | content_pb2.Media
) -> content_pb2.Media:
    return given if isinstance(given, content_pb2.Media) else make(given)


def _with_media(last: list[content_pb2.Message], media: list[content_pb2.Media]) -> content_pb2.Message:
    if not last or last[0].role != content_pb2.ROLE_USER:
        raise ValueError("images and files need a last turn by the user")
    extended = content_pb2.Message()  # A copy, because the message belongs to the caller.
    extended.CopyFrom(last[0])
    extended.parts.extend(content_pb2.Part(media=one) for one in media)
    return extended


def generation_config(options: ChatOptions) -> gen.GenerationConfig:
    """Returns the options that configure generation, as a message."""
    stops = options.get("stop_sequences") or ()
    config = gen.GenerationConfig(
        max_output_tokens=options.get("max_output_tokens"),
        temperature=options.get("temperature"),
        top_p=options.get("top_p"),
        top_k=options.get("top_k"),
        frequency_penalty=options.get("frequency_penalty"),
        presence_penalty=options.get("presence_penalty"),
        seed=options.get("seed"),
        stop_sequences=[stops] if isinstance(stops, str) else stops,
        response_format=_response_format(options),
    )
    if (effort := options.get("reasoning_effort")) is not None:
        config.reasoning_effort = choose("reasoning_effort", effort, _EFFORTS)
    for kind, fields in (options.get("provider_options") or {}).items():
        config.provider_options[kind].CopyFrom(struct(fields))
    return config


def _response_format(options: ChatOptions) -> gen.ResponseFormat | None:
    schema, wanted = options.get("json_schema"), options.get("response_format")
    if schema is not None:
        if wanted not in (None, "json"):
            raise ValueError("give json_schema or response_format, not both")
        return gen.ResponseFormat(json_schema=_schema_format(schema))
    if wanted is None or isinstance(wanted, gen.ResponseFormat):
        return wanted
    formats = {"text": None, "json": gen.ResponseFormat(json_object=gen.JsonObjectFormat())}
    return choose("response_format", wanted, formats)


def _schema_format(schema: JsonSchema) -> gen.JsonSchemaFormat:
    if isinstance(schema, str):
        return gen.JsonSchemaFormat(name="answer", schema_json=schema)
    if isinstance(schema, type):
        return gen.JsonSchemaFormat(name=schema.__name__, schema_json=json.dumps(schema_of(schema)))
    return gen.JsonSchemaFormat(name=str(schema.get("title", "answer")), schema_json=json.dumps(schema))


def _tool_choice(choice: str | gen.ToolChoice | Callable[..., object]) -> gen.ToolChoice:
    if isinstance(choice, gen.ToolChoice):
        return choice
    if not isinstance(choice, str):
        return gen.ToolChoice(tool_name=as_tool(choice).name)
    if choice in _MODES:
        return gen.ToolChoice(mode=_MODES[choice])
    return gen.ToolChoice(tool_name=choice)


def routing_policy(options: RoutingOptions) -> routing.RoutingPolicy:
    """Returns the options that configure routing, as a message."""
    policy = routing.RoutingPolicy(
        provider_ids=options.get("provider_ids") or (),
        failover_disabled=options.get("failover_disabled") or False,
        first_token_timeout=_duration(options.get("first_token_timeout")),
        idle_timeout=_duration(options.get("idle_timeout")),
        labels=options.get("labels") or {},
    )
    if (mode := options.get("cache_mode")) is not None:
        policy.cache_mode = choose("cache_mode", mode, _CACHE_MODES)
    if (recovery := options.get("stream_recovery")) is not None:
        policy.stream_recovery = choose("stream_recovery", recovery, _RECOVERIES)
    return policy


def _duration(seconds: float | None) -> Duration | None:
    if seconds is None:
        return None
    duration = Duration()
    duration.FromNanoseconds(round(seconds * 1e9))
    return duration


def struct(fields: Mapping[str, object]) -> Struct:
    """Returns a JSON object as a message."""
    struct = Struct()
    # Struct takes dicts, lists and scalars only. The way through JSON accepts tuples and other sequences too.
    struct.update(json.loads(json.dumps(fields)))
    return struct
