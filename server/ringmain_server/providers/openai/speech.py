"""Room 4, pure: speech from text over OpenAI's wire.

https://platform.openai.com/docs/api-reference/audio/createSpeech: the answer is the audio itself, sent while
it is made. It has no end marker; HTTP tells when it is complete. The provider reports no usage, so the
characters of the text are counted here, which is how most models are billed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ringmain.v1.audio_service_pb2 import (
    SpeakEvent,
    SpeakRequest,
    SpeechConfig,
    SpeechFinished,
    SpeechStarted,
)
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.media_prices import MediaCounts, media_cost
from ringmain_server.errors import InvalidField, Unexplained
from ringmain_server.kinds.openai import SpeechEndpoint
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.openai.media_wire import SPEECH_FORMATS, MediaWire
from ringmain_server.providers.openai.request_pieces import options, short
from ringmain_server.providers.speech_pieces import speech_pieces
from ringmain_server.providers.translator import Decoder, StreamTranslator
from ringmain_server.providers.transport import HttpRequest

_PATH = "/audio/speech"
_GATEWAYS_OWN = frozenset({"model", "input", "response_format", "stream", "stream_format"})
"""Fields that decide what is spoken and how the answer is read."""
_HEADERS: Mapping[str, str] = {"Accept": "*/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class OpenAISpeakTranslator(StreamTranslator[SpeakRequest, SpeakEvent, HttpRequest, bytes]):
    """A translator of speech that is sent while it is made. See `StreamTranslator`.

    Attributes:
        wire: The facts that every translator except chat needs.
        endpoint: The speech endpoint of this kind of provider.
    """

    wire: MediaWire
    endpoint: SpeechEndpoint

    def request(self, request: SpeakRequest, candidate: Candidate) -> HttpRequest:
        """Builds the HTTP request."""
        config = request.speech_config
        body: Object = {
            "model": candidate.provider_model,
            "input": request.text,
            "voice": self._voice(config),
            "response_format": SPEECH_FORMATS[self._format(config)],
        }
        if config.HasField("speed"):
            body["speed"] = short(config.speed)
        takes_instructions = self.endpoint.instructions and "instructions" not in candidate.knobs.lacks
        if config.instructions and takes_instructions:
            body["instructions"] = config.instructions
        for passed_through in options(config, candidate.kind, _GATEWAYS_OWN, "speech_config"):
            body.update(passed_through)
        return HttpRequest(self.wire.path(candidate, _PATH), body, _HEADERS)

    def decoder(self, request: SpeakRequest, candidate: Candidate) -> "OpenAISpeechDecoder":
        """Returns a decoder for one stream."""
        return OpenAISpeechDecoder(request.text, self._format(request.speech_config), candidate)

    def _voice(self, config: SpeechConfig) -> str:
        voice = config.voice or self.endpoint.voice
        if not voice:
            raise InvalidField.at(
                "speech_config.voice", "is empty, and this provider has no voice of its own choice"
            )
        return voice

    def _format(self, config: SpeechConfig) -> str:
        """Returns the requested media type, or MP3, which is the contract's default.

        Raises:
            InvalidField: The provider cannot produce it.
        """
        wanted = config.mime_type or "audio/mpeg"
        if wanted not in self.endpoint.formats:
            made = ", ".join(self.endpoint.formats)
            raise InvalidField.at("speech_config.mime_type", f"is {wanted}, and this provider makes {made}")
        return wanted


class OpenAISpeechDecoder(Decoder[SpeakEvent, bytes]):
    """A decoder for one stream. See `Decoder`.

    Args:
        text: The text that is spoken.
        mime_type: The media type of the audio.
        candidate: The candidate that speaks.
    """

    __slots__ = ("_candidate", "_heard", "_mime_type", "_text", "complete")
    ends_at_eof = True

    def __init__(self, text: str, mime_type: str, candidate: Candidate) -> None:
        self._text = text
        self._mime_type = mime_type
        self._candidate = candidate
        self._heard = False
        self.complete = False

    def feed(self, chunk: bytes) -> Sequence[SpeakEvent]:
        """Returns the events that one network read completes."""
        events = []
        if not self._heard:
            self._heard = True
            events.append(SpeakEvent(started=SpeechStarted(mime_type=self._mime_type)))
        return [*events, *speech_pieces(chunk)]

    def end(self) -> Sequence[SpeakEvent]:
        """Returns the last event.

        A broken connection never gets here, since HTTP marks the end of a body.
        """
        if not self._heard:
            raise Unexplained(self._candidate.provider_id, "answered without any audio")
        self.complete = True
        return (SpeakEvent(finished=SpeechFinished(usage=self.usage())),)

    def usage(self) -> Usage:
        """Returns the number of characters of the text, which are billed as soon as the provider speaks."""
        characters = len(self._text)
        usage = Usage(character_count=characters, estimated=not self.complete)
        counts = MediaCounts(characters=characters)
        cost = media_cost(self._candidate.kind, self._candidate.provider_model, counts)
        if cost is not None:
            usage.cost_nano_usd = cost
        return usage
