"""Room 4, pure: reads segments and words of a transcript of OpenAI's wire.

* Words are listed beside the segments: https://platform.openai.com/docs/api-reference/audio/verbose-json-object.
* A segment may name its speaker: https://platform.openai.com/docs/api-reference/audio/diarized-json-object.
* Together's segments by speaker hold their words:
  https://docs.together.ai/docs/inference/transcription/features.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ringmain.v1.audio_service_pb2 import TranscriptSegment, TranscriptWord

from ringmain_server.providers import numbers
from ringmain_server.providers.openai.media_answer import text

Told: TypeAlias = Mapping[str, object]


def transcript_segments(found: Told) -> Sequence[TranscriptSegment]:
    """Returns the segments of a whole answer, each with its words.

    Args:
        found: The answer. Words without any segment are those of one segment with the whole text.
    """
    segments = [segment_of(one) for one in _objects(found.get("speaker_segments") or found.get("segments"))]
    words = [word for one in _objects(found.get("words")) if (word := _word(one)) is not None]
    if words and not segments:
        segments = [TranscriptSegment(text=text(found.get("text")).strip())]
        segments[0].start_offset.CopyFrom(words[0].start_offset)
        segments[0].end_offset.CopyFrom(words[-1].end_offset)
    if not any(segment.words for segment in segments):
        _share_out(words, segments)
    return segments


def segment_of(found: Told) -> TranscriptSegment:
    """Returns one segment."""
    speaker = text(found.get("speaker")) or text(found.get("speaker_id"))
    segment = TranscriptSegment(text=text(found.get("text")).strip(), speaker=speaker)
    for name, field in (("start", segment.start_offset), ("end", segment.end_offset)):
        if (known := numbers.seconds(found.get(name))) is not None:
            field.CopyFrom(numbers.span(known))
    segment.words.extend(word for one in _objects(found.get("words")) if (word := _word(one)) is not None)
    return segment


def _word(found: Told) -> TranscriptWord | None:
    """Returns a word; None where it has no text, or not both of its times."""
    said = (text(found.get("word")) or text(found.get("text"))).strip()
    start, end = numbers.seconds(found.get("start")), numbers.seconds(found.get("end"))
    if not said or start is None or end is None:
        return None
    return TranscriptWord(text=said, start_offset=numbers.span(start), end_offset=numbers.span(end))


def _share_out(words: Sequence[TranscriptWord], segments: Sequence[TranscriptSegment]) -> None:
    """Adds each word to the segment in which its middle is."""
    starts = [segment.start_offset.ToMilliseconds() for segment in segments]
    for word in words:
        middle = (word.start_offset.ToMilliseconds() + word.end_offset.ToMilliseconds()) // 2
        segments[max(bisect_right(starts, middle) - 1, 0)].words.append(word)


def _objects(found: object) -> Sequence[Told]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else ()
