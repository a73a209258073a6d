"""Room 1, pure: rules for options that are passed to a provider unchanged."""

import math
from collections.abc import Iterator, Mapping
from itertools import islice

from google.protobuf.struct_pb2 import Struct, Value

from ringmain_server.edge.rules.common import NAME_LIMIT, Rules
from ringmain_server.errors import Violation
from ringmain_server.text.excerpt import excerpt, quoted

KIND_LIMIT = 32
"""The most provider kinds that one request has options for."""
DEPTH_LIMIT = 16
"""The most levels of objects and lists within the options of one provider kind."""
_INEXACT = 2.0**53
_SHOWN = 48
"""The most characters of each key that a path shows."""

_Place = tuple[str, Value, int]
"""The path of a value, the value, and the number of levels around it."""


def options(given: Mapping[str, Struct], path: str) -> Rules:
    """Checks that options have short keys and are valid JSON: finite numbers and bounded nesting."""
    if len(given) > KIND_LIMIT:
        yield Violation(path, f"holds more than {KIND_LIMIT}")
    for kind, struct in islice(given.items(), KIND_LIMIT):
        here = f"{path}[{quoted(kind)}]"
        if not 0 < len(kind) <= NAME_LIMIT:
            yield Violation(here, f"has no key, or one longer than {NAME_LIMIT} characters")
        yield from _values(struct, here)


def _values(struct: Struct, path: str) -> Rules:
    # An explicit stack, not recursion, since callers choose the depth.
    left: list[_Place] = []
    yield from _fields(struct, path, 1, left)
    while left:
        here, value, depth = left.pop()
        kind = value.WhichOneof("kind")
        if kind == "number_value":
            yield from _number(value.number_value, here)
        elif kind in ("struct_value", "list_value") and depth >= DEPTH_LIMIT:
            yield Violation(here, f"is nested deeper than {DEPTH_LIMIT} levels")
        elif kind == "struct_value":
            yield from _fields(value.struct_value, here, depth + 1, left)
        elif kind == "list_value":
            left.extend(_items(value, here, depth + 1))


def _number(number: float, path: str) -> Rules:
    """Checks a number. A double holds a whole number exactly below 2^53 only."""
    if not math.isfinite(number):
        yield Violation(path, "is not a finite number, and JSON has no other")
    elif abs(number) >= _INEXACT and number.is_integer():
        yield Violation(path, "is a whole number of 2^53 or more, which may arrive changed")


def _fields(struct: Struct, path: str, depth: int, left: list[_Place]) -> Rules:
    for name, value in struct.fields.items():
        here = f"{path}.{excerpt(name, _SHOWN)}"
        if len(name) > NAME_LIMIT:
            yield Violation(here, f"is longer than {NAME_LIMIT} characters")
        left.append((here, value, depth))


def _items(value: Value, path: str, depth: int) -> Iterator[_Place]:
    for index, item in enumerate(value.list_value.values):
        yield f"{path}[{index}]", item, depth
