"""Room 4, pure: translates a ChatRequest into the body of a chat completion.

https://platform.openai.com/docs/api-reference/chat/create. Every field is translated or refused, except that
a setting that the server does not have is ignored, as the contract says. `request_id`, `routing_policy` and
the labels of `attribution` are for the gateway alone.
"""

from collections.abc import Iterator, Mapping, Sequence

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.generation_pb2 import GenerationConfig, ResponseFormat

from ringmain_server.candidate import Candidate
from ringmain_server.kinds.openai import Dialect
from ringmain_server.providers.efforts import effort_word
from ringmain_server.providers.knobs import excludes_reasoning, stop_sequences
from ringmain_server.providers.openai import chat_output, chat_tools
from ringmain_server.providers.openai.chat_messages import CACHED, translate
from ringmain_server.providers.openai.chat_parts import Object, text_part
from ringmain_server.providers.openai.request_pieces import (
    effort_field,
    may_reason,
    options,
    prompt_cache,
    refused_settings,
    schema_format,
    short,
)
from ringmain_server.providers.pseudonyms import user_hash

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
    config = request.generation_config
    messages = translate(request, dialect, candidate.provider_id)
    found: Object = {"model": candidate.provider_model, "messages": messages}
    if request.tools:
        found.update(chat_tools.fields(request, candidate, dialect))
    if dialect.user and request.HasField("attribution") and (user := user_hash(request, candidate)):
        found[dialect.user] = user
    if request.HasField("generation_config"):
        lacks = refused_settings(config, candidate)
        settings = _settings(config, candidate, dialect)
        found.update((field, value) for name, field, value in settings if name not in lacks)
        found.update(_reasoning(request, candidate, dialect))
        if config.HasField("response_format"):
            found["response_format"] = _response_format(config.response_format, candidate)
        if config.output_modalities:
            found.update(chat_output.fields(config, candidate, dialect, stream=stream))
        if config.HasField("prompt_cache"):
            found.update(prompt_cache(request, candidate) if dialect.prompt_cache else ())
            _keep_whole(request, messages, dialect)
        for passed_through in options(config, candidate.kind, _GATEWAYS_OWN):
            found.update(passed_through)
    if stream:
        found.update(_stream(found.get("stream_options"), dialect))
    return found


def _keep_whole(request: ChatRequest, messages: Sequence[Object], dialect: Dialect) -> None:
    """Asks to keep the whole prompt, where a server caches only on request and no part says how far."""
    marked = (part.cache_boundary for message in request.messages for part in message.parts)
    if not dialect.cache_control or any(marked):
        return
    last = messages[-1]
    if isinstance(text := last.get("content"), str) and text:
        last["content"] = [{**text_part(text), "cache_control": dict(CACHED)}]


def _stream(asked: object, dialect: Dialect) -> Iterator[tuple[str, object]]:
    """Yields the fields of a stream, which always asks for its usage.

    Billing must not depend on an option.
    """
    yield "stream", True
    if dialect.stream_usage:
        others = asked if isinstance(asked, Mapping) else {}
        yield "stream_options", {**others, "include_usage": True}


def _settings(
    config: GenerationConfig, candidate: Candidate, dialect: Dialect
) -> Iterator[tuple[str, str, object]]:
    """Yields each setting that a request has: its name in the contract, its field and its value."""
    if config.HasField("max_output_tokens"):
        yield "max_output_tokens", dialect.max_tokens, config.max_output_tokens
    if config.HasField("seed") and dialect.seed:
        yield "seed", dialect.seed, config.seed
    if config.HasField("temperature"):
        yield "temperature", "temperature", short(config.temperature)
    if config.HasField("top_p"):
        yield "top_p", "top_p", short(config.top_p)
    if config.HasField("top_k") and dialect.top_k:
        yield "top_k", dialect.top_k, config.top_k
    if config.HasField("frequency_penalty"):
        yield "frequency_penalty", "frequency_penalty", short(config.frequency_penalty)
    if config.HasField("presence_penalty"):
        yield "presence_penalty", "presence_penalty", short(config.presence_penalty)
    if config.stop_sequences:
        yield "stop_sequences", "stop", stop_sequences(config, candidate.knobs, ())
    if config.HasField("top_logprobs") and dialect.logprobs:
        yield "top_logprobs", "logprobs", True
        yield "top_logprobs", "top_logprobs", config.top_logprobs


def _reasoning(request: ChatRequest, candidate: Candidate, dialect: Dialect) -> Iterator[tuple[str, object]]:
    config = request.generation_config
    if request.tools and excludes_reasoning(request.tool_choice, candidate.knobs):
        return  # what its tools say holds
    if dialect.reasoning_budget and config.HasField("reasoning_token_budget"):
        # https://openrouter.ai/docs/use-cases/reasoning-tokens
        budget = config.reasoning_token_budget
        yield "reasoning", {"max_tokens": budget} if budget else {"enabled": False}
    elif dialect.reasoning_effort and may_reason(candidate):
        effort = effort_word(config, candidate.knobs)
        if effort:
            yield effort_field(effort, dialect)


def _response_format(wanted: ResponseFormat, candidate: Candidate) -> Object:
    """Returns the format of the answer, strict if the schema allows it.

    https://platform.openai.com/docs/guides/structured-outputs
    """
    if wanted.WhichOneof("format") == "json_object":
        return {"type": "json_object"}
    described, strict = schema_format(wanted.json_schema, candidate.knobs)
    if strict or wanted.json_schema.HasField("strict"):
        described["strict"] = strict
    return {"type": "json_schema", "json_schema": described}
