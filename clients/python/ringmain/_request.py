"""Client: chat requests from plain Python. Pure, except that it reads the files that callers name."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, Protocol, TypeAlias, TypedDict, Unpack

from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Struct

from ringmain._choice import choose, refuse_unknown
from ringmain.messages import Source, Turn, conversation, document, image, part, system
from ringmain.tools import ToolLike, as_tool, schema_of
from ringmain.v1 import content_pb2
from ringmain.v1 import generation_pb2 as gen
from ringmain.v1 import routing_pb2 as routing
from ringmain.v1.attribution_pb2 import Attribution
from ringmain.v1.chat_service_pb2 import ChatRequest

Prompt: TypeAlias = Turn | Sequence[Turn] | ChatRequest
"""The prompt of a chat: a question, a conversation, or a request of the contract."""

ProviderOptions: TypeAlias = Mapping[str, Mapping[str, object]]
"""Fields to pass to a provider unchanged, by provider kind: `{"openai": {"user": "…"}}`."""

JsonSchema: TypeAlias = type | str | Mapping[str, object]
"""A JSON Schema: a dict, a text, or a dataclass to make it from."""


class SharedOptions(TypedDict, total=False):
    """Options that calls of every kind have. None means unset, except for `timeout`."""

    model: str | None
    """A model of the gateway, or `provider/model`. Unset means the client's model."""
    request_id: str | None
    """An id that you choose. A call that repeats it within a day returns the first answer, for free."""
    labels: Mapping[str, str] | None
    """Labels for the attribution of costs, such as `{"feature": "search"}`."""
    user_id: str | None
    """Your own id of the end user whom the call is for."""
    timeout: float | None
    """The timeout of the call in seconds. None means no limit; absent means the client's timeout."""

    provider_ids: Iterable[str] | None
    """The ids of the providers to try, in order."""
    failover_disabled: bool | None
    """Whether to stop after the first failure."""
    cache_mode: Literal["use", "refresh", "bypass"] | None
    """The use of the gateway's response cache."""
    stream_recovery: Literal["fail", "restart", "continue"] | None
    """The gateway's reaction to a stream that breaks after content was sent."""
    first_content_timeout: float | None
    """The longest wait for a stream's first content, in seconds."""
    idle_timeout: float | None
    """The longest pause in a stream, in seconds."""


class PromptCacheOptions(TypedDict, total=False):
    """Options for the provider's prompt cache."""

    key: str
    """Brings requests with the same key to the same cache, if the provider has several."""
    ttl: float
    """The seconds for which the provider keeps the prompt after its last use."""


class AudioOutputOptions(TypedDict, total=False):
    """Options for an answer that the model speaks."""

    voice: str
    """The voice, as the provider names it."""
    mime_type: str
    """The media type of the speech, such as `audio/mpeg`."""


class ChatOptions(SharedOptions, total=False):
    """Options of a chat. None means unset, except for `timeout`."""

    system: str | None
    """Instructions, which come before the conversation."""
    images: Iterable[Source | content_pb2.Media | content_pb2.Part] | None
    """Images to add to the last turn, which must be the user's."""
    files: Iterable[Source | content_pb2.Media | content_pb2.Part] | None
    """Documents to add to the last turn, which must be the user's."""

    tools: Iterable[ToolLike] | None
    """The tools that the model may call."""
    tool_choice: str | gen.ToolChoice | Callable[..., object] | None
    """`auto`, `none`, `required`, or the one tool that the model must call."""
    parallel_tool_calls: bool | None
    """Whether the model may ask for several tools at once."""
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
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "extra_high"] | None
    """The effort that the model spends on reasoning before it answers."""
    reasoning_token_budget: int | None
    """The most tokens to reason with. It wins over `reasoning_effort` where the provider takes a number."""
    output_modalities: Iterable[Literal["text", "image", "audio"]] | None
    """The kinds of content that the answer may have. Unset means text alone."""
    audio_output: AudioOutputOptions | None
    """The voice and the media type of the speech, if `output_modalities` has `audio`."""
    top_logprobs: int | None
    """Asks for the log probability of every token, and of this many alternatives to it, 0 to 20."""
    prompt_cache: PromptCacheOptions | bool | None
    """The use of the provider's prompt cache. True asks for it with the provider's defaults."""
    provider_options: ProviderOptions | None
    """Fields to pass to a provider unchanged, by provider kind: `{"openai": {"user": "…"}}`."""


_MODES: Final = {
    "auto": gen.TOOL_MODE_AUTO,
    "none": gen.TOOL_MODE_NONE,
    "required": gen.TOOL_MODE_REQUIRED,
}
_SCALARS: Final = (
    "max_output_tokens",
    "temperature",
    "top_p",
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "reasoning_token_budget",
    "top_logprobs",
)
_EFFORTS: Final = {
    "none": gen.REASONING_EFFORT_NONE,
    "minimal": gen.REASONING_EFFORT_MINIMAL,
    "low": gen.REASONING_EFFORT_LOW,
    "medium": gen.REASONING_EFFORT_MEDIUM,
    "high": gen.REASONING_EFFORT_HIGH,
    "extra_high": gen.REASONING_EFFORT_EXTRA_HIGH,
}
_MODALITIES: Final = {
    "text": gen.MODALITY_TEXT,
    "image": gen.MODALITY_IMAGE,
    "audio": gen.MODALITY_AUDIO,
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
        messages=_messages(prompt, options),
        tools=[as_tool(given) for given in options.get("tools") or ()],
    )
    # An empty message and an absent one mean the same, and an absent one takes no bytes.
    if (config := generation_config(options)).ByteSize():
        request.generation_config.CopyFrom(config)
    set_shared(request, options)
    if (choice := _tool_choice(options)).ByteSize():
        request.tool_choice.CopyFrom(choice)
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
    media = [_media_part(image, given) for given in options.get("images") or ()]
    media += [_media_part(document, given) for given in options.get("files") or ()]
    if media:
        messages[-1:] = [_with_media(messages[-1:], media)]
    if (instructions := options.get("system")) is not None:
        messages.insert(0, system(instructions))
    return messages


def _media_part(
    make: Callable[[Source], content_pb2.Media], given: Source | content_pb2.Media | content_pb2.Part
) -> content_pb2.Part:
    return part(given if isinstance(given, (content_pb2.Media, content_pb2.Part)) else make(given))


def _with_media(last: list[content_pb2.Message], media: list[content_pb2.Part]) -> content_pb2.Message:
    if not last or last[0].role != content_pb2.ROLE_USER:
        raise ValueError("images and files need a last turn by the user")
    extended = content_pb2.Message()  # A copy, because the message belongs to the caller.
    extended.CopyFrom(last[0])
    extended.parts.extend(media)
    return extended


def generation_config(options: ChatOptions) -> gen.GenerationConfig:
    """Returns the options that configure generation, as a message."""
    stops = options.get("stop_sequences") or ()
    config = gen.GenerationConfig(
        **_given(options, _SCALARS),
        stop_sequences=[stops] if isinstance(stops, str) else stops,
        response_format=_response_format(options),
        audio_output=_audio_output(options.get("audio_output")),
        prompt_cache=_prompt_cache(options.get("prompt_cache")),
    )
    for name in options.get("output_modalities") or ():
        config.output_modalities.append(choose("output modality", name, _MODALITIES))
    if (effort := options.get("reasoning_effort")) is not None:
        config.reasoning_effort = choose("reasoning_effort", effort, _EFFORTS)
    set_provider_options(config, options.get("provider_options"))
    return config


def _given(options: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Returns the options with these names that are set."""
    return {name: options[name] for name in names if options.get(name) is not None}


def _audio_output(given: AudioOutputOptions | None) -> gen.AudioOutput | None:
    if given is None:
        return None
    refuse_unknown("audio_output", given, AudioOutputOptions.__annotations__)
    return gen.AudioOutput(voice=given.get("voice", ""), mime_type=given.get("mime_type", ""))


def _prompt_cache(given: PromptCacheOptions | bool | None) -> gen.PromptCache | None:
    if given is None or given is False:
        return None
    if given is True:
        return gen.PromptCache()
    refuse_unknown("prompt_cache", given, PromptCacheOptions.__annotations__)
    return gen.PromptCache(key=given.get("key", ""), ttl=_duration(given.get("ttl")))


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


def _tool_choice(options: ChatOptions) -> gen.ToolChoice:
    wanted, found = options.get("tool_choice"), gen.ToolChoice()
    match wanted:
        case None:
            pass
        case gen.ToolChoice():
            found.CopyFrom(wanted)
        case str() if wanted in _MODES:
            found.mode = _MODES[wanted]
        case str():
            found.tool_name = wanted
        case _:
            found.tool_name = as_tool(wanted).function.name
    if (parallel := options.get("parallel_tool_calls")) is not None:
        found.parallel_tool_calls = parallel
    return found


class _Shared(Protocol):
    """A request that has an attribution and a routing policy."""

    request_id: str
    model: str

    @property
    def attribution(self) -> Attribution: ...
    @property
    def routing_policy(self) -> routing.RoutingPolicy: ...


def set_shared(request: _Shared, options: SharedOptions) -> None:
    """Sets the id, the model, the attribution and the routing policy of a request of any kind."""
    request.request_id = options.get("request_id") or ""
    request.model = options.get("model") or ""
    if (who := attribution(options)).ByteSize():
        request.attribution.CopyFrom(who)
    if (policy := routing_policy(options)).ByteSize():
        request.routing_policy.CopyFrom(policy)


def attribution(options: SharedOptions) -> Attribution:
    """Returns the options that say who a call is for, as a message."""
    return Attribution(**_given(options, ("labels", "user_id")))


def routing_policy(options: SharedOptions) -> routing.RoutingPolicy:
    """Returns the options that configure routing, as a message."""
    policy = routing.RoutingPolicy(
        **_given(options, ("provider_ids", "failover_disabled")),
        first_content_timeout=_duration(options.get("first_content_timeout")),
        idle_timeout=_duration(options.get("idle_timeout")),
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


def set_provider_options(config: Any, given: ProviderOptions | None) -> None:
    """Sets the provider options of a message."""
    for kind, fields in (given or {}).items():
        config.provider_options[kind].CopyFrom(struct(fields))


def struct(fields: Mapping[str, object]) -> Struct:
    """Returns a JSON object as a message."""
    struct = Struct()
    # Struct takes dicts, lists and scalars only. The way through JSON accepts tuples and other sequences too.
    struct.update(json.loads(json.dumps(fields)))
    return struct
