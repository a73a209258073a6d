"""Room 4, the sandbox, pure: speech on its wire, which is OpenAI's."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1.usage_pb2 import Usage
from ringmain_sandbox.sound.endpoint import SPEECH_PATH
from ringmain_sandbox.sound.recording import HEADER_SIZE
from ringmain_sandbox.sound.tones import RATE

from ringmain_server.candidate import Candidate
from ringmain_server.media.detect import detect
from ringmain_server.providers.numbers import span
from ringmain_server.providers.sandbox.answers import malformed
from ringmain_server.providers.speech_pieces import speech_pieces
from ringmain_server.providers.structs import read_options
from ringmain_server.providers.translator import Decoder, StreamTranslator
from ringmain_server.providers.transport import HttpRequest

_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "audio/mpeg": "mp3",
        "audio/ogg": "opus",
        "audio/flac": "flac",
        "audio/aac": "aac",
        "audio/wav": "wav",
        "audio/pcm": "pcm",
    }
)
_BARE = "audio/pcm"


class SpeakTranslator(StreamTranslator[audio_pb2.SpeakRequest, audio_pb2.SpeakEvent, HttpRequest, bytes]):
    """The translator of text to speech. See `StreamTranslator`."""

    def request(self, request: audio_pb2.SpeakRequest, candidate: Candidate) -> HttpRequest:
        """Returns the request on the wire. The sandbox uses WAV where no format is requested."""
        config = request.speech_config
        body: dict[str, object] = {"model": candidate.provider_model, "input": request.text}
        if config.mime_type:
            body["response_format"] = _FORMATS[config.mime_type]
        if config.voice:
            body["voice"] = config.voice
        if config.instructions:
            body["instructions"] = config.instructions
        if config.HasField("speed"):
            body["speed"] = config.speed
        body.update(read_options(config, candidate.kind))
        return HttpRequest(SPEECH_PATH, body)

    def decoder(self, request: audio_pb2.SpeakRequest, candidate: Candidate) -> "SpeechDecoder":
        """Returns a decoder for one stream."""
        return SpeechDecoder(request, candidate)


class SpeechDecoder(Decoder[audio_pb2.SpeakEvent, bytes]):
    """The decoder of one file of sound as it comes in. See `Decoder`.

    The first bytes of a file show its format. Bare samples have no such sign.
    """

    ends_at_eof = True

    def __init__(self, request: audio_pb2.SpeakRequest, candidate: Candidate) -> None:
        self._text = request.text
        self._mime_type = request.speech_config.mime_type
        self._candidate = candidate
        self._head: bytes | None = b""
        self._size = 0
        self.complete = False

    def feed(self, chunk: bytes) -> Sequence[audio_pb2.SpeakEvent]:
        """Returns the bytes of one network read, and before the first of them their format."""
        self._size += len(chunk)
        if self._head is None:
            return list(speech_pieces(chunk))
        self._head += chunk
        if len(self._head) < HEADER_SIZE:
            return ()
        head, self._head = self._head, None
        started = audio_pb2.SpeechStarted(mime_type=self._kind(head))
        return [audio_pb2.SpeakEvent(started=started), *speech_pieces(head)]

    def end(self) -> Sequence[audio_pb2.SpeakEvent]:
        """Returns the event that ends the file."""
        if self.complete:
            return ()
        if self._head is not None:
            raise malformed(self._candidate, "an answer without any sound")
        self.complete = True
        return [audio_pb2.SpeakEvent(finished=audio_pb2.SpeechFinished(usage=self.usage()))]

    def usage(self) -> Usage:
        """Returns the usage so far: the characters of the request, and the sound that came."""
        header = 0 if self._mime_type == _BARE else HEADER_SIZE
        samples = max(self._size - header, 0) // 2
        return Usage(
            character_count=len(self._text),
            audio_duration=span(samples / RATE),
            estimated=not self.complete,
        )

    def _kind(self, head: bytes) -> str:
        if self._mime_type == _BARE and not head.startswith(b"<"):
            return _BARE
        found = detect(head)
        if not found.startswith("audio/"):
            raise malformed(self._candidate, "something that is no sound")
        return found
