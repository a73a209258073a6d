"""Room 4, the pure side of `anthropic`: a chat request as the body of the Messages wire.

Fields are those of https://platform.claude.com/docs/en/api/messages/create. Where contract and wire differ:

* `seed` and the penalties are ignored.
* `temperature` ends at 1 here: more counts as 1. Models up to Claude 4.6 take the sampling fields, and only
  under the API version before 2026-10-21, so a request that uses them names that version
  (https://platform.claude.com/docs/en/api/versioning). Newer models have no sampling: ignored. From Claude
  4.1 on, `top_p` is ignored beside `temperature`, since only one is taken.
* `max_tokens` is required here: absent, it is the candidate's limit, else the configured default.
* Reasoning excludes sampling and forced tools: sampling gives way to reasoning, reasoning to a forced tool.
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
from ringmain_server.providers.anthropic.traits import Thinking, Traits, traits_of
from ringmain_server.providers.anthropic.turns import Turn, conversation
from ringmain_server.providers.transport import HttpRequest

MESSAGES_PATH = "/v1/messages"
COUNT_PATH = "/v1/messages/count_tokens"
DEFAULT_MAX_OUTPUT_TOKENS = 8192
"""Every model that is still served can write as much."""
BETAS = "betas"
"""The provider option that becomes the header `anthropic-beta`, named as the SDKs name it."""

_EFFORTS = {
    REASONING_EFFORT_LOW: ("low", 0.25),
    REASONING_EFFORT_MEDIUM: ("medium", 0.5),
    REASONING_EFFORT_HIGH: ("high", 0.75),
}
"""The wire's word for an effort, and the share of the output that it means where a budget is wanted."""
_BUDGET_RANGE = (1024, 32_000)
"""The wire's least, and the most that a connection of ordinary patience should wait for."""
_SAMPLING_VERSIONS = {"": "2023-06-01", "vertex": "vertex-2023-10-16", "bedrock": "bedrock-2023-05-31"}
"""By platform, the API version that has the sampling fields."""
_STREAM_HEADERS = {
    "accept": "text/event-stream",
    # A compressed stream comes in blocks, and every block late.
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
"""What decides how the answer is read and billed, so that passed-through options cannot change it."""
_EXACT = 2.0**53
"""Whole numbers up to here are exact as a double."""
_CACHED = {"cache_control": {"type": "ephemeral"}}

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator chose for a provider.

    Attributes:
        platform: `vertex` or `bedrock`, empty for the vendor's own.
        max_output_tokens: The most tokens to write where neither request nor candidate says.
        cache_system_tokens: From about how many tokens on a system prompt is cached, None for never.
        betas: Features that every request asks for; a request may ask for more.
    """

    platform: str = ""
    max_output_tokens: int = DEFAULT_MAX_OUTPUT_TOKENS
    cache_system_tokens: int | None = None
    betas: tuple[str, ...] = ()


def chat_request(
    request: ChatRequest, candidate: Candidate, options: Options, *, stream: bool
) -> HttpRequest:
    """The request for an answer.

    Raises:
        CallerError: A part, a schema or an option that this wire cannot carry.
    """
    body, headers = _body(request, candidate, options)
    if stream:
        body["stream"] = True
        headers = {**_STREAM_HEADERS, **headers}
    return HttpRequest(MESSAGES_PATH, body, headers)


def count_request(request: ChatRequest, candidate: Candidate, options: Options) -> HttpRequest:
    """The request for a count of tokens.

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
        # The prefix that a breakpoint caches begins with the tools, so one here covers both.
        blocks[-1].update(_CACHED)
    return blocks


def _thinking(
    config: GenerationConfig, traits: Traits, max_tokens: int, form: Format, turns: Sequence[Turn]
) -> Json | None:
    """The wire's `thinking`, None to leave it to the model's default."""
    effort = config.reasoning_effort
    if form.forces_tool or effort == REASONING_EFFORT_NONE:
        return {"type": "disabled"} if traits.thinks_unasked and traits.thinking_optional else None
    if effort not in _EFFORTS or traits.thinking is Thinking.NONE:
        return None
    if traits.thinking is Thinking.ADAPTIVE:
        return {"type": "adaptive", "display": "summarized"}
    least, most = _BUDGET_RANGE
    budget = min(max(int(max_tokens * _EFFORTS[effort][1]), least), most)
    if budget >= max_tokens or not _may_think(turns):
        return None
    return {"type": "enabled", "budget_tokens": budget}


def _may_think(turns: Sequence[Turn]) -> bool:
    """Whether a model with a budget may begin to reason here.

    It may not within a turn of its own: while tools run that it called without reasoning, say, or that
    another provider called (https://platform.claude.com/docs/en/build-with-claude/extended-thinking).
    """
    if turns[-1].role == "assistant":
        return False
    if not turns[-1].results or len(turns) < 2:
        return True
    return turns[-2].content[0]["type"] in ("thinking", "redacted_thinking")


def _output_config(config: GenerationConfig, traits: Traits, form: Format, thinking: Json | None) -> Json:
    output: Json = {}
    if thinking and traits.thinking is Thinking.ADAPTIVE and config.reasoning_effort in _EFFORTS:
        output["effort"] = _EFFORTS[config.reasoning_effort][0]
    if form.schema is not None:
        output["format"] = {"type": "json_schema", "schema": form.schema}
    return output


def _sampling(config: GenerationConfig, traits: Traits) -> Json:
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
    """What the caller meant: 0.7, which single precision holds as 0.699999988."""
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
    """The same with whole numbers as integers: a Struct has none, and the wire asks for them."""

    def convert(found: object) -> object:
        if isinstance(found, float) and found.is_integer() and abs(found) <= _EXACT:
            return int(found)
        if isinstance(found, list):
            return [convert(inner) for inner in found]
        return _integral(found) if isinstance(found, dict) else found

    return {key: convert(inner) for key, inner in value.items()}


def _version(body: Json, platform: str) -> Mapping[str, str]:
    """Asks for the version of the API that has the sampling fields, if the body has any."""
    if not body.keys() & {"temperature", "top_p", "top_k"}:
        return {}
    version = _SAMPLING_VERSIONS[platform]
    if platform:
        body.setdefault("anthropic_version", version)
        return {}
    return {"anthropic-version": version}
