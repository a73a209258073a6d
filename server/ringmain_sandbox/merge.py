"""Sandbox, pure: merges two schemas into one, as far as the generator needs it."""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

Plain = Mapping[str, object]
"""A schema without references and combinations."""


class ContradictionError(ValueError):
    """Raised when no value can satisfy both schemas."""


def merge(one: Plain, other: Plain) -> Plain:
    """Returns a schema that demands what both demand.

    Where two keywords cannot become one, the first stays, because proposals are checked against the schema as
    it was written.

    Raises:
        ContradictionError: No value can satisfy both.
    """
    merged = dict(one)
    for keyword, value in other.items():
        if keyword not in merged:
            merged[keyword] = value
        elif (join := _JOINS.get(keyword)) is not None:
            merged[keyword] = join(merged[keyword], value)
    return merged


def same(one: object, other: object) -> bool:
    """Whether two values are equal in JSON, where true is not 1, and 1.0 is."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other


def _both(one: object, other: object) -> object:
    return one if one == other else {"allOf": [one, other]}


def _by_name(one: object, other: object) -> object:
    assert isinstance(one, Mapping)
    assert isinstance(other, Mapping)
    shared = {name: _both(one[name], other[name]) for name in one if name in other}
    return {**one, **other, **shared}


def _union(one: object, other: object) -> object:
    assert isinstance(one, list)
    assert isinstance(other, list)
    return [*one, *(name for name in other if name not in one)]


def _types(one: object, other: object) -> object:
    left, right = _listed(one), _listed(other)
    found = [name for name in left if name in right or (name == "integer" and "number" in right)]
    if "number" in left and "integer" in right and "integer" not in found:
        found.append("integer")
    if not found:
        raise ContradictionError
    return found


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _enum(one: object, other: object) -> object:
    found = [item for item in _listed(one) if any(same(item, each) for each in _listed(other))]
    if not found:
        raise ContradictionError
    return found


def _const(one: object, other: object) -> object:
    if not same(one, other):
        raise ContradictionError
    return one


def _multiple(one: object, other: object) -> object:
    left, right = Fraction(str(one)), Fraction(str(other))
    numerator = math.lcm(left.numerator, right.numerator)
    found = Fraction(numerator, math.gcd(left.denominator, right.denominator))
    return int(found) if found.denominator == 1 else float(found)


def _most(one: object, other: object) -> object:
    return max(one, other)  # type: ignore[call-overload]


def _least(one: object, other: object) -> object:
    return min(one, other)  # type: ignore[call-overload]


_JOINS: Mapping[str, Callable[[object, object], object]] = {
    "type": _types,
    "enum": _enum,
    "const": _const,
    "multipleOf": _multiple,
    "required": _union,
    "items": _both,
    "additionalProperties": _both,
    "propertyNames": _both,
    "uniqueItems": _most,
    **dict.fromkeys(("properties", "patternProperties"), _by_name),
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), _most),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), _least),
}
