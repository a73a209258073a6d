"""Room 4, pure: builds the parts of requests that chat completions and responses have in common."""

import re
from collections.abc import Iterator, Sequence

import orjson
from ringmain.v1.generation_pb2 import (
    REASONING_EFFORT_HIGH,
    REASONING_EFFORT_LOW,
    REASONING_EFFORT_MEDIUM,
    REASONING_EFFORT_NONE,
    TOOL_MODE_AUTO,
    TOOL_MODE_NONE,
    TOOL_MODE_REQUIRED,
    JsonSchemaFormat,
)

from ringmain_server.errors import InvalidField
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.openai.strict import is_strict
from ringmain_server.providers.structs import HasOptions, read_options

EFFORTS = {
    REASONING_EFFORT_NONE: "none",
    REASONING_EFFORT_LOW: "low",
    REASONING_EFFORT_MEDIUM: "medium",
    REASONING_EFFORT_HIGH: "high",
}
MODES = {TOOL_MODE_AUTO: "auto", TOOL_MODE_NONE: "none", TOOL_MODE_REQUIRED: "required"}
_WIRE = "openai"
_SCHEMA_NAME = "answer"
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9_-]")


def short(value: float) -> float:
    """Returns the shortest decimal for a single-precision value, such as 0.7 instead of 0.699999988079071."""
    return float(f"{value:.7g}")


def schema_format(wanted: JsonSchemaFormat) -> tuple[Object, bool]:
    """Returns a named schema, and whether a model can be held to it exactly.

    Raises:
        InvalidField: The schema is not a JSON object.
    """
    path = "generation_config.response_format.json_schema.schema_json"
    schema = json_object(wanted.schema_json, path)
    name = _NOT_IN_NAME.sub("_", wanted.name)[:64] or _SCHEMA_NAME
    return {"name": name, "schema": schema}, is_strict(schema)


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
