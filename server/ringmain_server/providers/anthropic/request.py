"""Room 4, the pure side of `anthropic`: translates a chat request into the body of the Messages wire.

Fields are those of https://platform.claude.com/docs/en/api/messages/create. The contract and the wire differ
as follows:

* `seed` and the penalties are ignored.
* `temperature` is at most 1 here: higher values count as 1. Models up to Claude 4.6 accept the sampling
  fields, and only under the API version before 2026-10-21, so a request that uses them names that version
  (https://platform.claude.com/docs/en/api/versioning). Newer models have no sampling, so it is ignored. From
  Claude 4.1 on, `top_p` is ignored if `temperature` is set, since only one of them is accepted.
* `max_tokens` is required here: if absent, it is the candidate's limit, or else the configured default.
* Reasoning excludes sampling and forced tools: reasoning takes precedence over sampling, and a forced tool
  over reasoning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.json_format import MessageToDict
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.generation_pb2 import (
    REASONING_EFFORT_HIGH,
    REASONING_EFFORT_LOW,
    REASONING_EFFORT_MEDIUM,
    REASONING_EFFORT_NONE,
    GenerationConfig,
)

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.tokens import text_tokens
from ringmain_server.errors import InvalidField
from ringmain_server.providers.anthropic.formats import Format, format_of
from ringmain_server.providers.anthropic.traits import ClaudeThinking, ClaudeTraits, traits_of
from ringmain_server.providers.anthropic.turns import MessagesTurn, conversation
from ringmain_server.providers.structs import EXACT
from ringmain_server.providers.transport import HttpRequest

MESSAGES_PATH = "/v1/messages"
COUNT_PATH = "/v1/messages/count_tokens"
DEFAULT_MAX_OUTPUT_TOKENS = 8192
"""Every model that is still served can write this many tokens."""
BETAS = "betas"
"""The provider option that becomes the header `anthropic-beta`, with the name that the SDKs use."""

_EFFORTS = {
    REASONING_EFFORT_LOW: ("low", 0.25),
    REASONING_EFFORT_MEDIUM: ("medium", 0.5),
    REASONING_EFFORT_HIGH: ("high", 0.75),
}
"""The wire's word for an effort, and its share of the output tokens for models with a budget."""
_BUDGET_RANGE = (1024, 32_000)
"""The wire's minimum, and the most that a connection with a usual timeout should wait for."""
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
_CACHED = {"cache_control": {"type": "ephemeral"}}

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
    body, headers = _body(request, candidate, options)
    if stream:
        body["stream"] = True
        headers = {**_STREAM_HEADERS, **headers}
    return HttpRequest(MESSAGES_PATH, body, headers)


def count_request(request: ChatRequest, candidate: Candidate, options: Options) -> HttpRequest:
    """Builds the request for a token count.

    Raises:
        CallerError: As `chat_request`.
    """
    body, headers = _body(request, candidate, options)
    counted = {key: body[key] for key in _COUNTED if key in body}
    return HttpRequest(COUNT_PATH, counted, {key: headers[key] for key in headers if key == "anthropic-beta"})


def _body(request: ChatRequest, candidate: Candidate, options: Options) -> tuple[Json, Mapping[str, str]]:
    config = request.generation_config
    traits = traits_of(candidate.provider_model)
    spoken = conversation(request.messages, candidate.provider_id)
    form = format_of(request, takes_schema=traits.schema)
    max_tokens = _max_tokens(config, candidate, options)
    thinking = _thinking(config, traits, max_tokens, form, spoken.turns)
    body: Json = {"model": candidate.provider_model, "max_tokens": max_tokens, "messages": spoken.messages}
    if spoken.system:
        body["system"] = _system(spoken.system, options.cache_system_tokens)
    if form.tools:
        body["tools"] = form.tools
    if form.choice:
        body["tool_choice"] = form.choice
    if thinking:
        body["thinking"] = thinking
    if output := _output_config(config, traits, form, thinking):
        body["output_config"] = output
    if stops := [stop for stop in config.stop_sequences if stop.strip()]:
        body["stop_sequences"] = stops  # the wire refuses blank ones
    # The wire refuses sampling fields together with thinking.
    if thinking is None or thinking["type"] == "disabled":
        body.update(_sampling(config, traits))
    betas = (*options.betas, *_apply_options(body, request, candidate.kind))
    headers = {"anthropic-beta": ",".join(betas)} if betas else {}
    return body, {**headers, **_version(body, options.platform)}


def _max_tokens(config: GenerationConfig, candidate: Candidate, options: Options) -> int:
    most = candidate.max_output_tokens
    wanted = options.max_output_tokens
    if config.HasField("max_output_tokens"):
        wanted = config.max_output_tokens
    elif most and candidate.output_limit_configured:
        wanted = most
    return min(wanted, most) if most else wanted


def _system(texts: Sequence[str], cache_from: int | None) -> list[Json]:
    blocks: list[Json] = [{"type": "text", "text": text} for text in texts]
    if cache_from is not None and sum(map(text_tokens, texts)) >= cache_from:
        # The prefix that a breakpoint caches begins with the tools, so this one covers both.
        blocks[-1].update(_CACHED)
    return blocks


def _thinking(
    config: GenerationConfig,
    traits: ClaudeTraits,
    max_tokens: int,
    form: Format,
    turns: Sequence[MessagesTurn],
) -> Json | None:
    """Returns the wire's `thinking`; None leaves it to the model's default."""
    effort = config.reasoning_effort
    if form.forces_tool or effort == REASONING_EFFORT_NONE:
        return {"type": "disabled"} if traits.thinks_unasked and traits.thinking_optional else None
    if effort not in _EFFORTS or traits.thinking is ClaudeThinking.NONE:
        return None
    if traits.thinking is ClaudeThinking.ADAPTIVE:
        return {"type": "adaptive", "display": "summarized"}
    least, most = _BUDGET_RANGE
    budget = min(max(int(max_tokens * _EFFORTS[effort][1]), least), most)
    # The wire refuses a budget that leaves no tokens for the answer.
    if budget >= max_tokens or not _may_think(turns):
        return None
    return {"type": "enabled", "budget_tokens": budget}


def _may_think(turns: Sequence[MessagesTurn]) -> bool:
    """Whether a model with a budget may begin to reason at this point.

    It may not do so within a turn of its own, for example while tools run that it called without reasoning or
    that another provider called (https://platform.claude.com/docs/en/build-with-claude/extended-thinking).
    """
    if turns[-1].role == "assistant":
        return False
    if not turns[-1].results or len(turns) < 2:
        return True
    return turns[-2].content[0]["type"] in ("thinking", "redacted_thinking")


def _output_config(
    config: GenerationConfig, traits: ClaudeTraits, form: Format, thinking: Json | None
) -> Json:
    output: Json = {}
    if thinking and traits.thinking is ClaudeThinking.ADAPTIVE and config.reasoning_effort in _EFFORTS:
        output["effort"] = _EFFORTS[config.reasoning_effort][0]
    if form.schema is not None:
        output["format"] = {"type": "json_schema", "schema": form.schema}
    return output


def _sampling(config: GenerationConfig, traits: ClaudeTraits) -> Json:
    if not traits.sampling:
        return {}
    found: Json = {}
    if config.HasField("temperature"):
        found["temperature"] = _decimal(min(config.temperature, 1.0))
    if config.HasField("top_p") and not (found and traits.sampling_exclusive):
        found["top_p"] = _decimal(config.top_p)
    if config.HasField("top_k"):
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
