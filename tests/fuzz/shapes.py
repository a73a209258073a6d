"""Tests, fuzz: JSON documents with a few things changed by shape, and as what bytes they are sent.

What Python's JSON cannot say, such as half of a character, stands in the document as a sign that is
replaced when the document becomes bytes.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from tests.fuzz import values

_RAW = "@@raw:"
"""What follows in such a text stands in the bytes as it is, without quotes."""
_LITERALS = (
    "NaN",
    "-Infinity",
    "Infinity",
    "1e400",
    "-1",
    "0.1",
    "1.5",
    "9" * 40,
    "-" + "9" * 40,
    "9223372036854775807",
    "18446744073709551616",
    "9007199254740993",
    '"\\ud83d"',
    '"a\\udc00b"',
    '"\\u0000"',
    "[" * 300 + "]" * 300,
    '{"a":' * 300 + "1" + "}" * 300,
    "[" * 20_000 + "]" * 20_000,
    "{}",
    "[]",
    "[[]]",
    "true",
    "null",
    '""',
)
_LONGEST = 300_000

Place = tuple[Any, Any]
"""A dictionary or list, and the key or index of something in it."""


def changed(rng: random.Random, document: Any) -> tuple[Any, list[str]]:
    """A copy with one to three changes, and what they were."""
    holder = [copy.deepcopy(document)]
    told = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if not holder:
            break
        owner, key = rng.choice(list(_places(holder)))
        change = rng.choice(_CHANGES)
        told.append(f"{change.__name__.strip('_')} {key!r}")
        change(rng, owner, key)
    return (holder[0] if holder else None), told


def encoded(rng: random.Random, document: Any) -> bytes:
    """A document as bytes, with or without blanks and escapes."""
    escaped = rng.random() < 0.5
    separators = rng.choice(((",", ":"), (", ", ": ")))
    found = json.dumps(document, ensure_ascii=escaped, separators=separators)
    pieces = found.split(f'"{_RAW}')
    for index in range(1, len(pieces)):
        literal, _, rest = pieces[index].partition('@@"')
        pieces[index] = _unescaped(literal) + rest
    return "".join(pieces).encode("utf-8", "surrogatepass")


def _unescaped(literal: str) -> str:
    return str(json.loads(f'"{literal}"'))


def _places(value: Any) -> Iterator[Place]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, below in list(items):
        yield value, key
        if isinstance(below, dict | list):
            yield from _places(below)


def _literal(rng: random.Random, owner: Any, key: Any) -> None:
    owner[key] = f"{_RAW}{rng.choice(_LITERALS)}@@"


def _drop(_: random.Random, owner: Any, key: Any) -> None:
    del owner[key]


def _retype(rng: random.Random, owner: Any, key: Any) -> None:
    value = owner[key]
    if isinstance(value, str) and _RAW in value:
        return
    owner[key] = rng.choice((None, [value], {"value": value}, str(value), 1, True, [], {}, "", 0.5))


def _text(rng: random.Random, owner: Any, key: Any) -> None:
    owner[key] = values.text(rng)


def _negative(rng: random.Random, owner: Any, key: Any) -> None:
    value = owner[key]
    if isinstance(value, int | float):
        owner[key] = rng.choice((-value, -1, value * 10**12, value + 0.5, str(value)))
    else:
        _literal(rng, owner, key)


def _double(rng: random.Random, owner: Any, key: Any) -> None:
    if isinstance(owner, list):
        owner[key:key] = [copy.deepcopy(owner[key]) for _ in range(rng.choice((1, 2, 50)))]
    else:
        owner[rng.choice(("extra", key + "s", key.upper()))] = copy.deepcopy(owner[key])


def _reorder(rng: random.Random, owner: Any, _: Any) -> None:
    if isinstance(owner, list):
        rng.shuffle(owner)
    else:
        items = list(owner.items())
        rng.shuffle(items)
        owner.clear()
        owner.update(items)


def _swap(rng: random.Random, owner: Any, key: Any) -> None:
    other = rng.choice(list(owner) if isinstance(owner, dict) else range(len(owner)))
    owner[key], owner[other] = owner[other], owner[key]


def _rename(rng: random.Random, owner: Any, key: Any) -> None:
    if isinstance(owner, dict):
        value = owner.pop(key)
        owner[rng.choice((key + "_", key.title(), values.text(rng)[:50]))] = value
    else:
        _retype(rng, owner, key)


def _longer(rng: random.Random, owner: Any, key: Any) -> None:
    value = owner[key]
    if isinstance(value, str) and value and _RAW not in value:
        owner[key] = (value * (_LONGEST // len(value) + 1))[: rng.choice((1000, _LONGEST))]
    else:
        _double(rng, owner, key)


_CHANGES: tuple[Callable[[random.Random, Any, Any], None], ...] = (
    _literal,
    _literal,
    _literal,
    _drop,
    _drop,
    _retype,
    _retype,
    _text,
    _negative,
    _double,
    _reorder,
    _swap,
    _rename,
    _longer,
)
