import enum
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Optional, cast

import jsonschema
import pytest
from ringmain import code_execution, schema_of, tool, web_search
from ringmain.tools import ToolLike, as_tool
from ringmain.v1.generation_pb2 import FunctionTool, Tool, WebSearchTool


class Unit(enum.Enum):
    C = "celsius"
    F = "fahrenheit"


@dataclass
class Place:
    city: str
    tags: list[str] = field(default_factory=list)
    zip_code: str | None = None


@dataclass
class Tree:
    children: "list[Tree]"


def weather(
    place: Place, days: int = 1, *, unit: Unit = Unit.C, note: Annotated[str, "free text"] = ""
) -> str:
    """Say what the weather
    will be.

    Longer words.

    Args:
        (a line about none of them)
        place: Where, as exactly
            as possible.
        days (int): How many days.
        note: Not this.

    Returns:
        The weather: good or bad.
    """
    return f"{place} {days} {unit} {note}"


def test_a_function_becomes_a_tool() -> None:
    """Name, description and parameters come from name, docstring and type hints."""
    made = tool(weather).function
    assert not made.HasField("strict")
    assert made.name == "weather"
    assert made.description == "Say what the weather will be."
    schema = json.loads(made.parameters_schema_json)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["required"] == ["place"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["place"]["description"] == "Where, as exactly as possible."
    assert schema["properties"]["place"]["required"] == ["city"]
    assert schema["properties"]["days"] == {"type": "integer", "description": "How many days."}
    assert schema["properties"]["unit"] == {"type": "string", "enum": ["celsius", "fahrenheit"]}
    assert schema["properties"]["note"] == {"type": "string", "description": "free text"}


def test_name_and_description_can_be_given() -> None:
    """The caller's name and description win over the function's."""
    made = tool(weather, name="forecast", description="Forecast.", strict=True).function
    assert (made.name, made.description, made.strict) == ("forecast", "Forecast.", True)


class Adder:
    def __call__(self, number: float) -> float:
        return number

    def method(self, number: float) -> float:
        return number


@pytest.mark.parametrize("function", [Adder(), Adder().method])
def test_methods_and_callables_are_tools(function: Callable[..., object]) -> None:
    """A bound method and a callable object lose `self`."""
    schema = json.loads(tool(function).function.parameters_schema_json)
    assert schema["properties"] == {"number": {"type": "number"}}
    assert tool(Adder()).function.name == "Adder"


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (str, {"type": "string"}),
        (None, {}),
        (Any, {}),
        (object, {}),
        (list, {"type": "array"}),
        (dict, {"type": "object"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (Sequence[bool], {"type": "array", "items": {"type": "boolean"}}),
        (tuple[float, ...], {"type": "array", "items": {"type": "number"}}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Mapping[str, Any], {"type": "object", "additionalProperties": {}}),
        (Optional[int], {"anyOf": [{"type": "integer"}, {"type": "null"}]}),  # noqa: UP045
        (int | str, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal["a", 1], {"enum": ["a", 1]}),
        (Annotated[int, 7], {"type": "integer"}),
    ],
)
def test_hints_have_schemas(hint: object, schema: dict[str, object]) -> None:
    """Each supported hint gives its JSON Schema."""
    if hint is None:
        schema = {"type": "null"}
        hint = type(None)
    assert schema_of(hint) == schema


class Blob(enum.Enum):
    A = b"a"


@pytest.mark.parametrize(
    ("hint", "why"),
    [
        (set[int], "no JSON form"),
        (bytes, "bytes has no JSON form"),
        (tuple[int, str], "no JSON form"),
        (dict[int, str], "no JSON form"),
        (Tree, "Tree contains itself"),
        (Blob, "not all JSON values"),
    ],
)
def test_other_hints_are_refused(hint: object, why: str) -> None:
    """A type that JSON cannot hold is refused with the reason."""
    with pytest.raises(TypeError, match=why):
        schema_of(hint)


def variadic(*numbers: int) -> None:
    """Take any number of numbers."""


def unhinted(number) -> None:  # type: ignore[no-untyped-def]
    """Take something."""


def odd(number: set[int]) -> None:
    """Take a set."""


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (variadic, "'numbers' cannot be given by name"),
        (unhinted, "'number' has no type hint"),
        (odd, r"'number': set\[int\] has no JSON form"),
    ],
)
def test_functions_that_no_model_can_call(function: Callable[..., object], why: str) -> None:
    """A parameter that cannot be described is refused by name."""
    with pytest.raises(TypeError, match=why):
        tool(function)


def test_dicts_and_messages_are_tools() -> None:
    """A dict of name, description and parameters is a tool, and so is the contract's own."""
    schema: Mapping[str, object] = {"type": "object"}
    given = {"name": "f", "description": "d", "parameters": schema}
    function = FunctionTool(name="f", description="d", parameters_schema_json='{"type": "object"}')
    expected = Tool(function=function)
    assert as_tool(given) == expected
    assert as_tool({**given, "parameters": '{"type": "object"}'}) == expected
    assert as_tool(expected) is expected
    assert as_tool(function) == expected
    assert as_tool({**given, "strict": False}).function.HasField("strict")
    assert as_tool(weather).function.name == "weather"
    bare = as_tool({"name": "now"}).function.parameters_schema_json
    assert json.loads(bare) == {"type": "object", "properties": {}}


def test_tools_of_the_provider() -> None:
    """A search and a sandbox of the provider are tools too; what is not given stays unset."""
    assert web_search() == Tool(web_search=WebSearchTool())
    assert not web_search().web_search.HasField("max_uses")
    search = web_search(max_uses=3, allowed_domains=["example.com"], country_code="DE")
    wanted = WebSearchTool(max_uses=3, allowed_domains=["example.com"], country_code="DE")
    assert as_tool(search) == Tool(web_search=wanted)
    assert list(web_search(blocked_domains=["a", "b"]).web_search.blocked_domains) == ["a", "b"]
    assert code_execution().WhichOneof("kind") == "code_execution"


def test_other_things_are_no_tools() -> None:
    """An unknown key and something uncallable are refused."""
    with pytest.raises(TypeError, match="did you mean 'parameters'"):
        as_tool({"name": "f", "parameter": {}})
    with pytest.raises(TypeError, match="not a tool: 7"):
        as_tool(cast("ToolLike", 7))
