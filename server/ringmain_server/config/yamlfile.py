"""Configuration: reads a YAML document as plain values with their lines.

Scalars follow YAML 1.2's core schema: `no` and `1:30` are text, and `2024-10-21` is text and not a date
(https://yaml.org/spec/1.2.2/#103-core-schema).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import yaml

from ringmain_server.config.bounds import check_count, check_depth
from ringmain_server.config.problems import ConfigError, Keys, Place, Problem, cut, dotted

# Inside a flow mapping a brace begins another one, so `{api_key: ${NAME}}` would not be valid YAML. During
# scanning, a reference has characters of the private use area in place of its braces.
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*(?::-[^{}\n]*)?)\}", re.ASCII)
_OPEN, _CLOSE = "\ue0f0", "\ue0f1"

_TAG = "tag:yaml.org,2002:"
_ITSELF = "refers to itself"


class _Loader(yaml.SafeLoader):
    """A loader that counts nodes while it composes them and stops at a document that contains too many."""

    # The stubs declare it on the instance, but the library reads it from the class.
    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}  # type: ignore[misc]

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._count = 0
        self._depth = 0
        self._deepest = 0
        # For each node with an anchor: how many nodes and levels it has, itself included.
        self._extents: dict[int, tuple[int, int]] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Composes a node as the library does. An alias counts as many nodes as its anchor.

        Raises:
            OutOfBounds: There are too many nodes, or they are nested too deeply.
        """
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        mark: Any = event.start_mark
        around, count = self._deepest, self._count
        self._depth = self._deepest = self._depth + 1
        self._add(1, 0)
        node: yaml.Node | None = super().compose_node(parent, index)
        if isinstance(event, yaml.AliasEvent):
            if id(node) not in self._extents:  # it is still being composed
                raise yaml.MarkedYAMLError(problem=_ITSELF, problem_mark=mark)
            extent, levels = self._extents[id(node)]
            self._add(extent - 1, levels - 1)
        elif event.anchor is not None:
            self._extents[id(node)] = (self._count - count, self._deepest - self._depth + 1)
        self._depth -= 1
        self._deepest = max(around, self._deepest)
        return node

    def _add(self, count: int, levels: int) -> None:
        self._count += count
        self._deepest = max(self._deepest, self._depth + levels)
        check_count(self._count)
        check_depth(self._deepest)


class _Dumper(yaml.SafeDumper):
    """A dumper that quotes text which `_Loader` or a reader of YAML 1.1 would take for another type."""


for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    ("merge", r"<<", ["<"]),
):
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(_TAG + _name, re.compile(rf"(?:{_pattern})\Z"), _first)


def _int(text: str) -> int:
    # Base 0 would refuse 007, which the core schema reads as seven.
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


def _text(text: str) -> str:
    return text.replace(_OPEN, "${").replace(_CLOSE, "}")


_SCALARS: dict[str, Callable[[str], object]] = {
    _TAG + "str": _text,
    _TAG + "null": lambda _: None,
    _TAG + "bool": lambda text: text.lower() == "true",
    _TAG + "int": _int,
    _TAG + "float": _float,
}


@dataclass(slots=True)
class YamlDocument:
    """A YAML document.

    Attributes:
        value: The plain value, None for an empty document.
        places: The line of each value. For an entry of a mapping it is the line of its key.
    """

    value: object
    places: dict[Keys, Place]


@dataclass(slots=True)
class _Builder:
    path: str
    loader: _Loader
    places: dict[Keys, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def build(self, node: yaml.Node, keys: Keys) -> object:
        """Returns the plain value of a node and records its lines in `places`."""
        self.places.setdefault(keys, self._place(node))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, keys)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, keys)
        return [self.build(item, (*keys, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, keys: Keys) -> object:
        self._check_unique(node, keys)
        self.loader.flatten_mapping(node)
        values: dict[str, object] = {}
        # Merged entries come first, so that the mapping's own entry of the same name wins.
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue  # Reported by _check_unique.
            name = _text(key.value)
            self.places[*keys, name] = self._place(key)
            values[name] = self.build(value, (*keys, name))
        return values

    def _check_unique(self, node: yaml.MappingNode, keys: Keys) -> None:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._refuse(self._line(key), keys, "has a key that is not plain text")
            elif key.value in seen and key.tag != _TAG + "merge":
                self._refuse(self._line(key), (*keys, key.value), "is there twice")
            seen.add(str(key.value))

    def _scalar(self, node: yaml.ScalarNode, keys: Keys) -> object:
        try:
            return _SCALARS[node.tag](node.value)
        except KeyError:
            self._refuse(self._line(node), keys, "has an unknown tag")
        except ValueError:
            self._refuse(self._line(node), keys, "does not fit its tag")
        return None

    def _refuse(self, line: int | None, keys: Keys, message: str) -> None:
        self.problems.append(Problem(dotted(keys), line, message, source=self.path))

    def _line(self, node: yaml.Node) -> int:
        return int(node.start_mark.line) + 1

    def _place(self, node: yaml.Node) -> Place:
        return Place(self.path, self._line(node))


def read(path: str, text: str) -> YamlDocument:
    """Reads one document.

    Raises:
        ConfigError: The text is not one YAML document of plain values.
        OutOfBounds: The document contains more than any configuration does.
    """
    try:
        loader = _Loader(_REFERENCE.sub(rf"{_OPEN}\1{_CLOSE}", text))
        node = loader.get_single_node()
        builder = _Builder(path, loader)
        value = None if node is None else builder.build(node, ())
    except yaml.YAMLError as exc:
        raise ConfigError([_syntax(path, exc)]) from exc
    if builder.problems:
        raise ConfigError(builder.problems)
    return YamlDocument(value, builder.places)


def _syntax(path: str, error: yaml.YAMLError) -> Problem:
    # The error's own message quotes the line, which may contain a secret.
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem("", None, "is not YAML: it has a character that YAML forbids", source=path)
    mark = error.problem_mark or error.context_mark
    line = None if mark is None else int(mark.line) + 1
    if error.problem == _ITSELF:
        return Problem("", line, _ITSELF, source=path)
    return Problem("", line, f"is not YAML: {cut(str(error.problem))}", source=path)


def write(value: object) -> str:
    """Writes plain values as YAML, in their order."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text
