"""Sandbox, pure: understands the speech of `tones.py`, from the samples alone."""

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import mul
from zlib import crc32

from ringmain_sandbox.sound.tones import (
    CHECK_SYMBOLS,
    FIRST_WAVE,
    GRID,
    LENGTH_SYMBOLS,
    RATE,
    SIGNATURE,
    symbol_lengths,
)

_ONSET = 0.02
"""The share of the loudest sample above which a sample is no silence."""
_HEAD = len(SIGNATURE) + LENGTH_SYMBOLS


def _waves(wave: int) -> tuple[list[float], list[float]]:
    angles = [math.tau * wave * at / GRID for at in range(GRID)]
    return [math.sin(angle) for angle in angles], [math.cos(angle) for angle in angles]


_WAVES = [_waves(FIRST_WAVE + symbol) for symbol in range(16)]


@dataclass(frozen=True, slots=True)
class Heard:
    """The text of a recording.

    Attributes:
        text: The words.
        start: The seconds from the start of the recording to the first letter.
        byte_time: The seconds that a byte of the text's UTF-8 takes.
    """

    text: str
    start: float
    byte_time: float


def hear(samples: "array[int]", rate: int) -> Heard | None:
    """Returns the text of a recording; None where it is not a complete speech of the sandbox.

    Args:
        samples: The samples of one channel.
        rate: The samples a second.
    """
    onset = _onset(samples)
    if onset is None:
        return None
    lengths = (usual * rate / RATE for usual in symbol_lengths())
    # Of slow speech, a length near the true one also finds the signature; only the true one the checksum.
    signed = (length for length in lengths if length >= GRID and _signed(samples, onset, length))
    heard = (_understood(samples, onset, length, rate) for length in signed)
    return next((one for one in heard if one is not None), None)


def _onset(samples: "array[int]") -> int | None:
    """Returns where the silence ends. It is at most one sample late, because tones begin at rest."""
    loudest = max(max(samples, default=0), -min(samples, default=0))
    if not loudest:
        return None
    least = max(loudest * _ONSET, 1)
    first = next(at for at, sample in enumerate(samples) if abs(sample) >= least)
    return max(first - 1, 0)


def _signed(samples: "array[int]", start: int, length: float) -> bool:
    if start + int(_HEAD * length) > len(samples):
        return False
    return all(
        _symbol(samples, start + index * length, length) == wanted for index, wanted in enumerate(SIGNATURE)
    )


def _understood(samples: "array[int]", start: int, length: float, rate: int) -> Heard | None:
    at = start + len(SIGNATURE) * length
    size = int.from_bytes(_bytes(samples, at, length, LENGTH_SYMBOLS // 2), "big")
    at += LENGTH_SYMBOLS * length
    end = at + (2 * size + CHECK_SYMBOLS) * length
    if end > len(samples) + length:
        return None
    data = _bytes(samples, at, length, size)
    check = _bytes(samples, at + 2 * size * length, length, CHECK_SYMBOLS // 2)
    if crc32(data) != int.from_bytes(check, "big"):
        return None
    return Heard(data.decode(errors="replace"), at / rate, 2 * length / rate)


def _bytes(samples: "array[int]", at: float, length: float, count: int) -> bytes:
    symbols = [_symbol(samples, at + index * length, length) for index in range(2 * count)]
    pairs: Iterator[tuple[int, int]] = zip(symbols[::2], symbols[1::2], strict=True)
    return bytes(high << 4 | low for high, low in pairs)


def _symbol(samples: "array[int]", at: float, length: float) -> int:
    """Returns the number of the tone that is loudest here."""
    step, last = length / GRID, len(samples) - 1
    seen = [samples[min(int(at + index * step), last)] for index in range(GRID)]
    powers = [_power(seen, sine, cosine) for sine, cosine in _WAVES]
    return powers.index(max(powers))


def _power(seen: Sequence[int], sine: Sequence[float], cosine: Sequence[float]) -> float:
    along: float = sum(map(mul, seen, sine))
    across: float = sum(map(mul, seen, cosine))
    return along * along + across * across
