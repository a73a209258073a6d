"""Catalog, pure: reads the tables of data files into frozen dataclasses, by the types of their fields."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any


def read_values(kind: type, table: Mapping[str, object], where: str = "") -> dict[str, Any]:
    """Returns the values of a table as a dataclass takes them.

    Args:
        kind: The dataclass; each of its fields that a table may have has a default.
        table: The table.
        where: The table's name, for the message.

    Raises:
        ValueError: A key is unknown, or its value is of another type. The message names both.
    """
    prefix = f"{where}." if where else ""
    known = {one.name: one.default for one in fields(kind) if one.default is not MISSING}
    unknown = table.keys() - known.keys()
    if unknown:
        raise ValueError(f"unknown {', '.join(f'{prefix}{key}' for key in sorted(unknown))}")
    return {key: _like(known[key], value, f"{prefix}{key}") for key, value in table.items()}


def _like(default: Any, value: object, where: str) -> Any:
    """Returns a value of the data file as the type of the field with this default."""
    if isinstance(default, tuple | frozenset):
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ValueError(f"{where} is not a list of texts")
        return type(default)(value)
    if isinstance(default, float):
        value = float(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if type(value) is not type(default):
        raise ValueError(f"{where} is not {_WORDS[type(default)]}")
    return value


_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
