"""Tests of which schemas the wire can hold a model to."""

from typing import Any

import pytest
from ringmain_server.providers.anthropic.schemas import is_object, native

NAME = {"type": "string"}
PERSON = {"type": "object", "properties": {"name": NAME}, "required": ["name"]}
CLOSED = {**PERSON, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        (PERSON, CLOSED),
        (CLOSED, CLOSED),
        ({"type": "array", "items": PERSON}, {"type": "array", "items": CLOSED}),
        ({"anyOf": [PERSON, {"type": "null"}]}, {"anyOf": [CLOSED, {"type": "null"}]}),
        ({"type": ["object", "null"], "properties": {"a": NAME}}, None),
        ({"enum": ["a", 1]}, {"enum": ["a", 1]}),
        ({"const": 1, "title": "One", "description": "1"}, {"const": 1, "title": "One", "description": "1"}),
        ({**NAME, "format": "email", "examples": ["x"], "$comment": "y"}, {**NAME, "format": "email"}),
        (
            {"$defs": {"p": PERSON}, "type": "object", "properties": {"p": {"$ref": "#/$defs/p"}}},
            {
                "$defs": {"p": CLOSED},
                "type": "object",
                "properties": {"p": {"$ref": "#/$defs/p"}},
                "additionalProperties": False,
            },
        ),
    ],
)
def test_schemas_within_the_subset(schema: dict[str, Any], sent: dict[str, Any] | None) -> None:
    """A schema of the subset goes as it is, with its objects closed and without what says nothing."""
    expected = sent or {**schema, "additionalProperties": False}
    assert native(schema) == expected


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"description": "anything"},
        {"type": "object"},
        {"type": "object", "properties": {}},
        {**PERSON, "additionalProperties": True},
        {**PERSON, "additionalProperties": NAME},
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": "a+"},
        {"type": "string", "format": "binary"},
        {"oneOf": [PERSON]},
        {"type": "array", "items": True},
        {"type": "array", "items": {"type": "integer", "maximum": 1}},
        {"anyOf": [NAME, {}]},
        {"type": "object", "properties": {"a": True}},
        {"$ref": "#/elsewhere"},
        {"$ref": "https://x.example/schema"},
        {
            "$defs": {"node": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
            "$ref": "#/$defs/node",
        },
        {
            "definitions": {"a": {"anyOf": [{"$ref": "#/definitions/b"}]}, "b": {"$ref": "#/definitions/a"}},
            "$ref": "#/definitions/a",
        },
    ],
)
def test_schemas_beyond_the_subset(schema: dict[str, Any]) -> None:
    """A schema that the wire cannot express is left to the tool."""
    assert native(schema) is None


def test_only_objects_fit_a_tool() -> None:
    """A tool's input is an object."""
    assert is_object(PERSON)
    assert not is_object({"type": "array"})
    assert not is_object({"type": ["object", "null"]})
