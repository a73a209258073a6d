"""Room 4, pure: text to speech by Gemini.

https://ai.google.dev/gemini-api/docs/speech-generation: the answer is raw sound in pieces. Gemini offers no
other format, so callers get WAV, or raw samples for `audio/pcm`, and the answer says which. It has no field
for the speed. Earlier models have none for instructions either, and read them in front of the text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.tokens import text_tokens
from ringmain_server.errors import ModelOutputInvalid, StreamBroken
from ringmain_server.providers.faults import said_nothing
from ringmain_server.providers.numbers import span
from ringmain_server.providers.speech_pieces import speech_pieces
from ringmain_server.providers.translator import Decoder, StreamTranslator
from ringmain_server.providers.vertex import counts, labels, pcm, wire
from ringmain_server.providers.vertex.finish import blocked, failed, is_complete
from ringmain_server.providers.vertex.passed import passed
from ringmain_server.providers.vertex.pcm import Pcm
from ringmain_server.providers.vertex.port import Port

_PATH = "speech_config.provider_options"
_OWN = frozenset({"model", "contents"})
"""Fields that only the gateway may set."""
_AUDIO = 3
"""A value of `GenerationConfig.Modality`."""
_RAW = "audio/pcm"
_WAV = "audio/wav"
_TOKENS_A_SECOND = 25
"""Tokens of a second of sound: https://ai.google.dev/gemini-api/docs/pricing."""


@dataclass(frozen=True, slots=True)
class VertexSpeakTranslator(StreamTranslator[audio_pb2.SpeakRequest, audio_pb2.SpeakEvent, Any, Any]):
    """A translator of speech. See `StreamTranslator`."""

    port: Port

    def request(self, request: audio_pb2.SpeakRequest, candidate: Candidate) -> Any:
        """Builds the request."""
        message = wire.GenerateContentRequest()
        speech = request.speech_config
        manner = ". ".join(_manner(speech))
        verbatim = "instructions" not in candidate.knobs.lacks
        text = request.text if verbatim or not manner else f"{manner}:\n{request.text}"
        message.contents.add(role="user").parts.add(text=text)
        labels.write(message, request, candidate)
        config = message.generation_config
        config.response_modalities.append(_AUDIO)
        if speech.voice:
            config.speech_config.voice_config.prebuilt_voice_config.voice_name = speech.voice
        given = passed(speech.provider_options, candidate.kind, _OWN, _PATH)
        path = f"{_PATH}[{candidate.kind}]"
        if verbatim:
            return self.port.spoken(message, candidate, given, path, manner=manner)
        return self.port.streamed(message, candidate, given, path)

    def decoder(self, request: audio_pb2.SpeakRequest, candidate: Candidate) -> "VertexSpeechDecoder":
        """Returns a decoder for one stream."""
        return VertexSpeechDecoder(self.port, candidate, request)


def _manner(config: audio_pb2.SpeechConfig) -> Iterator[str]:
    if config.instructions:
        yield config.instructions.rstrip(" .:")
    if config.HasField("speed") and config.speed != 1.0:
        yield f"Speak at {config.speed:g} times the usual speed"


class VertexSpeechDecoder(Decoder[audio_pb2.SpeakEvent, Any]):
    """A decoder for one stream. See `Decoder`."""

    __slots__ = (
        "_candidate",
        "_counts",
        "_last",
        "_provider_id",
        "_reader",
        "_request",
        "_size",
        "_sound",
        "complete",
    )

    def __init__(self, port: Port, candidate: Candidate, request: audio_pb2.SpeakRequest) -> None:
        self._candidate = candidate
        self._provider_id = candidate.provider_id
        self._reader = port.reader(candidate.provider_id)
        self._request = request
        self._sound: Pcm | None = None
        self._size = 0
        self._counts: wire.UsageMetadata | None = None
        self._last: wire.Candidate | None = None
        self.complete = False

    def feed(self, chunk: Any) -> Sequence[audio_pb2.SpeakEvent]:
        """Returns the events that one network read completes."""
        events: list[audio_pb2.SpeakEvent] = []
        for message in self._reader.feed(chunk):
            events += self._read(message)
        return events

    def end(self) -> Sequence[audio_pb2.SpeakEvent]:
        """Returns the last event.

        Raises:
            ProviderError: The speech is not complete.
        """
        last = self._last
        if last is None and self._counts is not None and not self._size:
            raise said_nothing(self._provider_id)
        if last is None:
            raise StreamBroken(self._provider_id, "ended the speech before its end")
        if not is_complete(last):
            raise ModelOutputInvalid(self._provider_id, "the model stopped before the speech's end")
        if not self._size:
            raise ModelOutputInvalid(self._provider_id, "the model answered without a sound")
        self.complete = True
        return (audio_pb2.SpeakEvent(finished=audio_pb2.SpeechFinished(usage=self.usage())),)

    def usage(self) -> Usage:
        """Returns the usage so far."""
        length = self._sound.seconds(self._size) if self._sound is not None else 0.0
        if self._counts is not None and self._counts.prompt_token_count:
            found = counts.counted((self._counts,), self._candidate)
        else:
            found = Usage(
                input_token_count=text_tokens(self._request.text),
                output_token_count=int(length * _TOKENS_A_SECOND),
                estimated=True,
            )
        if length:
            found.audio_duration.CopyFrom(span(length))
        found.character_count = len(self._request.text)
        return found

    def _read(self, message: wire.GenerateContentResponse) -> Iterator[audio_pb2.SpeakEvent]:
        if message.HasField("usage_metadata"):
            self._counts = message.usage_metadata
        if not len(message.candidates) and message.prompt_feedback.block_reason:
            raise blocked(self._provider_id, message.prompt_feedback)
        for candidate in message.candidates:
            for part in candidate.content.parts:
                if part.WhichOneof("data") == "inline_data" and part.inline_data.data:
                    yield from self._sounds(part.inline_data)
            if candidate.finish_reason:
                self._last = candidate
                if error := failed(self._provider_id, candidate):
                    raise error

    def _sounds(self, blob: wire.Blob) -> Iterator[audio_pb2.SpeakEvent]:
        if not self._size:
            yield from self._begin(blob.mime_type)
        self._size += len(blob.data)
        yield from speech_pieces(blob.data)

    def _begin(self, mime_type: str) -> Iterator[audio_pb2.SpeakEvent]:
        self._sound = pcm.parse(mime_type)
        head = b""
        if self._sound is None:
            found = mime_type or _WAV
        elif self._request.speech_config.mime_type == _RAW:
            found = f"{_RAW};rate={self._sound.rate}"
        else:
            found, head = _WAV, self._sound.wav_head()
        yield audio_pb2.SpeakEvent(started=audio_pb2.SpeechStarted(mime_type=found))
        if head:
            yield audio_pb2.SpeakEvent(audio_chunk=head)
