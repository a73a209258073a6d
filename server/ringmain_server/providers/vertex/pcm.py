"""Room 4, pure: describes raw sound, and makes a file of it.

Gemini speaks in 16-bit samples, which are little-endian whatever the name of the media type says:
https://ai.google.dev/gemini-api/docs/speech-generation.
"""

import re
import struct
from dataclasses import dataclass

RATE = 24_000
_BYTES = 2
_ENDLESS = 0xFFFFFFFF
"""The size in the header of a file that is still being made; players read such a file to its end."""
_CHANNELS = 32
"""Most channels; nobody plays a media type with more."""
_NUMBER = re.compile(r"\b(?P<name>rate|channels)=(?P<value>\d{1,6})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pcm:
    """The format of raw sound.

    Attributes:
        rate: Samples per second.
        channels: Number of channels.
    """

    rate: int = RATE
    channels: int = 1

    def seconds(self, size: int) -> float:
        """Returns the duration of this many bytes."""
        return size / (self.rate * self.channels * _BYTES)

    def wav_head(self) -> bytes:
        """Returns the header of a WAV file whose length is not known yet.

        http://soundfile.sapp.org/doc/WaveFormat/
        """
        frame = self.channels * _BYTES
        form = struct.pack("<HHIIHH", 1, self.channels, self.rate, self.rate * frame, frame, 8 * _BYTES)
        return b"".join(
            (
                b"RIFF",
                struct.pack("<I", _ENDLESS),
                b"WAVEfmt ",
                struct.pack("<I", len(form)),
                form,
                b"data",
                struct.pack("<I", _ENDLESS),
            )
        )


def parse(mime_type: str) -> Pcm | None:
    """Returns the format of raw sound that a media type states; None for other kinds of media.

    Args:
        mime_type: The media type, such as `audio/L16;codec=pcm;rate=24000`.
    """
    essence, _, parameters = mime_type.partition(";")
    if essence.strip().lower() not in ("audio/l16", "audio/pcm"):
        return None
    found = {one["name"].lower(): int(one["value"]) for one in _NUMBER.finditer(parameters)}
    channels = found.get("channels", 0)
    return Pcm(found.get("rate") or RATE, channels if 0 < channels <= _CHANNELS else 1)
