"""Configuration: limits on what a document contains, checked before its values are built.

A few hundred bytes can stand for millions of values through YAML's aliases, or nest so deeply that a parser
gives up. For some texts, some parsers take time that grows with the square of the length.
"""

import re

VALUES = 50_000
"""Most values of a document. Those of an alias count at each of its uses."""
DEPTH = 50
"""Most levels of nesting. The settings have seven."""
LINES = 100_000
"""Most lines. A parser takes seconds for millions of empty ones."""
NUMBER = 1 << 63
"""Bound of whole numbers. Python refuses to convert much larger ones to text."""
TEXT = 16 << 20
"""Most characters that all references to the environment may expand to together."""

_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_TOML_TEXT = re.compile(
    r"""
      \"{3} (?: \\. | [^\\] )*? \"{3}
    | '{3} .*? '{3}
    | \" (?: \\. | [^\"\\\n] )*+ \"
    | ' [^'\n]*+ '
    | \# [^\n]*+
    """,
    re.DOTALL | re.VERBOSE,
)
_MARK = re.compile(r"[\[\]{},=:.\n]")


class OutOfBounds(ValueError):
    """A document contains more than any configuration does; the message says of what."""


def check_count(count: int) -> None:
    """Raises OutOfBounds when there are too many values."""
    if count > VALUES:
        raise OutOfBounds(f"has more than {VALUES} values")


def check_depth(depth: int) -> None:
    """Raises OutOfBounds when values are nested too deeply."""
    if depth > DEPTH:
        raise OutOfBounds(f"is nested more than {DEPTH} levels deep")


def check_lines(text: str) -> None:
    """Raises OutOfBounds when there are too many lines, whatever ends them."""
    feeds, returns = text.count("\n"), text.count("\r")
    if max(feeds, returns) + sum(text.count(end) for end in "\x85\u2028\u2029") > LINES:
        raise OutOfBounds(f"has more than {LINES} lines")


def check_json(text: str) -> None:
    """Counts the values that a JSON text would build, by the punctuation outside its strings.

    Raises:
        OutOfBounds: There are too many values or levels.
    """
    _check_outline(_JSON_TEXT.sub("", text))


def check_toml(text: str) -> None:
    """Counts the values that a TOML text would build; each dot of a key is a level too.

    Raises:
        OutOfBounds: There are too many values or levels.
    """
    _check_outline(_TOML_TEXT.sub("", text))


def _check_outline(outline: str) -> None:
    count = depth = dots = 0
    for found in _MARK.finditer(outline):
        mark = found[0]
        dots = dots + 1 if mark == "." else 0
        if mark in "[{":
            depth += 1
            count += 1
        elif mark in "]}":
            depth -= 1
        elif mark in "=:,":
            count += 1
        check_depth(depth + dots)
        check_count(count)
