"""Room 4, pure: checks the numbers that providers send, once, where they come in.

A value that is not a number, or not one that the field can have, is absent (None): an unknown count must
never become a wrong one.
"""

import math
from array import array
from collections.abc import Mapping
from typing import Any

from google.protobuf.duration_pb2 import Duration

MOST = 2**53 - 1
"""The largest count; beyond it a JSON number need not be exact.

https://www.rfc-editor.org/rfc/rfc8259#section-6
"""
TOTAL = 2**63 - 1
"""The largest sum of counts that the contract can hold."""
IMPOSSIBLE = -9999.0
"""The contract's logarithm of a probability of next to nothing, and OpenAI's."""
_PLACES = 2**31
_LONGEST = 1e9
"""Seconds, about thirty years."""


def count(value: object) -> int | None:
    """Returns a count, which is a whole number from 0 to `MOST`."""
    return value if type(value) is int and 0 <= value <= MOST else None


def count_of(counts: object, *names: str) -> int | None:
    """Returns a count within an object, under the first of the names that has one."""
    if isinstance(counts, Mapping):
        for name in names:
            value = counts.get(name)
            if type(value) is int and 0 <= value <= MOST:
                return value
    return None


def counts_of(counts: object, *names: str) -> list[int | None]:
    """Returns the count of each name within an object."""
    found: list[int | None] = []
    given = counts if isinstance(counts, Mapping) else {}
    for name in names:
        value = given.get(name)
        found.append(value if type(value) is int and 0 <= value <= MOST else None)
    return found


def place(value: object) -> int | None:
    """Returns the position of something in a list, which is a whole number from 0 on."""
    return value if type(value) is int and 0 <= value < _PLACES else None


def seconds(value: object) -> float | None:
    """Returns a time or a duration in seconds, which is finite and not negative."""
    found = number(value)
    return found if found is not None and 0 <= found < _LONGEST else None


def span(length: float) -> Duration:
    """Returns a number of seconds, which is not negative, as a duration in whole milliseconds."""
    found = Duration()
    found.FromMilliseconds(round(length * 1000))
    return found


def number(value: object) -> float | None:
    """Returns a finite number."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    return float(value) if type(value) is int and abs(value) <= MOST else None


def share(value: object) -> float | None:
    """Returns a number from 0 to 1, such as a score."""
    found = number(value)
    return found if found is not None and 0 <= found <= 1 else None


def logprob(value: object) -> float:
    """Returns the logarithm of a probability, which is from `IMPOSSIBLE` to 0.

    What is no number is next to impossible, too: taken for 0, it would be certain.
    """
    if isinstance(value, bool) or not isinstance(value, float | int) or math.isnan(value):
        return IMPOSSIBLE
    return float(min(max(value, IMPOSSIBLE), 0))


def total(first: int, *more: int) -> int:
    """Returns a sum of counts, limited to what the contract can hold."""
    return min(first + sum(more), TOTAL)


def all_finite(numbers: bytes) -> bool:
    """Whether all of these little-endian 32-bit floats are finite.

    This takes a few microseconds for two thousand floats: only if a highest byte has the exponent of the
    largest numbers are the floats checked one by one.
    """
    highest = numbers[3::4]
    if 0x7F not in highest and 0xFF not in highest:
        return True
    found: array[Any] = array("f", numbers)
    if array("H", (1,)).tobytes() != b"\x01\x00":
        found.byteswap()
    return all(map(math.isfinite, found))
