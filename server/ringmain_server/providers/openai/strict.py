"""Room 4, pure: decides whether OpenAI can hold a model to a JSON Schema exactly.

Strict mode guarantees the schema, but accepts only a subset
(https://platform.openai.com/docs/guides/structured-outputs#supported-schemas): the root is an object, every
object lists all its properties as required and allows no others, and only some keywords exist. A doubtful
schema is not strict: the model still receives it, and the request is not refused.
"""

_KEYWORDS = frozenset(
    {
        "$defs",
        "$ref",
        "additionalProperties",
        "anyOf",
        "const",
        "definitions",
        "description",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "items",
        "maxItems",
        "maximum",
        "minItems",
        "minimum",
        "multipleOf",
        "pattern",
        "properties",
        "required",
        "title",
        "type",
    }
)
_FORMATS = frozenset(
    {"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid"},
)
_DEFINING = frozenset({"type", "$ref", "anyOf", "enum", "const"})
_DEEPEST = 10
"""Levels of nesting that strict mode allows."""


def is_strict(schema: dict[str, object]) -> bool:
    """Whether a schema is in the strict subset."""
    return schema.get("type") == "object" and "anyOf" not in schema and _node(schema, _DEEPEST)


def _node(schema: object, depth: int) -> bool:
    if not isinstance(schema, dict) or not depth:
        return False
    if not schema.keys() <= _KEYWORDS or not _DEFINING & schema.keys():
        return False
    if schema.get("format", "date") not in _FORMATS or not _closed(schema):
        return False
    below = _below(schema)
    return below is not None and all(_node(node, depth - 1) for node in below)


def _below(schema: dict[str, object]) -> list[object] | None:
    """Returns the schemas within a schema, or None if something else stands in a schema's place."""
    below: list[object] = [schema["items"]] if "items" in schema else []
    for name in ("properties", "$defs", "definitions"):
        named = schema.get(name, {})
        if not isinstance(named, dict):
            return None
        below += named.values()
    alternatives = schema.get("anyOf", [])
    return below + alternatives if isinstance(alternatives, list) else None


def _closed(schema: dict[str, object]) -> bool:
    """Whether an object requires all its properties and allows no others; anything but an object passes."""
    kind = schema.get("type")
    is_object = kind == "object" or (isinstance(kind, list) and "object" in kind)
    if not is_object and "properties" not in schema:
        return True
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, dict) or not isinstance(required, list):
        return False
    return schema.get("additionalProperties") is False and set(map(str, required)) == set(properties)
