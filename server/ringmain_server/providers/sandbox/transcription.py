"""Room 4, the sandbox, pure: transcription on its wire, which is OpenAI's with a field for the language."""

from collections.abc import Iterator, Sequence

import orjson
from google.protobuf.duration_pb2 import Duration
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1.usage_pb2 import Usage
from ringmain_sandbox.sound.endpoint import TRANSCRIPTION_PATH, TRANSLATION_PATH

from ringmain_server.candidate import Candidate
from ringmain_server.errors import StreamBroken
from ringmain_server.operations import AudioUpload
from ringmain_server.providers.numbers import span
from ringmain_server.providers.sandbox.answers import count, malformed
from ringmain_server.providers.sse import EventTooLarge, SseDecoder
from ringmain_server.providers.structs import read_options
from ringmain_server.providers.translator import Decoder, StreamTranslator
from ringmain_server.providers.transport import FormField, HttpRequest, Json


class TranscribeTranslator(StreamTranslator[AudioUpload, audio_pb2.TranscribeEvent, HttpRequest, bytes]):
    """The translator of speech to text. See `StreamTranslator`."""

    def request(self, upload: AudioUpload, candidate: Candidate) -> HttpRequest:
        """Returns the request on the wire. The recording follows as it comes in."""
        config = upload.config
        form = [FormField("model", candidate.provider_model), FormField("stream", "true")]
        if config.language_code and not config.translate:
            form.append(FormField("language", config.language_code))
        if config.prompt:
            form.append(FormField("prompt", config.prompt))
        if config.word_offsets:
            form.append(FormField("timestamp_granularities[]", "word"))
        form += [FormField(name, str(value)) for name, value in read_options(config, candidate.kind).items()]
        form.append(FormField("file", upload.recording.read, "recording", config.mime_type))
        return HttpRequest(TRANSLATION_PATH if config.translate else TRANSCRIPTION_PATH, form=form)

    def decoder(self, upload: AudioUpload, candidate: Candidate) -> "TranscriptDecoder":
        """Returns a decoder for one stream."""
        return TranscriptDecoder(candidate)


class TranscriptDecoder(Decoder[audio_pb2.TranscribeEvent, bytes]):
    """The decoder of one transcript. See `Decoder`.

    The events are those of https://platform.openai.com/docs/api-reference/audio/transcript-text-delta-event
    and the pages after it. The last one is `transcript.text.done`.
    """

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate
        self._sse = SseDecoder()
        self._pending: list[str] = []
        self._written = 0
        self._usage: Usage | None = None
        self.complete = False

    def feed(self, chunk: bytes) -> Sequence[audio_pb2.TranscribeEvent]:
        """Returns the events of one network read."""
        try:
            found = self._sse.feed(chunk)
        except EventTooLarge as exc:
            raise malformed(self._candidate, "an event larger than any answer") from exc
        events = [event for data in found for event in self._events(data)]
        return [*events, *self._take()]

    def end(self) -> Sequence[audio_pb2.TranscribeEvent]:
        """Checks that the stream was complete; its closing completes no events."""
        if not self.complete:
            raise StreamBroken(self._candidate.provider_id, "closed the stream before its end")
        return ()

    def usage(self) -> Usage:
        """Returns the usage so far."""
        return self._usage or Usage(output_token_count=self._written, estimated=True)

    def _events(self, data: bytes) -> Iterator[audio_pb2.TranscribeEvent]:
        try:
            told: Json = orjson.loads(data)
            kind = told["type"]
        except (orjson.JSONDecodeError, KeyError, TypeError) as exc:
            raise malformed(self._candidate, "an event that is not one") from exc
        if kind == "transcript.text.delta":
            self._written += 1
            self._pending.append(str(told.get("delta")))
        elif kind == "transcript.text.segment":
            yield from self._take()
            yield audio_pb2.TranscribeEvent(segment=_segment(told))
        elif kind == "transcript.text.done":
            yield from self._take()
            yield audio_pb2.TranscribeEvent(finished=self._finished(told))

    def _take(self) -> Iterator[audio_pb2.TranscribeEvent]:
        if self._pending:
            text, self._pending = "".join(self._pending), []
            yield audio_pb2.TranscribeEvent(text_delta=text)

    def _finished(self, told: Json) -> audio_pb2.TranscriptFinished:
        self.complete = True
        usage = told.get("usage")
        seconds = usage.get("seconds", 0) if isinstance(usage, dict) else 0
        self._usage = Usage(
            input_token_count=count(told, "input_tokens"),
            output_token_count=count(told, "output_tokens"),
            audio_duration=span(seconds),
        )
        return audio_pb2.TranscriptFinished(
            text=str(told.get("text")), language_code=str(told.get("language") or ""), usage=self._usage
        )


def _segment(told: Json) -> audio_pb2.TranscriptSegment:
    words = told.get("words")
    return audio_pb2.TranscriptSegment(
        text=str(told.get("text")),
        start_offset=_span(told.get("start")),
        end_offset=_span(told.get("end")),
        speaker=str(told.get("speaker") or ""),
        words=[_word(one) for one in words if isinstance(one, dict)] if isinstance(words, list) else (),
    )


def _word(told: Json) -> audio_pb2.TranscriptWord:
    start, end = _span(told.get("start")), _span(told.get("end"))
    return audio_pb2.TranscriptWord(text=str(told.get("word")), start_offset=start, end_offset=end)


def _span(seconds: object) -> Duration:
    return span(float(str(seconds)))
