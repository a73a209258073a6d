"""Room 4, the pure side of `anthropic`: decides which JSON schemas the wire can enforce.

`output_config.format` accepts a subset of JSON Schema: closed objects, no bounds, no recursion
(https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations). Other
schemas are enforced by a forced tool, whose `input_schema` accepts any schema for an object.
"""

from collections.abc import Iterator, Mapping

Schema = Mapping[str, object]

_ASSERTIONS = frozenset(
    {
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "enum",
        "const",
        "anyOf",
        "allOf",
        "$ref",
    }
)
_DEFINITIONS = ("$defs", "definitions")
_KEPT = frozenset({"title", "description", "default", "format", *_DEFINITIONS})
_DROPPED = frozenset({"$schema", "$id", "$comment", "examples"})
"""Annotations that do not affect validity."""
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)


class _Inexpressible(Exception):
    """The wire cannot express a schema."""


def native(schema: Schema) -> Schema | None:
    """Returns the schema as the wire accepts it; None if the wire cannot express it.

    An object schema that does not mention additional properties is closed: every value that satisfies the
    closed schema also satisfies the open one.
    """
    try:
        found = _closed(schema)
    except _Inexpressible:
        return None
    return None if _recursive(found) else found


def is_object(schema: Schema) -> bool:
    """Whether the schema describes an object, as a tool's input must be."""
    return schema.get("type") == "object"


def _closed(schema: object) -> dict[str, object]:
    if not isinstance(schema, dict) or not _plain(schema):
        raise _Inexpressible
    found = {key: _below(key, value) for key, value in schema.items() if key not in _DROPPED}
    if "object" in _types(schema):
        found["additionalProperties"] = False
    return found


def _below(keyword: str, value: object) -> object:
    """Returns the value of a keyword with every schema in it closed."""
    if keyword in ("properties", *_DEFINITIONS) and isinstance(value, dict):
        return {name: _closed(inner) for name, inner in value.items()}
    if keyword in ("anyOf", "allOf") and isinstance(value, list):
        return [_closed(inner) for inner in value]
    return _closed(value) if keyword == "items" else value


def _plain(schema: Schema) -> bool:
    """Whether one level of a schema, without its subschemas, is in the subset."""
    if not schema.keys() <= _ASSERTIONS | _KEPT | _DROPPED or not schema.keys() & _ASSERTIONS:
        return False
    if "object" in _types(schema) and not schema.get("properties"):
        return False  # a closed object without properties could only be {}
    if schema.get("additionalProperties", False) is not False:
        return False
    return schema.get("format", "date") in _FORMATS


def _types(schema: Schema) -> list[object]:
    stated = schema.get("type")
    return stated if isinstance(stated, list) else [stated]


def _recursive(schema: Schema) -> bool:
    """Whether a definition refers back to itself, or a reference points to anything but a definition."""
    known: dict[str, frozenset[str]] = {}
    for keyword in _DEFINITIONS:
        definitions = schema.get(keyword)
        for name, definition in definitions.items() if isinstance(definitions, dict) else ():
            known[f"#/{keyword}/{name}"] = frozenset(_references(definition))
    body = {key: value for key, value in schema.items() if key not in _DEFINITIONS}
    reached = frozenset(_references(body))
    # A path without a cycle has at most one step for each definition.
    for _ in range(len(known) + 1):
        if not reached <= known.keys():
            return True
        reached = frozenset().union(*(known[reference] for reference in reached))
    return bool(reached)


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
