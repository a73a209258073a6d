"""Room 1, pure: rules for a generation configuration."""

import math
import re
from itertools import islice

from ringmain.v1.generation_pb2 import MODALITY_AUDIO, GenerationConfig, Modality, PromptCache

from ringmain_server.edge.rules.audio import FORMATS as AUDIO_FORMATS
from ringmain_server.edge.rules.common import Rules, few, json_object, short, span
from ringmain_server.edge.rules.options import options
from ringmain_server.errors import Violation

STOP_LIMIT = 8
CACHE_KEY_LIMIT = 64
MODALITY_LIMIT = 16
TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")

_RANGES: tuple[tuple[str, float, float, str], ...] = (
    ("max_output_tokens", 1, math.inf, "is not at least 1"),
    ("temperature", 0, 2, "is not from 0 to 2"),
    ("top_p", 1e-9, 1, "is not above 0 and at most 1"),
    ("top_k", 1, math.inf, "is not at least 1"),
    ("frequency_penalty", -2, 2, "is not from -2 to 2"),
    ("presence_penalty", -2, 2, "is not from -2 to 2"),
    ("reasoning_token_budget", 0, math.inf, "is below zero"),
    ("top_logprobs", 0, 20, "is not from 0 to 20"),
)


def generation(config: GenerationConfig) -> Rules:
    """Checks that the parameters of a generation are within their ranges."""
    for name, least, most, wrong in _RANGES:
        # `not` in front of the comparison, so that NaN is out of every range
        if config.HasField(name) and not least <= getattr(config, name) <= most:  # type: ignore[arg-type]
            yield Violation(f"generation_config.{name}", wrong)
    yield from few(config.stop_sequences, "generation_config.stop_sequences", STOP_LIMIT)
    for index, stop in enumerate(islice(config.stop_sequences, STOP_LIMIT)):
        path = f"generation_config.stop_sequences[{index}]"
        if not stop:
            yield Violation(path, "is empty")
        yield from short(stop, path)
    # An effort from a newer contract is ignored, like one that a provider does not support.
    if config.provider_options:
        yield from options(config.provider_options, "generation_config.provider_options")
    if config.HasField("response_format"):
        yield from _response_format(config)
    if config.output_modalities or config.HasField("audio_output"):
        yield from _output(config)
    if config.HasField("prompt_cache"):
        yield from _prompt_cache(config.prompt_cache)


def _response_format(config: GenerationConfig) -> Rules:
    path = "generation_config.response_format"
    kind = config.response_format.WhichOneof("format")
    if kind is None:
        yield Violation(path, "names no format")
    elif kind == "json_schema":
        schema = config.response_format.json_schema
        if schema.name and not TOOL_NAME.fullmatch(schema.name):
            yield Violation(f"{path}.json_schema.name", "is not 1 to 64 letters, digits, _ or -")
        if not schema.schema_json:
            yield Violation(f"{path}.json_schema.schema_json", "is empty")
        else:
            yield from json_object(schema.schema_json, f"{path}.json_schema.schema_json")


def _output(config: GenerationConfig) -> Rules:
    """Checks that what the answer may hold is known, and that a voice is asked for with audio only."""
    path = "generation_config.output_modalities"
    yield from few(config.output_modalities, path, MODALITY_LIMIT)
    for index, modality in enumerate(islice(config.output_modalities, MODALITY_LIMIT)):
        if not modality or modality not in Modality.values():
            yield Violation(f"{path}[{index}]", "is unknown" if modality else "is not set")
    if config.HasField("audio_output"):
        if MODALITY_AUDIO not in config.output_modalities:
            yield Violation("generation_config.audio_output", "is given, but output_modalities has no AUDIO")
        yield from short(config.audio_output.voice, "generation_config.audio_output.voice")
        if (wanted := config.audio_output.mime_type) and wanted not in AUDIO_FORMATS:
            wrong = f"is not one of {', '.join(AUDIO_FORMATS)}"
            yield Violation("generation_config.audio_output.mime_type", wrong)


def _prompt_cache(cache: PromptCache) -> Rules:
    yield from short(cache.key, "generation_config.prompt_cache.key", CACHE_KEY_LIMIT)
    if cache.HasField("ttl"):
        yield from span(cache.ttl, "generation_config.prompt_cache.ttl")
