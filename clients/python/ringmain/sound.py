"""Client: transcripts and speech. Pure, except that it writes files."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf.duration_pb2 import Duration

from ringmain import files
from ringmain._accounted import Accounted
from ringmain.v1 import audio_service_pb2 as audio_pb2


@dataclass(frozen=True, slots=True)
class Word:
    """A spoken word."""

    text: str
    """The word."""
    start: float
    """The start in seconds."""
    end: float
    """The end in seconds."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech."""

    text: str
    """The spoken words."""
    start: float | None = None
    """The start in seconds. None if the model does not tell it."""
    end: float | None = None
    """The end in seconds. None if the model does not tell it."""
    speaker: str = ""
    """The speaker, as the provider names it, such as `A`. Empty if the model does not tell speakers apart."""
    words: tuple[Word, ...] = ()
    """The words, if `word_offsets` asked for them and the model tells them."""


@dataclass(frozen=True, slots=True)
class Transcript(Accounted):
    """The transcript of a recording. `str(transcript)` is its text."""

    proto: audio_pb2.TranscriptFinished = field(repr=False)
    """The last event of the stream."""
    segments: tuple[Segment, ...] = ()
    """The segments, if the model tells them."""

    @property
    def text(self) -> str:
        """The whole text."""
        return self.proto.text

    @property
    def language_code(self) -> str:
        """The spoken language as a BCP 47 code. Empty if the model does not tell it."""
        return self.proto.language_code

    def __str__(self) -> str:
        """Returns the text."""
        return self.text


class TranscriptFold:
    """A fold of a transcription's events into a transcript."""

    def __init__(self) -> None:
        """Starts without events."""
        self._segments: list[Segment] = []
        self._last: audio_pb2.TranscriptFinished | None = None

    @property
    def finished(self) -> bool:
        """Whether the last event has come."""
        return self._last is not None

    def add(self, event: audio_pb2.TranscribeEvent) -> str:
        """Takes the next event, and returns the text that it adds."""
        match event.WhichOneof("event"):
            case "text_delta":
                return event.text_delta
            case "segment":
                self._segments.append(_segment(event.segment))
            case "finished":
                self._last = event.finished
        return ""

    def transcript(self) -> Transcript:
        """Returns the transcript, which is complete once `finished` is true."""
        return Transcript(self._last or audio_pb2.TranscriptFinished(), tuple(self._segments))


def _segment(proto: audio_pb2.TranscriptSegment) -> Segment:
    start = _seconds(proto.start_offset) if proto.HasField("start_offset") else None
    end = _seconds(proto.end_offset) if proto.HasField("end_offset") else None
    words = (Word(word.text, _seconds(word.start_offset), _seconds(word.end_offset)) for word in proto.words)
    return Segment(proto.text, start, end, proto.speaker, tuple(words))


def _seconds(offset: Duration) -> float:
    return offset.ToTimedelta().total_seconds()


@dataclass(frozen=True, slots=True)
class Speech(Accounted):
    """The speech that a model made from a text."""

    data: bytes = field(repr=False)
    """The bytes of the file."""
    mime_type: str
    """The media type of the file. It differs from the requested one if the model lacks that."""
    proto: audio_pb2.SpeechFinished = field(repr=False)
    """The last event of the stream."""

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the speech to a file, whole or not at all, and returns its path.

        Args:
            path: The path. Without a suffix, it gets the usual one of the media type.

        Raises:
            OSError: The file cannot be written.
        """
        return files.save(path, self.data, self.mime_type)


class SpeechFold:
    """A fold of a stream's events into speech."""

    def __init__(self) -> None:
        """Starts without events."""
        self._pieces: list[bytes] = []
        self.mime_type = ""
        self._last: audio_pb2.SpeechFinished | None = None

    @property
    def finished(self) -> bool:
        """Whether the last event has come."""
        return self._last is not None

    def add(self, event: audio_pb2.SpeakEvent) -> bytes:
        """Takes the next event, and returns the bytes that it adds."""
        match event.WhichOneof("event"):
            case "started":
                self.mime_type = event.started.mime_type
            case "audio_chunk":
                self._pieces.append(event.audio_chunk)
                return event.audio_chunk
            case "finished":
                self._last = event.finished
        return b""

    def speech(self) -> Speech:
        """Returns the speech, which is complete once `finished` is true."""
        last = self._last or audio_pb2.SpeechFinished()
        return Speech(b"".join(self._pieces), self.mime_type, last)
