"""Client: transcripts and speech. Pure, but for files that it writes."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from ringmain import files
from ringmain.settled import Settled
from ringmain.v1 import audio_service_pb2 as audio_pb2


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech."""

    text: str
    """The words."""
    start: float | None = None
    """Where it starts, in seconds. None where the model does not say."""
    end: float | None = None
    """Where it ends, in seconds."""


@dataclass(frozen=True, slots=True)
class Transcript(Settled):
    """What was said in a recording. `str(transcript)` is its text."""

    proto: audio_pb2.TranscriptFinished = field(repr=False)
    """The last event as it came."""
    segments: tuple[Segment, ...] = ()
    """Its segments, where the model has them."""

    @property
    def text(self) -> str:
        """The whole text."""
        return self.proto.text

    @property
    def language_code(self) -> str:
        """The language heard, as BCP 47 names it. Empty where the model does not say."""
        return self.proto.language_code

    def __str__(self) -> str:
        """Return the text."""
        return self.text


class TranscriptFold:
    """Folds the events of a transcription."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._segments: list[Segment] = []
        self._last: audio_pb2.TranscriptFinished | None = None

    @property
    def finished(self) -> bool:
        """Whether the last event came."""
        return self._last is not None

    def add(self, event: audio_pb2.TranscribeEvent) -> str:
        """Take the next event, and return the text that it adds to what is being heard."""
        match event.WhichOneof("event"):
            case "text_delta":
                return event.text_delta
            case "segment":
                self._segments.append(_segment(event.segment))
            case "finished":
                self._last = event.finished
        return ""

    def transcript(self) -> Transcript:
        """Return the transcript, once `finished`."""
        return Transcript(self._last or audio_pb2.TranscriptFinished(), tuple(self._segments))


def _segment(proto: audio_pb2.TranscriptSegment) -> Segment:
    start = proto.start_offset.ToTimedelta().total_seconds() if proto.HasField("start_offset") else None
    end = proto.end_offset.ToTimedelta().total_seconds() if proto.HasField("end_offset") else None
    return Segment(proto.text, start, end)


@dataclass(frozen=True, slots=True)
class Speech(Settled):
    """A spoken text."""

    data: bytes = field(repr=False)
    """The file."""
    mime_type: str
    """Its media type, which may be another than asked where the model has no other."""
    proto: audio_pb2.SpeechFinished = field(repr=False)
    """The last event as it came."""
    id: str = ""
    """The gateway's name for the call."""

    @property
    def response_id(self) -> str:
        """The gateway's name for the call."""
        return self.id

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a file, whole or not at all; without a suffix, the usual one is added.

        Raises:
            OSError: It cannot be written.
        """
        return files.save(path, self.data, self.mime_type)


class SpeechFold:
    """Folds the events of speech."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._pieces: list[bytes] = []
        self._id = ""
        self.mime_type = ""
        self._last: audio_pb2.SpeechFinished | None = None

    @property
    def finished(self) -> bool:
        """Whether the last event came."""
        return self._last is not None

    def add(self, event: audio_pb2.SpeakEvent) -> bytes:
        """Take the next event, and return the bytes that it adds."""
        match event.WhichOneof("event"):
            case "started":
                self._id, self.mime_type = event.started.response_id, event.started.mime_type
            case "audio_chunk":
                self._pieces.append(event.audio_chunk)
                return event.audio_chunk
            case "finished":
                self._last = event.finished
        return b""

    def speech(self) -> Speech:
        """Return the speech, once `finished`."""
        last = self._last or audio_pb2.SpeechFinished()
        return Speech(b"".join(self._pieces), self.mime_type, last, self._id)
