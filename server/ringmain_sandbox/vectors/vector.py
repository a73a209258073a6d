"""Sandbox, pure: turns texts into vectors, so that texts which share words and letters are near.

Feature hashing (https://alex.smola.org/papers/2009/Weinbergeretal09.pdf): each word, and each run of three
letters of a word, adds to two places that its hash chooses, with a sign that it chooses too. The cosine of
two vectors is then about the share of features that their texts have in common.
"""

import math
import re
from array import array
from collections.abc import Iterable, Iterator
from functools import lru_cache
from zlib import crc32

_WORD = re.compile(r"\w+|[^\w\s]+")
_WORD_WEIGHT = 2.0
_PURPOSE_SHARE = 0.05
"""The weight of a vector's purpose. The weight of its text is 1."""
_KEPT = 8192
"""The number of words whose features are remembered."""
_KEPT_LENGTH = 32
"""The most characters of a word that is remembered."""
_MASK = (1 << 32) - 1
_KNUTH = 2_654_435_761
"""The golden ratio in 32 bits (Knuth, The Art of Computer Programming, volume 3, section 6.4)."""

_Feature = tuple[int, float]


def vector(text: str, dimension_count: int, *, purpose: str = "", seed: int = 0) -> "array[float]":
    """Returns the vector of a text, of length 1.

    Args:
        text: Any text.
        dimension_count: The number of dimensions, from 1.
        purpose: The purpose of the vector. Another purpose moves it a little.
        seed: Another seed gives another space.
    """
    found: dict[int, float] = {}
    for word in _WORD.findall(text.casefold()) or [text]:
        features = _features if len(word) <= _KEPT_LENGTH else _features.__wrapped__
        _add(found, features(word, seed), 1.0, dimension_count)
    length = _length(found)
    if purpose:
        # As a share of the length, so that it weighs the same for long texts and short ones.
        _add(found, _features(f"purpose {purpose}", seed), _PURPOSE_SHARE * length, dimension_count)
        length = _length(found)
    if not length:
        return _anywhere(text, dimension_count, seed)
    values = array("f", bytes(4 * dimension_count))
    for place, value in found.items():
        values[place] = value / length
    return values


def _add(found: dict[int, float], features: Iterable[_Feature], share: float, dimension_count: int) -> None:
    for hashed, weight in features:
        place = hashed % dimension_count
        found[place] = found.get(place, 0.0) + weight * share


def _length(found: dict[int, float]) -> float:
    """Returns the length of a vector; 0 where its features cancelled out."""
    length = math.sqrt(sum(value * value for value in found.values()))
    return length if length > 1e-6 else 0.0


def _anywhere(text: str, dimension_count: int, seed: int) -> "array[float]":
    """Returns a vector for a text whose features cancelled out, which is possible in few dimensions."""
    hashed = crc32(text.encode(), _start(seed))
    values = array("f", bytes(4 * dimension_count))
    values[hashed % dimension_count] = -1.0 if hashed & 1 << 31 else 1.0
    return values


@lru_cache(_KEPT)
def _features(word: str, seed: int) -> tuple[_Feature, ...]:
    """Returns the places that a word adds to, not yet modulo the dimensions, and the amounts."""
    edged = f"<{word}>"
    runs = {edged[start : start + 3] for start in range(len(edged) - 2)}
    listed = [(f"{word} ", _WORD_WEIGHT), *((run, 1.0) for run in sorted(runs))]
    return tuple(one for text, weight in listed for one in _hashed(text, weight, seed))


def _hashed(text: str, weight: float, seed: int) -> Iterator[_Feature]:
    first = crc32(text.encode(errors="surrogatepass"), _start(seed))
    # Multiplied, since checksums of two salts would differ by the same bits for all texts of one length.
    for hashed in (first, first * _KNUTH >> 4 & _MASK):
        yield hashed >> 1, weight if hashed & 1 else -weight


def _start(seed: int) -> int:
    return crc32(f"space {seed}".encode())
