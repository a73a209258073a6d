"""Sandbox, pure: the JSON Schemas that it understands.

The keywords of https://json-schema.org/draft/2020-12/json-schema-validation that model providers document for
structured answers and tools, and most others. A schema with a keyword that restricts and is not understood is
refused, so that every answer is valid.
"""

import math
from collections.abc import Mapping
from typing import Final

from ringmain_sandbox.budget import StepBudget
from ringmain_sandbox.pattern import Pattern, PatternError

Schema = Mapping[str, object] | bool
"""A JSON Schema."""

_BEYOND = frozenset(
    {
        "$dynamicRef",
        "$recursiveRef",
        "additionalItems",
        "dependencies",
        "dependentSchemas",
        "maxContains",
        "minContains",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
_TYPES: Final = ("string", "object", "array", "integer", "number", "boolean", "null")
_NUMBERS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_COUNTS = frozenset({"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"})
_SCHEMAS = frozenset(
    {"items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"}
)
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions"})
_VALUES = frozenset({"const", "enum", "required", "dependentRequired"})
_DEPTH_LIMIT = 100


class SchemaError(ValueError):
    """Raised for a schema that is malformed, that is not understood, or that no value satisfies."""


class Root:
    """A whole schema, to which the references inside it point.

    Args:
        schema: The schema.
        budget: Pays for all work on the schema.

    Raises:
        SchemaError: The schema is malformed, or has a keyword that is not understood.
        TooInvolvedError: The schema is too large.
    """

    def __init__(self, schema: object, budget: StepBudget) -> None:
        self.budget = budget
        self._source = schema
        self._targets: dict[str, Schema] = {}
        self._patterns: dict[str, Pattern] = {}
        self.schema = self._read(schema, "$", 0)

    def target(self, reference: str) -> Schema:
        """Returns the schema to which a `$ref` points.

        Raises:
            SchemaError: It points to nothing, or to another document.
        """
        if reference not in self._targets:
            self._targets[reference] = self._read(self._pointed(reference), reference, 0)
        return self._targets[reference]

    def pattern(self, source: str) -> Pattern:
        """Returns the parsed expression.

        Raises:
            SchemaError: The expression is malformed, or beyond what RE2 reads.
        """
        if source not in self._patterns:
            try:
                self._patterns[source] = Pattern(source, self.budget)
            except PatternError as exc:
                raise SchemaError(f"pattern {source!r} {exc}") from exc
        return self._patterns[source]

    def _pointed(self, reference: str) -> object:
        pointer = reference.removeprefix("#")
        if pointer == reference or (pointer and not pointer.startswith("/")):
            raise SchemaError(f"$ref {reference!r} is not a pointer within the schema")
        found: object = self._source
        for token in pointer.split("/")[1:]:
            found = _member(found, token.replace("~1", "/").replace("~0", "~"))
        return found

    def _read(self, schema: object, path: str, depth: int) -> Schema:
        """Checks the shape of every keyword, and returns a copy of the schema.

        The copy lacks `$schema`: jsonschema would follow the rules of the dialect that it names.
        """
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, Mapping):
            raise SchemaError(f"{path} must be an object or a boolean")
        if depth > _DEPTH_LIMIT:
            raise SchemaError(f"{path} is nested too deeply")
        read: dict[str, object] = {}
        for keyword, value in schema.items():
            self.budget.spend()
            if keyword in _VALUES:
                self.budget.spend_for(value)
            where = f"{path}.{keyword}"
            _check(keyword, value, where)
            if keyword != "$schema":
                read[keyword] = self._read_below(keyword, value, where, depth + 1)
        return read

    def _read_below(self, keyword: str, value: object, where: str, depth: int) -> object:
        if keyword in _SCHEMAS:
            return self._read(value, where, depth)
        if isinstance(value, list) and keyword in _LISTS:
            return [self._read(child, f"{where}[{index}]", depth) for index, child in enumerate(value)]
        if isinstance(value, Mapping) and keyword in _MAPS:
            return {name: self._read(child, f"{where}.{name}", depth) for name, child in value.items()}
        return value


def number(schema: Mapping[str, object], keyword: str) -> int | float | None:
    """Returns the number of a keyword; None where it is absent."""
    value = schema.get(keyword)
    return value if isinstance(value, int | float) else None


def whole(schema: Mapping[str, object], keyword: str, default: int = 0) -> int:
    """Returns the count of a keyword."""
    value = schema.get(keyword)
    return int(value) if isinstance(value, int | float) else default


def subschema(schema: Mapping[str, object], keyword: str) -> Schema:
    """Returns the schema of a keyword; one that takes any value where it is absent."""
    value = schema.get(keyword, True)
    return value if isinstance(value, Mapping | bool) else True


def subschemas(schema: Mapping[str, object], keyword: str) -> list[Schema]:
    """Returns the schemas of a keyword that lists them."""
    value = schema.get(keyword)
    found = value if isinstance(value, list) else []
    return [item for item in found if isinstance(item, Mapping | bool)]


def named(schema: Mapping[str, object], keyword: str) -> Mapping[str, Schema]:
    """Returns the schemas of a keyword that names them."""
    value = schema.get(keyword)
    return value if isinstance(value, Mapping) else {}


def names(schema: Mapping[str, object], keyword: str = "required") -> list[str]:
    """Returns the names that a keyword lists."""
    value = schema.get(keyword)
    return [str(item) for item in value] if isinstance(value, list) else []


def types(schema: Mapping[str, object]) -> tuple[str, ...]:
    """Returns the types that `type` admits; all types where it is absent."""
    value = schema.get("type", _TYPES)
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list | tuple) else _TYPES


def _member(value: object, token: str) -> object:
    if isinstance(value, Mapping) and token in value:
        return value[token]
    if isinstance(value, list) and token.isdecimal() and int(token[:9]) < len(value):
        return value[int(token)]
    raise SchemaError(f"a $ref points to {token!r}, which is not there")


def _check(keyword: str, value: object, where: str) -> None:
    if keyword in _BEYOND:
        raise SchemaError(f"{where} is beyond the sandbox")
    expected = _expected(keyword, value)
    if expected:
        raise SchemaError(f"{where} must be {expected}")


def _expected(keyword: str, value: object) -> str:
    """Describes what a keyword's value should be; empty if it is right."""
    if keyword in _NUMBERS:
        sound = _is_number(value) and (keyword != "multipleOf" or value > 0)  # type: ignore[operator]
        return "" if sound else "a number"
    if keyword in _COUNTS:
        return "" if _is_number(value) and value >= 0 and value == int(value) else "a count"  # type: ignore[operator, call-overload]
    if keyword in _LISTS:
        return "" if isinstance(value, list) and value else "a list of schemas"
    if keyword in _MAPS:
        return "" if isinstance(value, Mapping) else "an object of schemas"
    if keyword in ("pattern", "$ref", "format"):
        return "" if isinstance(value, str) else "a string"
    if keyword == "required":
        return "" if _is_names(value) else "a list of names"
    if keyword == "dependentRequired":
        sound = isinstance(value, Mapping) and all(map(_is_names, value.values()))
        return "" if sound else "an object of lists of names"
    if keyword == "enum":
        return "" if isinstance(value, list) and value else "a list of values"
    if keyword == "type":
        listed = value if isinstance(value, list) and value else [value]
        return "" if all(item in _TYPES for item in listed) else f"one of {', '.join(_TYPES)}"
    return ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)
