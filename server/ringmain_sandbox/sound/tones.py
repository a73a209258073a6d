"""Sandbox, pure: turns text into sound.

Every four bits of the text are one of sixteen tones, so that a letter takes two and lasts about as long as in
speech. The voice hums under them, in tones that never carry bits. Spaces are quiet, so that words can be told
apart. A signature and the length stand before the text, a checksum behind it.

Each tone has a whole number of waves within a symbol. So it begins and ends at rest, and 60 samples that are
spread evenly over the symbol tell the tones apart, however long the symbol lasts: speech may be fast or slow,
loud or quiet, resampled or cut into other pieces on its way.
"""

import hashlib
import math
import sys
from array import array
from collections.abc import Iterator
from functools import lru_cache
from zlib import crc32

from ringmain_sandbox import tokens

RATE = 24_000
"""The samples a second, which are those of OpenAI's speech."""
GRID = 60
"""The samples of a symbol that are looked at. The length of a symbol is a multiple of this."""
FIRST_WAVE = 8
"""The waves within a symbol of the tone for zero. Each further tone has one more."""
SIGNATURE = (15, 0, 10, 5, 12, 3)
LENGTH_SYMBOLS = 8
CHECK_SYMBOLS = 8

_SYMBOL = 720
"""The samples of a symbol at the usual speed. A letter of two symbols takes 60 ms."""
_SHORTEST, _LONGEST = 180, 2880
_LOUD, _QUIET = 1.0, 0.15
_TONE = 9_000
_VOICE = 6_000


def symbol_length(speed: float) -> int:
    """Returns the number of samples of a symbol.

    Args:
        speed: The speed, from 0.25 to 4.
    """
    length = round(_SYMBOL / speed / GRID) * GRID
    return min(max(length, _SHORTEST), _LONGEST)


def symbol_lengths() -> range:
    """Returns every length that a symbol may have."""
    return range(_SHORTEST, _LONGEST + 1, GRID)


def byte_length(text: str, length: int) -> int:
    """Returns the number of bytes that the samples of a text take.

    Args:
        text: The text.
        length: The samples of a symbol.
    """
    symbols = len(SIGNATURE) + LENGTH_SYMBOLS + 2 * len(text.encode()) + CHECK_SYMBOLS
    return symbols * length * 2


def spoken(text: str, voice: str, length: int) -> Iterator[bytes]:
    """Yields a text as 16-bit samples, little-endian, a word at a time.

    Args:
        text: The text.
        voice: Any name. Each name has its own hum.
        length: The samples of a symbol.
    """
    loud, quiet = _tones(voice, length, _LOUD), _tones(voice, length, _QUIET)
    data = text.encode()
    yield b"".join(loud[symbol] for symbol in (*SIGNATURE, *_symbols(len(data).to_bytes(4, "big"))))
    for piece in tokens.pieces(text):
        yield b"".join(
            (quiet if byte == 0x20 else loud)[symbol]
            for byte in piece.encode()
            for symbol in (byte >> 4, byte & 15)
        )
    yield b"".join(loud[symbol] for symbol in _symbols(crc32(data).to_bytes(4, "big")))


def _symbols(data: bytes) -> Iterator[int]:
    for byte in data:
        yield byte >> 4
        yield byte & 15


@lru_cache(16)
def _tones(voice: str, length: int, loudness: float) -> tuple[bytes, ...]:
    """Returns the samples of the sixteen symbols in a voice."""
    hum = _hum(voice, length)
    return tuple(
        _samples(
            loudness * (_TONE * math.sin(math.tau * (FIRST_WAVE + symbol) * at / length) + hum[at])
            for at in range(length)
        )
        for symbol in range(16)
    )


def _hum(voice: str, length: int) -> list[float]:
    """Returns the hum of a voice: a low tone and its overtone, which follow from the voice's name."""
    chosen = hashlib.sha256(voice.encode()).digest()
    base = 2 + chosen[0] % 2
    overtone = base * 2 if chosen[1] % 2 else base * 2 + 1
    share = 0.25 + chosen[2] / 512
    return [
        _VOICE
        * (
            (1 - share) * math.sin(math.tau * base * at / length)
            + share * math.sin(math.tau * overtone * at / length)
        )
        for at in range(length)
    ]


def _samples(values: Iterator[float]) -> bytes:
    samples = array("h", map(round, values))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
