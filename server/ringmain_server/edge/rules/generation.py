"""Room 1, pure: rules for a generation configuration."""

import math
import re
from itertools import islice

from ringmain.v1.generation_pb2 import GenerationConfig

from ringmain_server.edge.rules.common import Rules, few, json_object, short
from ringmain_server.edge.rules.options import options
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
