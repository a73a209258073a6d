"""Room 4, pure: translates a ChatRequest into the body of a request for a response.

https://platform.openai.com/docs/api-reference/responses/create. Every field is translated or refused. This
wire has no `top_k`, penalties, seed or stop sequences; these are ignored, as the contract says. `request_id`,
`routing_policy` and the labels of `attribution` are for the gateway alone.
"""

from collections.abc import Iterator

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.generation_pb2 import GenerationConfig, ResponseFormat

from ringmain_server.candidate import Candidate
from ringmain_server.kinds.openai import Dialect
from ringmain_server.providers.efforts import effort_word
from ringmain_server.providers.openai import responses_tools
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.openai.request_pieces import (
    may_reason,
    options,
    prompt_cache,
    refused_settings,
    schema_format,
    short,
)
from ringmain_server.providers.openai.responses_items import translate
from ringmain_server.providers.pseudonyms import user_hash

_GATEWAYS_OWN = frozenset({"background", "input", "model", "stream"})
"""Fields that decide how the answer is read and billed, so passed-through options may not change them."""
_MERGED = ("reasoning", "text")
"""Objects to which options add fields, so that an option for the verbosity does not remove a schema."""


def body(request: ChatRequest, candidate: Candidate, dialect: Dialect, *, stream: bool) -> Object:
    """Returns the JSON body of a request.

    The provider stores nothing: each request sends the whole conversation, with its reasoning encrypted.

    Args:
        request: The caller's request.
        candidate: The candidate that is asked.
        dialect: The form of the wire that the server accepts.
        stream: Whether the answer comes in events.

    Raises:
        CallerError: This wire cannot carry a part, tool or value of the request.
    """
    found: Object = {
        "model": candidate.provider_model,
        "input": translate(request, dialect, candidate.provider_id),
        "store": False,
    }
    if include := list(_include(request, candidate, dialect)):
        found["include"] = include
    if tools := responses_tools.tools(request, candidate):
        found["tools"] = tools
    if request.tools:
        found.update(responses_tools.tool_choice(request, candidate))
    if dialect.user and (user := user_hash(request, candidate)):
        found[dialect.user] = user
    if request.HasField("generation_config"):
        config = request.generation_config
        found.update(_knobs(config, candidate, dialect))
        if config.HasField("prompt_cache") and dialect.prompt_cache:
            found.update(prompt_cache(request, candidate))
        if config.HasField("response_format"):
            found["text"] = {"format": _response_format(config.response_format, candidate)}
        for passed_through in options(config, candidate.kind, _GATEWAYS_OWN):
            _pass_through(found, passed_through)
    if stream:
        found["stream"] = True
    return found


def _include(request: ChatRequest, candidate: Candidate, dialect: Dialect) -> Iterator[str]:
    """Yields what the answer must include beyond what it has by default."""
    if may_reason(candidate):  # other models refuse the request for something that they lack
        yield "reasoning.encrypted_content"
    yield from responses_tools.included(request)
    if _weighs(request.generation_config, candidate, dialect):
        yield "message.output_text.logprobs"


def _weighs(config: GenerationConfig, candidate: Candidate, dialect: Dialect) -> bool:
    """Whether log probabilities can be asked for, and are; models that reason have none."""
    if not dialect.logprobs or not config.HasField("top_logprobs"):
        return False
    return "top_logprobs" not in refused_settings(config, candidate)


def _knobs(config: GenerationConfig, candidate: Candidate, dialect: Dialect) -> Iterator[tuple[str, object]]:
    if config.HasField("max_output_tokens"):
        yield "max_output_tokens", config.max_output_tokens
    lacks = refused_settings(config, candidate)
    if config.HasField("temperature") and "temperature" not in lacks:
        yield "temperature", short(config.temperature)
    if config.HasField("top_p") and "top_p" not in lacks:
        yield "top_p", short(config.top_p)
    if _weighs(config, candidate, dialect):
        yield "top_logprobs", config.top_logprobs
    effort = effort_word(config, candidate.knobs)
    if effort and may_reason(candidate):
        reasoning = {"effort": effort}
        if effort != "none":
            reasoning["summary"] = "auto"  # a caller who asks for reasoning may read its summary
        yield "reasoning", reasoning


def _response_format(wanted: ResponseFormat, candidate: Candidate) -> Object:
    """Returns the format of the answer, strict if the schema allows it.

    https://platform.openai.com/docs/guides/structured-outputs
    """
    if wanted.WhichOneof("format") == "json_object":
        return {"type": "json_object"}
    described, strict = schema_format(wanted.json_schema, candidate.knobs)
    return {"type": "json_schema", **described, "strict": strict}


def _pass_through(found: Object, passed_through: Object) -> None:
    for name, value in passed_through.items():
        known = found.get(name)
        if name in _MERGED and isinstance(known, dict) and isinstance(value, dict):
            found[name] = {**known, **value}
        else:
            found[name] = value
