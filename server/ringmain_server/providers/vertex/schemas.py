"""Room 4, pure: writes JSON schemas as this wire expects them.

https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/control-generated-output: JSON Schema is sent
unchanged; the provider enforces the keywords that it documents and ignores the rest. An object on this wire
has no order, and a model writes the properties of its answer in the order that it is told, so
`propertyOrdering` states the caller's order.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

import orjson
from google.protobuf.struct_pb2 import Value

from ringmain_server.errors import Inexpressible, InvalidField
from ringmain_server.providers.vertex import values
from ringmain_server.text.excerpt import quoted

_ONE = ("items", "additionalProperties", "not")
_SEVERAL = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED = ("properties", "$defs", "definitions")

_ENFORCED = frozenset(
    {
        *_ONE[:2],
        *("anyOf", "oneOf", "prefixItems"),
        *("properties", "$defs"),
        *("$id", "$ref", "$anchor", "type", "format", "enum", "required"),
        *("minItems", "maxItems", "minimum", "maximum", "propertyOrdering"),
    }
)
"""Keywords that the provider says it holds a model to."""
_NOTES = frozenset({"title", "description", "default", "examples", "$schema", "$comment"})
"""Keywords that demand nothing of a value."""

_NAMELESS = _NOTES | {"type", "properties", "required"}
"""Keywords that say nothing of parameters if there are no properties."""

_KEPT_LENGTH = 4096
"""Characters of the longest schema that is cached, since callers write many and long ones."""

Schema = Mapping[str, object]


def parameters(text: str, path: str) -> Value:
    """Returns the schema of a tool's parameters. It must not be changed, because it is cached by its text.

    Args:
        text: The schema.
        path: The schema's place in the request, for error messages.

    Raises:
        InvalidField: The schema is not a JSON object.
    """
    read = _parameters if len(text) <= _KEPT_LENGTH else _parameters.__wrapped__
    return _checked(read(text), path)


def names_nothing(schema: Value) -> bool:
    """Whether a schema says nothing of parameters, so that a function with it is one without parameters."""
    fields = schema.struct_value.fields
    if not _NAMELESS.issuperset(fields):
        return False
    return "properties" not in fields or not fields["properties"].struct_value.fields


def response(text: str, path: str) -> Value:
    """Returns the schema of an answer, which must not be changed. See `parameters`."""
    read = _response if len(text) <= _KEPT_LENGTH else _response.__wrapped__
    return _checked(read(text), path)


@lru_cache(maxsize=256)
def _parameters(text: str) -> Value | None:
    found = _parse(text)
    return None if found is None else _value(found)


@lru_cache(maxsize=256)
def _response(text: str) -> Value | None:
    found = _parse(text)
    return None if found is None else _value(ordered(found))


def check_enforced(text: str, path: str) -> None:
    """Checks that the provider holds a model to all of a schema. What is no schema is refused elsewhere.

    https://ai.google.dev/api/generate-content#FIELDS.response_json_schema

    Raises:
        Inexpressible: The schema has a keyword that the provider ignores.
    """
    found = _parse(text)
    if found is not None and (keyword := _ignored(found)):
        raise Inexpressible.at(path, f"cannot be enforced by this provider, which ignores {quoted(keyword)}")


def _ignored(found: object) -> str:
    """Returns a keyword of a schema that the provider ignores; empty if there is none."""
    if not isinstance(found, Mapping):
        return ""
    for name in found:
        if name not in _ENFORCED and name not in _NOTES:
            return str(name)
    return next(filter(None, map(_ignored, _inner(found))), "")


def _inner(found: Schema) -> Iterator[object]:
    """Yields the schemas within a schema."""
    yield from (found[name] for name in _ONE if name in found)
    for name in _SEVERAL:
        if isinstance(several := found.get(name), list):
            yield from several
    for name in _NAMED:
        if isinstance(named := found.get(name), Mapping):
            yield from named.values()


def ordered(found: object) -> object:
    """Returns a schema that states the order of properties on every level."""
    if not isinstance(found, Mapping):
        return found
    result = dict(found)
    for name in _ONE:
        if name in result:
            result[name] = ordered(result[name])
    for name in _SEVERAL:
        if isinstance(several := result.get(name), list):
            result[name] = [ordered(one) for one in several]
    for name in _NAMED:
        if isinstance(named := result.get(name), Mapping):
            result[name] = {key: ordered(one) for key, one in named.items()}
    properties = result.get("properties")
    if isinstance(properties, Mapping) and len(properties) > 1:
        result.setdefault("propertyOrdering", list(properties))
    return result


def _checked(found: Value | None, path: str) -> Value:
    if found is None:
        raise InvalidField.at(path, "is not a JSON object")
    return found


def _parse(text: str) -> Schema | None:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _value(found: object) -> Value:
    value = Value()
    values.write(value, found)
    return value
