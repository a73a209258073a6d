"""Client: tools from plain Python functions, and JSON Schemas from type hints. Pure."""

import dataclasses
import enum
import inspect
import json
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from ringmain._choice import refuse_unknown
from ringmain.v1.generation_pb2 import CodeExecutionTool, FunctionTool, Tool, WebSearchTool

Schema: TypeAlias = dict[str, object]
"""A JSON Schema."""

ToolLike: TypeAlias = Tool | FunctionTool | Callable[..., object] | Mapping[str, object]
"""A tool: a Python function, a message of the contract, or a dict with name, description, parameters and
strict."""

_SIMPLE: Final[Mapping[object, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}
_DICT_KEYS: Final = ("name", "description", "parameters", "strict")
_ARGUMENT: Final = re.compile(r"(\w+)(?: \([^)]*\))?: (.+)")


def tool(
    function: Callable[..., object], *, name: str = "", description: str = "", strict: bool | None = None
) -> Tool:
    """Returns a tool that a model can call, made from a Python function.

    The schema of the parameters comes from the type hints: `str`, `int`, `float`, `bool`, `None`, `list`,
    `tuple[T, ...]`, `dict[str, T]`, unions, `Literal`, enums, dataclasses, and `Annotated` with a
    description. The docstring's first paragraph describes the tool, and its section `Args:` describes
    the parameters.

    Args:
        function: The function, which is not called.
        name: The name of the tool. Empty means the function's name.
        description: The description of the tool. Empty means that of the docstring.
        strict: Whether the provider must hold the model to the parameters. None means its default.

    Raises:
        TypeError: A parameter has no type hint, or its type has no JSON form.
    """
    doc = inspect.getdoc(function) or ""
    made = FunctionTool(
        name=name or _name_of(function),
        description=description or " ".join(doc.partition("\n\n")[0].split()),
        parameters_schema_json=_dump(_parameters(function, _documented(doc))),
        strict=strict,
    )
    return Tool(function=made)


def web_search(
    *,
    max_uses: int | None = None,
    allowed_domains: Iterable[str] = (),
    blocked_domains: Iterable[str] = (),
    country_code: str = "",
) -> Tool:
    """Returns a web search that the provider runs. `Answer.sources` has the pages that the answer cites.

    Args:
        max_uses: The most searches for one answer. None means the provider's own limit.
        allowed_domains: Search only these domains and those below them.
        blocked_domains: Never search these domains and those below them.
        country_code: The country to search from, such as `DE`. Empty means the provider's choice.
    """
    return Tool(
        web_search=WebSearchTool(
            max_uses=max_uses,
            allowed_domains=allowed_domains,
            blocked_domains=blocked_domains,
            country_code=country_code,
        )
    )


def code_execution() -> Tool:
    """Returns a sandbox in which the provider runs code that the model writes."""
    return Tool(code_execution=CodeExecutionTool())


def _name_of(function: Callable[..., object]) -> str:
    try:
        return function.__name__
    except AttributeError:  # An object with `__call__`, such as a functools.partial, has no name of its own.
        return type(function).__name__


def as_tool(given: ToolLike) -> Tool:
    """Returns anything that describes a tool as a message of the contract.

    Raises:
        TypeError: The value does not describe a tool.
    """
    if isinstance(given, Tool):
        return given
    if isinstance(given, FunctionTool):
        return Tool(function=given)
    if isinstance(given, Mapping):
        return _from_dict(given)
    if callable(given):
        return tool(given)
    raise TypeError(f"not a tool: {given!r:.80}")


def schema_of(hint: object) -> Schema:
    """Returns the JSON Schema of a type hint, such as a dataclass.

    Raises:
        TypeError: The type has no JSON form, or contains itself.
    """
    return _schema(hint, ())


def _dump(schema: Mapping[str, object]) -> str:
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


def _from_dict(given: Mapping[str, object]) -> Tool:
    refuse_unknown("a tool", given, _DICT_KEYS)
    parameters = given.get("parameters") or {"type": "object", "properties": {}}
    strict = given.get("strict")
    made = FunctionTool(
        name=str(given.get("name", "")),
        description=str(given.get("description", "")),
        parameters_schema_json=parameters if isinstance(parameters, str) else json.dumps(parameters),
        strict=None if strict is None else bool(strict),
    )
    return Tool(function=made)


def _parameters(function: Callable[..., object], documented: Mapping[str, str]) -> Schema:
    target = function if inspect.isroutine(function) else type(function).__call__
    hints = typing.get_type_hints(target, include_extras=True)
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for name, parameter in inspect.signature(function).parameters.items():
        properties[name] = _parameter(parameter, hints)
        if name in documented:
            properties[name].setdefault("description", documented[name])
        if parameter.default is parameter.empty:
            required.append(name)
    return _object(properties, required)


def _parameter(parameter: inspect.Parameter, hints: Mapping[str, object]) -> Schema:
    if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        raise TypeError(f"parameter {parameter.name!r} cannot be given by name")
    if parameter.name not in hints:
        raise TypeError(f"parameter {parameter.name!r} has no type hint")
    try:
        return schema_of(hints[parameter.name])
    except TypeError as exc:
        raise TypeError(f"parameter {parameter.name!r}: {exc}") from None


def _schema(hint: object, inside: tuple[type, ...]) -> Schema:
    if hint in (Any, object):
        return {}
    if hint in _SIMPLE:
        return {"type": _SIMPLE[hint]}
    if isinstance(hint, type) and get_origin(hint) is None:
        return _class(hint, inside)
    return _generic(get_origin(hint), get_args(hint), inside, hint)


def _class(cls: type, inside: tuple[type, ...]) -> Schema:
    if cls in (list, tuple):
        return {"type": "array"}
    if cls is dict:
        return {"type": "object"}
    if issubclass(cls, enum.Enum):
        return _values([member.value for member in cls])
    if not dataclasses.is_dataclass(cls):
        raise TypeError(f"{cls.__name__} has no JSON form")
    if cls in inside:
        raise TypeError(f"{cls.__name__} contains itself")
    return _dataclass(cls, (*inside, cls))


def _generic(origin: object, args: tuple[Any, ...], inside: tuple[type, ...], hint: object) -> Schema:
    if origin is Annotated:
        notes = [note for note in args[1:] if isinstance(note, str)]
        return {**_schema(args[0], inside), **({"description": notes[0]} if notes else {})}
    if origin is Literal:
        return _values(list(args))
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(arg, inside) for arg in args]}
    if _is_array(origin, args):
        return {"type": "array", "items": _schema(args[0], inside)}
    if origin in (dict, typing.get_origin(Mapping[str, object])) and args[0] is str:
        return {"type": "object", "additionalProperties": _schema(args[1], inside)}
    raise TypeError(f"{hint} has no JSON form")


def _is_array(origin: object, args: tuple[Any, ...]) -> bool:
    if origin is tuple:
        return len(args) == 2 and args[1] is Ellipsis
    return origin in (list, typing.get_origin(Sequence[object]))


def _dataclass(cls: type, inside: tuple[type, ...]) -> Schema:
    hints = typing.get_type_hints(cls, include_extras=True)
    fields = [f for f in dataclasses.fields(cls) if f.init]
    required = [
        f.name
        for f in fields
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    return _object({f.name: _schema(hints[f.name], inside) for f in fields}, required)


def _object(properties: Mapping[str, Schema], required: list[str]) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": required,
        "additionalProperties": False,
    }


def _values(values: list[object]) -> Schema:
    """Returns the schema of a choice, with a type if all values have the same."""
    kinds = {_SIMPLE.get(type(value)) for value in values}
    if None in kinds:
        raise TypeError(f"{values} are not all JSON values")
    return {"enum": values} if len(kinds) > 1 else {"type": kinds.pop(), "enum": values}


def _documented(doc: str) -> dict[str, str]:
    """Returns the description of each parameter in the `Args:` section of a Google-style docstring."""
    _, _, section = doc.partition("\nArgs:\n")
    found: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        if not line.startswith("    "):
            break
        argument = None if line.startswith("     ") else _ARGUMENT.fullmatch(line.strip())
        if argument:
            name, found[argument[1]] = argument[1], argument[2]
        elif name:
            found[name] += f" {line.strip()}"
    return found
