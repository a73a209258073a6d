"""Conformance: what was observed against what is expected. Pure.

What is expected is a part of what is observed: keys that are not named do not count. A value is equal, or a
mapping whose only key is one of

    at_least, at_most   numbers
    between             two numbers, both included
    one_of              any of these
    contains            a part of a text, or an element of a list
    lacks               texts, none of which is a part of it
    matches             a regular expression, found anywhere in a text
    absent              true: the key is not there, or is null
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_SHOWN = 120


def differences(expected: Any, observed: Any, path: str = "") -> Iterator[str]:
    """Says where the observed differs from the expected, one sentence each.

    Args:
        expected: In the shape described above.
        observed: Plain JSON values.
        path: Where both stand.
    """
    where = path or "it"
    if isinstance(expected, Mapping):
        if len(expected) == 1 and (name := next(iter(expected))) in _OPERATORS:
            if not _OPERATORS[name](expected[name], observed):
                yield f"{where} is {_shown(observed)}, not {name} {_shown(expected[name])}"
            return
        if not isinstance(observed, Mapping):
            yield f"{where} is {_shown(observed)}, not {_shown(expected)}"
            return
        for key, value in expected.items():
            yield from differences(value, observed.get(key), f"{path}.{key}" if path else str(key))
        return
    if isinstance(expected, list) and isinstance(observed, list) and len(expected) == len(observed):
        for index, (one, other) in enumerate(zip(expected, observed, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
        return
    if not _same(expected, observed):
        yield f"{where} is {_shown(observed)}, not {_shown(expected)}"


def _same(expected: Any, observed: Any) -> bool:
    """Whether two plain values are equal; true is not 1."""
    return isinstance(expected, bool) == isinstance(observed, bool) and bool(expected == observed)


def _numbers(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda bound, value: isinstance(value, int | float) and compare(bound, value)


def _contains(wanted: Any, value: Any) -> bool:
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    if not isinstance(value, list):
        return False
    return any(next(differences(wanted, element), None) is None for element in value)


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "at_least": _numbers(lambda bound, value: value >= bound),
    "at_most": _numbers(lambda bound, value: value <= bound),
    "between": _numbers(lambda bounds, value: bounds[0] <= value <= bounds[1]),
    "one_of": lambda values, value: any(_same(one, value) for one in values),
    "contains": _contains,
    "lacks": lambda texts, value: isinstance(value, str) and not any(text in value for text in texts),
    "matches": lambda pattern, value: isinstance(value, str) and re.search(pattern, value) is not None,
    "absent": lambda wanted, value: (value is None) == wanted,
}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 20]}… ({len(text)} characters)"
