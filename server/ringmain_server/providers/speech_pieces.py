"""Room 4, pure: cuts speech into events."""

from collections.abc import Iterator

from ringmain.v1.audio_service_pb2 import SpeakEvent

PIECE = 256 << 10
"""The most bytes of one event, by the contract."""


def speech_pieces(sound: bytes) -> Iterator[SpeakEvent]:
    """Yields sound in events, each of them small enough."""
    for start in range(0, len(sound), PIECE):
        yield SpeakEvent(audio_chunk=sound[start : start + PIECE])
