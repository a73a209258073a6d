"""Room 4, pure: reads a transcript of OpenAI's wire, streamed or whole.

https://platform.openai.com/docs/api-reference/audio/transcript-text-delta-event: the events are
`transcript.text.delta`, `.segment` from the diarizing model, and `.done` with the text and the usage. A whole
answer is one JSON document, with segments where the model has them
(https://platform.openai.com/docs/api-reference/audio/verbose-json-object).
"""

from collections.abc import Iterator, Mapping, Sequence

from ringmain.v1.audio_service_pb2 import TranscribeEvent, TranscriptFinished
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.media_prices import MediaCounts, media_cost
from ringmain_server.catalog.tokens import text_tokens
from ringmain_server.errors import AnswerTooLarge, StreamBroken
from ringmain_server.providers import numbers
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.openai.languages import code_of
from ringmain_server.providers.openai.media_answer import count, document, malformed, seconds, text
from ringmain_server.providers.openai.media_fields import TRANSCRIPT, TRANSCRIPT_EVENT, TRANSCRIPTIONS_WIRE
from ringmain_server.providers.openai.segments import segment_of, transcript_segments
from ringmain_server.providers.sse import EventTooLarge, SseDecoder
from ringmain_server.providers.translator import Decoder
from ringmain_server.providers.unknown_fields import UnknownFields
from ringmain_server.text.surrogates import Joiner

_LIMIT = 16 << 20
"""Most bytes of a whole answer, enough for many hours of speech word by word."""
_END = b"[DONE]"


class OpenAITranscriptDecoder(Decoder[TranscribeEvent, bytes]):
    """A decoder for one answer. See `Decoder`.

    Args:
        candidate: The candidate that transcribes.
        errors: Translates the provider's errors.
        streamed: Whether the answer comes in events, instead of one document.
    """

    __slots__ = (
        "_candidate",
        "_errors",
        "_joiner",
        "_raw",
        "_size",
        "_sse",
        "_streamed",
        "_texts",
        "_unknown",
        "complete",
    )

    def __init__(self, candidate: Candidate, errors: OpenAIErrors, *, streamed: bool) -> None:
        self._candidate = candidate
        self._errors = errors
        self._streamed = streamed
        self._sse = SseDecoder(_LIMIT)
        self._raw: list[bytes] = []
        self._size = 0
        self._texts: list[str] = []
        self._joiner = Joiner()
        self._unknown = UnknownFields(TRANSCRIPTIONS_WIRE, candidate.provider_id)
        self.complete = False

    def feed(self, chunk: bytes) -> Sequence[TranscribeEvent]:
        """Returns the events that one network read completes."""
        if self.complete:
            return ()
        if not self._streamed:  # one document, which is parsed at its end
            self._keep(chunk)
            return ()
        try:
            found = self._sse.feed(chunk)
        except EventTooLarge as exc:
            raise AnswerTooLarge(
                self._candidate.provider_id, "answered an event larger than any answer"
            ) from exc
        return [event for data in found if data != _END for event in self._event(data)]

    def end(self) -> Sequence[TranscribeEvent]:
        """Returns the events that the end of the answer completes."""
        if self.complete:
            return ()
        if self._streamed:
            who = self._candidate.provider_id
            told = self._errors.instead(who, self._sse.document)
            raise told or StreamBroken(who, "closed the stream before its end")
        return list(self._whole(b"".join(self._raw)))

    def usage(self) -> Usage:
        """Returns an estimate of the usage so far, since only the last event reports it."""
        written = text_tokens("".join(self._texts))
        return Usage(output_token_count=written, estimated=True)

    def _keep(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > _LIMIT:
            raise AnswerTooLarge(self._candidate.provider_id, "answered more than any transcript holds")
        self._raw.append(chunk)

    def _event(self, data: bytes) -> Iterator[TranscribeEvent]:
        event = document(data, self._candidate.provider_id, self._errors)
        if event.get("type") != "error":
            self._unknown.look(event, TRANSCRIPT_EVENT)
        match event.get("type"):
            case "transcript.text.delta":
                delta = self._joiner.feed(text(event.get("delta")))
                self._texts.append(delta)
                # Text that also comes in a segment would be sent twice.
                if delta and "segment_id" not in event:
                    yield TranscribeEvent(text_delta=delta)
            case "transcript.text.segment":
                yield TranscribeEvent(segment=segment_of(event))
            case "transcript.text.done":
                # Half a character may still wait for its other half, which cannot come any more.
                if left := self._joiner.end():
                    self._texts.append(left)
                    yield TranscribeEvent(text_delta=left)
                yield self._finished(event)
            case "error":
                raise self._errors.reported(self._candidate.provider_id, event)

    def _whole(self, raw: bytes) -> Iterator[TranscribeEvent]:
        found = document(raw, self._candidate.provider_id, self._errors)
        self._unknown.look(found, TRANSCRIPT)
        if not isinstance(found.get("text"), str):
            raise self._malformed("without a transcript")
        told = transcript_segments(found)
        for one in told:
            yield TranscribeEvent(segment=one)
        if not told and found["text"]:
            yield TranscribeEvent(text_delta=text(found["text"]))
        yield self._finished(found)

    def _finished(self, found: Mapping[str, object]) -> TranscribeEvent:
        self.complete = True
        said = text(found.get("text")) or "".join(self._texts)
        finished = TranscriptFinished(text=said.strip(), language_code=_language(found))
        finished.usage.CopyFrom(self._used(found))
        return TranscribeEvent(finished=finished)

    def _used(self, found: Mapping[str, object]) -> Usage:
        """Returns tokens or a duration, whichever the model is billed by."""
        counts = found.get("usage")
        said = counts if isinstance(counts, Mapping) else {}
        heard = seconds(said.get("seconds")) or seconds(said.get("prompt_audio_seconds"))
        heard = heard or seconds(found.get("duration"))
        read, written = (
            count(said, "input_tokens", "prompt_tokens"),
            count(said, "output_tokens", "completion_tokens"),
        )
        usage = Usage(input_token_count=read, output_token_count=written)
        if heard:
            usage.audio_duration.CopyFrom(numbers.span(heard))
        details = said.get("input_token_details")
        told = MediaCounts(
            input_tokens=read,
            audio_input_tokens=min(count(details, "audio_tokens"), read),
            output_tokens=written,
            audio_seconds=heard,
        )
        cost = media_cost(self._candidate.kind, self._candidate.provider_model, told)
        if cost is not None:
            usage.cost_nano_usd = cost
        if not (read or written or heard):
            usage.output_token_count, usage.estimated = text_tokens(text(found.get("text"))), True
        return usage

    def _malformed(self, what: str) -> Exception:
        return malformed(self._candidate.provider_id, what)


def _language(found: Mapping[str, object]) -> str:
    """Returns the language heard, given as a name, as a code, or as the first entry of a list."""
    languages = found.get("languages")
    if isinstance(languages, list) and languages and isinstance(languages[0], dict):
        return code_of(text(languages[0].get("code") or languages[0].get("language")))
    return code_of(text(found.get("language")))
