"""Room 4, the pure side of `anthropic`: translates a chat request into the body of the Messages wire.

Fields are those of https://platform.claude.com/docs/en/api/messages/create. The contract and the wire differ
as follows:

* `seed` and the penalties are ignored.
* `temperature` is at most 1 here: higher values count as 1. Older models accept the sampling fields, and only
  under the API version before 2026-10-21, so a request that uses them names that version
  (https://platform.claude.com/docs/en/api/versioning). Newer models have no sampling, so it is ignored. Some
  accept only one of `temperature` and `top_p`, so the latter is ignored. `candidate.knobs` has what a model
  accepts.
* `max_tokens` is required here: if absent, it is the candidate's limit, or else the configured default.
* Marks of what to cache are at the blocks (`caching.py`); the key of a prompt cache is ignored.
* Reasoning excludes sampling and forced tools: reasoning takes precedence over sampling, and a forced tool
  over reasoning.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.json_format import MessageToDict
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.generation_pb2 import GenerationConfig

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.knobs import Knobs
from ringmain_server.catalog.tokens import text_tokens
from ringmain_server.errors import InvalidField
from ringmain_server.providers.anthropic import caching, server_tools
from ringmain_server.providers.anthropic.blocks import Block, text_block
from ringmain_server.providers.anthropic.formats import Format, format_of
from ringmain_server.providers.anthropic.thinking import thinking_of
from ringmain_server.providers.anthropic.turns import MessagesConversation, conversation
from ringmain_server.providers.efforts import effort_word
from ringmain_server.providers.knobs import refused, stop_sequences
from ringmain_server.providers.pseudonyms import user_hash
from ringmain_server.providers.structs import EXACT
from ringmain_server.providers.transport import HttpRequest

MESSAGES_PATH = "/v1/messages"
COUNT_PATH = "/v1/messages/count_tokens"
DEFAULT_MAX_OUTPUT_TOKENS = 8192
"""Every model that is still served can write this many tokens."""
BETAS = "betas"
"""The provider option that becomes the header `anthropic-beta`, with the name that the SDKs use."""

_SAMPLING_VERSIONS = {"": "2023-06-01", "vertex": "vertex-2023-10-16", "bedrock": "bedrock-2023-05-31"}
"""The API version that has the sampling fields, by platform."""
_STREAM_HEADERS = {
    "accept": "text/event-stream",
    # A compressed stream arrives in blocks, and each block late.
    "accept-encoding": "identity",
}
_COUNTED = (
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "cache_control",
)
_GATEWAYS_OWN = ("model", "messages", "stream")
"""Fields that decide how the answer is read and billed, so passed-through options may not change them."""

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Options:
    """The operator's choices for a provider.

    Attributes:
        platform: `vertex` or `bedrock`; empty for Anthropic itself.
        max_output_tokens: Maximum number of output tokens if neither request nor candidate sets one.
        cache_system_tokens: The approximate number of tokens from which a system prompt is cached; None for
            never.
        betas: Features that every request asks for; a request may ask for more.
    """

    platform: str = ""
    max_output_tokens: int = DEFAULT_MAX_OUTPUT_TOKENS
    cache_system_tokens: int | None = None
    betas: tuple[str, ...] = ()


def chat_request(
    request: ChatRequest, candidate: Candidate, options: Options, *, stream: bool
) -> HttpRequest:
    """Builds the request for an answer.

    Raises:
        CallerError: This wire cannot carry a part, a schema or an option.
    """
    body, betas = _body(request, candidate, options)
    needed = server_tools.betas(request, candidate, options.platform)
    headers = {**_beta_header((*betas, *needed)), **_version(body, options.platform)}
    if stream:
        body["stream"] = True
        headers = {**_STREAM_HEADERS, **headers}
    return HttpRequest(MESSAGES_PATH, body, headers)


def count_request(request: ChatRequest, candidate: Candidate, options: Options) -> HttpRequest:
    """Builds the request for a token count.

    It names no betas of tools, which Vertex AI refuses when it counts, and Anthropic does not need then.

    Raises:
        CallerError: As `chat_request`.
    """
    body, betas = _body(request, candidate, options)
    counted = {key: body[key] for key in _COUNTED if key in body}
    return HttpRequest(COUNT_PATH, counted, _beta_header(betas))


def _beta_header(betas: Sequence[str]) -> Mapping[str, str]:
    return {"anthropic-beta": ",".join(dict.fromkeys(betas))} if betas else {}


def _body(request: ChatRequest, candidate: Candidate, options: Options) -> tuple[Json, Sequence[str]]:
    """Returns the body, and the betas that the operator and the request ask for."""
    config = request.generation_config
    knobs = candidate.knobs
    cache = caching.control(config, hour=options.platform != "bedrock" or knobs.hour_cache_at_bedrock)
    spoken = conversation(request.messages, candidate.provider_id, cache)
    _mark(spoken, request, cache, options.cache_system_tokens)
    form = format_of(request, candidate)
    max_tokens = _max_tokens(config, candidate, options)
    thinking = thinking_of(config, knobs, max_tokens, spoken.turns, forces_tool=form.forces_tool)
    body: Json = {"model": candidate.provider_model, "max_tokens": max_tokens, "messages": spoken.messages}
    if system := [*spoken.system, *([text_block(form.words)] if form.words else [])]:
        body["system"] = system
    if form.tools:
        body["tools"] = form.tools
    if form.choice:
        body["tool_choice"] = form.choice
    if thinking:
        body["thinking"] = thinking
    if output := _output_config(config, knobs, form, thinking):
        body["output_config"] = output
    lacks = refused(config, knobs, reasons=False)
    if stops := [stop for stop in stop_sequences(config, knobs, lacks) if stop.strip()]:
        body["stop_sequences"] = stops  # the wire refuses blank ones
    if user := user_hash(request, candidate):
        body["metadata"] = {"user_id": user}
    # The wire refuses sampling fields together with thinking.
    if thinking is None or thinking["type"] == "disabled":
        body.update(_sampling(config, lacks))
    return body, (*options.betas, *_apply_options(body, request, candidate.kind))


def _max_tokens(config: GenerationConfig, candidate: Candidate, options: Options) -> int:
    most = candidate.max_output_tokens
    wanted = options.max_output_tokens
    if config.HasField("max_output_tokens"):
        wanted = config.max_output_tokens
    elif most and candidate.output_limit_configured:
        wanted = most
    return min(wanted, most) if most else wanted


def _mark(spoken: MessagesConversation, request: ChatRequest, cache: Block, cache_from: int | None) -> None:
    """Marks what is cached although no part says so: the whole prompt, and a long system prompt."""
    if request.generation_config.HasField("prompt_cache") and not _has_boundary(request):
        latest = spoken.turns[::-1]
        any(caching.mark(turn.blocks, cache) or caching.mark(turn.results, cache) for turn in latest)
    if cache_from is None or sum(text_tokens(str(block["text"])) for block in spoken.system) < cache_from:
        return
    every = [*spoken.system, *(block for turn in spoken.turns for block in turn.content)]
    if caching.marks(every) < caching.MOST:
        # The prefix that a mark caches begins with the tools, so this one covers both.
        caching.mark(spoken.system, cache)


def _has_boundary(request: ChatRequest) -> bool:
    return any(part.cache_boundary for message in request.messages for part in message.parts)


def _output_config(config: GenerationConfig, knobs: Knobs, form: Format, thinking: Block | None) -> Json:
    output: Json = {}
    if thinking and (word := effort_word(config, knobs)) not in ("", "none"):
        output["effort"] = word
    if form.schema is not None:
        output["format"] = {"type": "json_schema", "schema": form.schema}
    return output


def _sampling(config: GenerationConfig, lacks: Collection[str]) -> Json:
    found: Json = {}
    if config.HasField("temperature") and "temperature" not in lacks:
        found["temperature"] = _decimal(min(config.temperature, 1.0))
    if config.HasField("top_p") and "top_p" not in lacks:
        found["top_p"] = _decimal(config.top_p)
    if config.HasField("top_k") and "top_k" not in lacks:
        found["top_k"] = config.top_k
    return found


def _decimal(value: float) -> float:
    """Returns the decimal that the caller meant, such as 0.7, which single precision holds as 0.699999988."""
    return float(f"{value:.6g}")


def _apply_options(body: Json, request: ChatRequest, kind: str) -> Sequence[str]:
    """Writes the caller's own fields over the body, and returns the betas among them."""
    if kind not in request.generation_config.provider_options:
        return ()
    path = f"generation_config.provider_options[{kind}]"
    given = _integral(MessageToDict(request.generation_config.provider_options[kind]))
    for key in _GATEWAYS_OWN:
        if key in given:
            raise InvalidField.at(f"{path}.{key}", "is set by the gateway")
    betas = given.pop(BETAS, [])
    if not isinstance(betas, list):
        raise InvalidField.at(f"{path}.{BETAS}", "is not a list")
    body.update(given)
    return [str(beta) for beta in betas]


def _integral(value: dict[str, object]) -> dict[str, object]:
    """Returns the value with integers for whole numbers: the wire requires them and a Struct has none."""

    def convert(found: object) -> object:
        if isinstance(found, float) and found.is_integer() and abs(found) <= EXACT:
            return int(found)
        if isinstance(found, list):
            return [convert(inner) for inner in found]
        return _integral(found) if isinstance(found, dict) else found

    return {key: convert(inner) for key, inner in value.items()}


def _version(body: Json, platform: str) -> Mapping[str, str]:
    """Asks for the API version that has the sampling fields, if the body has any."""
    if not body.keys() & {"temperature", "top_p", "top_k"}:
        return {}
    version = _SAMPLING_VERSIONS[platform]
    if platform:
        body.setdefault("anthropic_version", version)
        return {}
    return {"anthropic-version": version}
