"""Sandbox, pure: reads and writes recordings as files: WAV (RFC 2361) or bare samples."""

import io
import struct
import sys
import wave
from array import array
from dataclasses import dataclass

from ringmain_sandbox.sound.tones import RATE

HEADER_SIZE = 44
_SAMPLE = 2
_MOST_CHUNKS = 1_000
"""The most chunks before the samples. Each costs time to skip."""


@dataclass(frozen=True, slots=True)
class Recording:
    """The content of a file.

    Attributes:
        samples: The samples of its first channel; empty where they are not of 16 bits.
        rate: The samples a second.
        seconds: The duration.
    """

    samples: "array[int]"
    rate: int
    seconds: float


def header(byte_length: int) -> bytes:
    """Returns the start of a WAV file of one channel of 16-bit samples.

    Args:
        byte_length: The length of all samples.
    """
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", HEADER_SIZE - 8 + byte_length, b"WAVE", b"fmt ", 16, 1, 1, RATE, RATE * _SAMPLE),
        *(_SAMPLE, 8 * _SAMPLE, b"data", byte_length),
    )


def read(data: bytes, mime_type: str) -> Recording | None:
    """Reads the sound in a file; None where that needs a decoder.

    Args:
        data: The file.
        mime_type: The media type that the request states, by which alone bare samples are known.
    """
    if data[:4] == b"RIFF":
        return _wav(data)
    if mime_type.partition(";")[0] in ("audio/pcm", "audio/l16"):
        return Recording(_samples(data), RATE, len(data) / _SAMPLE / RATE)
    return None


def _wav(data: bytes) -> Recording | None:
    if _chunk_count(data) > _MOST_CHUNKS:
        return None
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError, struct.error):
        return None
    seconds = len(frames) / (channels * width * rate) if rate else 0.0
    samples = _samples(frames)[::channels] if width == _SAMPLE else array("h")
    return Recording(samples, rate, seconds)


def _chunk_count(data: bytes) -> int:
    """Counts the chunks before the samples, up to the limit and one more."""
    at, count = 12, 0
    while data[at : at + 4] not in (b"data", b"") and count <= _MOST_CHUNKS:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
        count += 1
    return count


def _samples(data: bytes) -> "array[int]":
    samples = array("h")
    samples.frombytes(data[: len(data) // _SAMPLE * _SAMPLE])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples
