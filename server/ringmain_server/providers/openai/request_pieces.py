"""Room 4, pure: builds the parts of requests that chat completions and responses have in common."""

import re
from collections.abc import Iterator, Sequence

import orjson
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.generation_pb2 import (
    TOOL_MODE_AUTO,
    TOOL_MODE_NONE,
    TOOL_MODE_REQUIRED,
    GenerationConfig,
    JsonSchemaFormat,
)
from ringmain.v1.model_service_pb2 import CAPABILITY_REASONING

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.knobs import Knobs
from ringmain_server.errors import Inexpressible, InvalidField
from ringmain_server.kinds.openai import Dialect
from ringmain_server.providers.efforts import effort_word
from ringmain_server.providers.knobs import refused
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.openai.strict import is_strict
from ringmain_server.providers.pseudonyms import cache_key
from ringmain_server.providers.structs import HasOptions, read_options

_DAY_FROM = 3600
"""Seconds from which on a prompt is kept for a day, https://platform.openai.com/docs/guides/prompt-caching."""
MODES = {TOOL_MODE_AUTO: "auto", TOOL_MODE_NONE: "none", TOOL_MODE_REQUIRED: "required"}
_WIRE = "openai"
_SCHEMA_NAME = "answer"
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9_-]")


def short(value: float) -> float:
    """Returns the shortest decimal for a single-precision value, such as 0.7 instead of 0.699999988079071."""
    return float(f"{value:.7g}")


def may_reason(candidate: Candidate) -> bool:
    """Whether a candidate reasons, as far as is known; others refuse to be asked to."""
    return candidate.capabilities is None or CAPABILITY_REASONING in candidate.capabilities


def refused_settings(config: GenerationConfig, candidate: Candidate) -> frozenset[str]:
    """Returns the settings that a request may not have: a model refuses some while it reasons."""
    return refused(config, candidate.knobs, reasons=_reasons(config, candidate))


def _reasons(config: GenerationConfig, candidate: Candidate) -> bool:
    knobs = candidate.knobs
    if "none" not in knobs.efforts:
        return True
    if candidate.capabilities is None or CAPABILITY_REASONING not in candidate.capabilities:
        return False
    effort = effort_word(config, knobs)
    return effort != "none" and (bool(effort) or knobs.reasons_unasked)


def effort_field(effort: str, dialect: Dialect) -> tuple[str, object]:
    """Returns the field that says how much to reason; some servers have another one for not at all.

    https://api-docs.deepseek.com/guides/thinking_mode
    """
    if effort == "none" and dialect.thinking:
        return "thinking", {"type": "disabled"}
    return dialect.reasoning_effort, effort


def prompt_cache(request: ChatRequest, candidate: Candidate) -> Iterator[tuple[str, object]]:
    """Yields the fields of the provider's prompt cache."""
    if key := cache_key(request, candidate):
        yield "prompt_cache_key", key
    is_long = request.generation_config.prompt_cache.ttl.seconds > _DAY_FROM
    if is_long and candidate.knobs.day_cache:
        yield "prompt_cache_retention", "24h"


def schema_format(wanted: JsonSchemaFormat, knobs: Knobs) -> tuple[Object, bool]:
    """Returns a named schema, and whether the model is to be held to it exactly.

    Args:
        wanted: The schema that the answer must have.
        knobs: The knobs of the model.

    Raises:
        InvalidField: The schema is not a JSON object.
        Inexpressible: The model must be held to a schema to which it cannot be held.
    """
    path = "generation_config.response_format.json_schema"
    schema = json_object(wanted.schema_json, f"{path}.schema_json")
    found: Object = {"name": _NOT_IN_NAME.sub("_", wanted.name)[:64] or _SCHEMA_NAME, "schema": schema}
    if wanted.description:
        found["description"] = wanted.description
    strict = knobs.native_schema and is_strict(schema)
    if wanted.strict and not strict:
        raise Inexpressible.at(f"{path}.strict", "this provider cannot hold a model to this schema")
    return found, strict and (wanted.strict or not wanted.HasField("strict"))


def json_word(request: ChatRequest) -> Iterator[Object]:
    """Yields the instruction to write JSON, where a server refuses to be asked for it without the word.

    https://platform.openai.com/docs/guides/structured-outputs#json-mode
    """
    wanted = request.generation_config.response_format
    if wanted.WhichOneof("format") != "json_object":
        return
    parts = (part for message in request.messages for part in message.parts)
    if not any("json" in part.text.lower() for part in parts):
        yield {"role": "system", "content": "Answer with a JSON object."}


def json_object(text: str, path: str) -> Object:
    """Parses a JSON object.

    Raises:
        InvalidField: The text is not one; `path` names the field.
    """
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        raise InvalidField.at(path, "is not JSON") from exc
    if not isinstance(found, dict):
        raise InvalidField.at(path, "is not a JSON object")
    return found


def form_values(value: object) -> Sequence[str]:
    """Returns a value of JSON as fields of a form write it, one field for each item of a list."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list):
        return [text for item in value for text in form_values(item)]
    return (orjson.dumps(value).decode(),)


def options(
    config: HasOptions,
    kind: str,
    gateways_own: frozenset[str],
    field: str = "generation_config",
) -> Iterator[Object]:
    """Yields the passed-through options of the wire, followed by those of the kind, which take precedence.

    Args:
        config: Holds the options of every kind.
        kind: The kind of the provider that is asked.
        gateways_own: Fields that options may not set.
        field: The configuration's place in the request, for error messages.

    Raises:
        InvalidField: An option sets one of those fields.
    """
    for key in dict.fromkeys((_WIRE, kind)):
        found = read_options(config, key)
        for name in sorted(gateways_own & found.keys()):
            path = f"{field}.provider_options[{key}].{name}"
            raise InvalidField.at(path, "is set by the gateway")
        yield found
