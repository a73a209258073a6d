"""Room 4, pure: JSON schemas as this wire takes them.

https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/control-generated-output: JSON Schema as it
stands. Of its keywords the provider enforces what it documents and ignores the rest. An object on this wire
has no order, and a model writes the properties of its answer in the order it is told; so the caller's order
goes along as `propertyOrdering`.
"""

from collections.abc import Mapping
from functools import lru_cache

import orjson
from google.protobuf.struct_pb2 import Value

from ringmain_server.errors import InvalidField
from ringmain_server.providers.vertex import values

_ONE = ("items", "additionalProperties", "not")
_SEVERAL = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED = ("properties", "$defs", "definitions")

_KEPT_LENGTH = 4096
"""Characters of the longest schema that is remembered: callers write them, and there are many of them."""

Schema = Mapping[str, object]


def parameters(text: str, path: str) -> Value:
    """The schema of a tool's parameters, not to be changed: the same text gives the same Value.

    Args:
        text: The schema.
        path: Where it is in the request, for errors.

    Raises:
        InvalidField: It is no JSON object.
    """
    read = _parameters if len(text) <= _KEPT_LENGTH else _parameters.__wrapped__
    return _checked(read(text), path)


def response(text: str, path: str) -> Value:
    """The schema of an answer, not to be changed. See `parameters`."""
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


def ordered(found: object) -> object:
    """A schema that names the order of its properties, down to the last."""
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
