"""Room 4, pure: writes the generation settings of this wire.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference#generationconfig. A setting
that the model does not have is ignored, as the contract says.
"""

from ringmain.v1.generation_pb2 import (
    REASONING_EFFORT_HIGH,
    REASONING_EFFORT_LOW,
    REASONING_EFFORT_MEDIUM,
    REASONING_EFFORT_NONE,
    REASONING_EFFORT_UNSPECIFIED,
    GenerationConfig,
    ReasoningEffort,
    ResponseFormat,
)

from ringmain_server.providers.vertex import schemas, wire
from ringmain_server.providers.vertex.traits import GeminiThinking, GeminiTraits

_SCHEMA_PATH = "generation_config.response_format.json_schema.schema_json"
_JSON = "application/json"
_SEEDS = 2**31
"""Seeds on this wire have 32 bits."""
_MINIMAL, _LOW, _MEDIUM, _HIGH = 4, 1, 2, 3
"""Values of `ThinkingConfig.ThinkingLevel`."""
_LEVELS = {
    REASONING_EFFORT_NONE: _MINIMAL,
    REASONING_EFFORT_LOW: _LOW,
    REASONING_EFFORT_MEDIUM: _MEDIUM,
    REASONING_EFFORT_HIGH: _HIGH,
}
_BUDGETS = {
    REASONING_EFFORT_NONE: 0,
    REASONING_EFFORT_LOW: 1024,
    REASONING_EFFORT_MEDIUM: 8192,
    REASONING_EFFORT_HIGH: 24_576,
}
"""Tokens by effort. The highest budget that every such model accepts is 24,576."""
_LEAST_BUDGET = 128
"""The minimum for models that always think."""


def write(target: wire.GenerationConfig, config: GenerationConfig, traits: GeminiTraits) -> None:
    """Writes the generation settings into a request.

    Raises:
        InvalidField: A schema is not valid.
    """
    if config.HasField("max_output_tokens"):
        target.max_output_tokens = config.max_output_tokens
    if config.HasField("temperature"):
        target.temperature = config.temperature
    if config.HasField("top_p"):
        target.top_p = config.top_p
    if config.HasField("top_k"):
        target.top_k = config.top_k
    if traits.penalties and config.HasField("frequency_penalty"):
        target.frequency_penalty = config.frequency_penalty
    if traits.penalties and config.HasField("presence_penalty"):
        target.presence_penalty = config.presence_penalty
    if config.HasField("seed"):
        target.seed = config.seed if -_SEEDS <= config.seed < _SEEDS else config.seed % _SEEDS
    target.stop_sequences.extend(config.stop_sequences)
    if config.reasoning_effort != REASONING_EFFORT_UNSPECIFIED:
        _think(target, config.reasoning_effort, traits)
    if config.HasField("response_format"):
        _shape(target, config.response_format)


def _think(target: wire.GenerationConfig, effort: ReasoningEffort.ValueType, traits: GeminiTraits) -> None:
    """Writes how much the model shall think.

    https://cloud.google.com/vertex-ai/generative-ai/docs/thinking
    """
    if traits.thinking is GeminiThinking.NONE or effort not in _BUDGETS:
        return
    thinking = target.thinking_config
    thinking.include_thoughts = effort != REASONING_EFFORT_NONE
    if traits.thinking is GeminiThinking.BUDGET:
        least = _LEAST_BUDGET if traits.always_thinks else 0
        thinking.thinking_budget = max(_BUDGETS[effort], least)
    else:
        thinking.thinking_level = _level(effort, traits)


def _level(effort: ReasoningEffort.ValueType, traits: GeminiTraits) -> int:
    level = _LEVELS[effort]
    if level == _MINIMAL and traits.always_thinks:
        return _LOW
    if level == _MEDIUM and traits.two_levels:
        return _HIGH
    return level


def _shape(target: wire.GenerationConfig, wanted: ResponseFormat) -> None:
    """Writes the format of the answer. A schema's name has no field on this wire.

    https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/control-generated-output
    """
    target.response_mime_type = _JSON
    if wanted.WhichOneof("format") == "json_schema":
        schema = schemas.response(wanted.json_schema.schema_json, _SCHEMA_PATH)
        target.response_json_schema.CopyFrom(schema)
