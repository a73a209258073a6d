"""Tests of which schemas are of the strict subset."""

from typing import Any

import pytest
from ringmain_server.providers.openai.strict import is_strict


def closed(**properties: Any) -> dict[str, Any]:
    """An object that has just these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def nested(depth: int) -> dict[str, Any]:
    """Objects within objects."""
    return closed(a=nested(depth - 1)) if depth > 1 else closed()


TEXT = {"type": "string"}

STRICT: list[dict[str, Any]] = [
    closed(),
    closed(a=TEXT, b={"type": ["integer", "null"], "minimum": 0}),
    closed(a={"type": "array", "items": closed(b=TEXT), "minItems": 1}),
    closed(a={"anyOf": [TEXT, closed()]}, b={"enum": ["x", "y"]}, c={"const": 1}),
    closed(a={"type": "string", "format": "date-time", "pattern": "x", "description": "d"}),
    {**closed(a={"$ref": "#/$defs/x"}), "$defs": {"x": closed()}, "title": "t"},
    nested(10),
]
LOOSE: list[dict[str, Any]] = [
    {},
    TEXT,
    {"type": "object"},
    {"type": "object", "properties": {"a": TEXT}, "required": ["a"]},
    {"type": "object", "properties": {"a": TEXT}, "additionalProperties": False},
    {"type": "object", "properties": {"a": TEXT}, "required": "a", "additionalProperties": False},
    {"type": "object", "properties": [], "required": [], "additionalProperties": False},
    {**closed(), "anyOf": [closed()]},
    {**closed(), "allOf": []},
    {**closed(), "$defs": []},
    closed(a={}),
    closed(a=True),
    closed(a={"type": "object"}),
    closed(a={"type": ["object", "null"]}),
    closed(a={"type": "string", "format": "color"}),
    closed(a={"type": "string", "default": "x"}),
    closed(a={"type": "array", "items": {"type": "object"}}),
    closed(a={"type": "string", "anyOf": 7}),
    nested(11),
]


@pytest.mark.parametrize("schema", STRICT, ids=str)
def test_schemas_that_a_model_can_be_held_to(schema: dict[str, Any]) -> None:
    """A closed schema of supported keywords is strict."""
    assert is_strict(schema)


@pytest.mark.parametrize("schema", LOOSE, ids=str)
def test_schemas_that_strict_mode_would_refuse(schema: dict[str, Any]) -> None:
    """Anything else is not, so that the request passes."""
    assert not is_strict(schema)
