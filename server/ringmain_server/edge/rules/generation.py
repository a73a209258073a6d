"""Room 1, pure: rules of a generation configuration."""

import math
import re

from ringmain.v1.generation_pb2 import GenerationConfig

from ringmain_server.edge.rules.common import Rules, json_object
from ringmain_server.errors import Violation

STOP_LIMIT = 8
TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")

_RANGES: tuple[tuple[str, float, float, str], ...] = (
    ("max_output_tokens", 1, math.inf, "is not at least 1"),
    ("temperature", 0, 2, "is not from 0 to 2"),
    ("top_p", 1e-9, 1, "is not above 0 and at most 1"),
    ("top_k", 1, math.inf, "is not at least 1"),
    ("frequency_penalty", -2, 2, "is not from -2 to 2"),
    ("presence_penalty", -2, 2, "is not from -2 to 2"),
)


def generation(config: GenerationConfig) -> Rules:
    """Knobs are within their ranges."""
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
        if schema.name and not TOOL_NAME.fullmatch(schema.name):
            yield Violation(f"{path}.json_schema.name", "is not 1 to 64 letters, digits, _ or -")
        if not schema.schema_json:
            yield Violation(f"{path}.json_schema.schema_json", "is empty")
        else:
            yield from json_object(schema.schema_json, f"{path}.json_schema.schema_json")
