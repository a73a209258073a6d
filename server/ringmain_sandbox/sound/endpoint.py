"""Sandbox, pure: speech and transcription of the OpenAI wire.

https://platform.openai.com/docs/api-reference/audio: `createSpeech`, `createTranscription` streamed,
`createTranslation`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from ringmain_sandbox import tokens
from ringmain_sandbox.prompt import PACING, check_fields
from ringmain_sandbox.question import Question
from ringmain_sandbox.refusal import bad_request
from ringmain_sandbox.script import Reply
from ringmain_sandbox.sound import recording, tones
from ringmain_sandbox.sound.hearing import Heard, hear
from ringmain_sandbox.sound.language import language
from ringmain_sandbox.wire import event

SPEECH_PATH = "/audio/speech"
TRANSCRIPTION_PATH = "/audio/transcriptions"
TRANSLATION_PATH = "/audio/translations"

VOICE = "ring"
"""The default voice."""
_SPEECH = frozenset(
    {*PACING, "model", "input", "voice", "instructions", "response_format", "speed", "stream_format"}
)
_TRANSCRIPTION = frozenset(
    {*PACING, "model", "language", "prompt", "response_format", "temperature", "stream", "include[]"}
) | {"timestamp_granularities[]", "chunking_strategy"}
_SENTENCE = re.compile(r"(?<=[.!?…])(?=\s)|(?<=[\u3002\uff01\uff1f])|(?<=\n)")
_WORD = re.compile(r"\S+")
_SPEAKER = "A"
"""The speaker of every segment: the sandbox hears one voice in a recording."""
_CANNOT_TRANSLATE = "The sandbox cannot translate. It heard: "


def speak(question: Question) -> Reply:
    """Answers a request for speech with a file, a word at a time.

    Raises:
        RefusedError: It breaks the wire's rules.
    """
    body = question.received.body
    check_fields(body, _SPEECH)
    text = question.text("input")
    if not text:
        raise bad_request("input must hold a text.", "input")
    form = question.text("response_format", "wav")
    if form not in ("wav", "pcm"):
        raise bad_request("The sandbox speaks wav and pcm: others need an encoder.", "response_format")
    length = tones.symbol_length(_speed(body.get("speed")))
    voice = question.text("voice") or VOICE
    pieces = partial(tones.spoken, text, voice, length)
    if form == "wav":
        pieces = partial(_headed, text, voice, length)
    return Reply(tokens.count(text) + 2, chunks=pieces, raw=True)


def _headed(text: str, voice: str, length: int) -> Iterator[bytes]:
    """Yields the pieces of a WAV file, as many as it has without its header."""
    pieces = tones.spoken(text, voice, length)
    yield recording.header(tones.byte_length(text, length)) + next(pieces)
    yield from pieces


def _speed(given: object) -> float:
    if given is None:
        return 1.0
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0.25 <= given <= 4:
        raise bad_request("speed must be from 0.25 to 4.", "speed")
    return given


def transcribe(question: Question) -> Reply:
    """Answers a request for a transcript with events: deltas, segments and the whole.

    Raises:
        RefusedError: It breaks the wire's rules.
    """
    return _transcript(question, translate=False)


def translate(question: Question) -> Reply:
    """Answers a request for a transcript in English.

    Raises:
        RefusedError: It breaks the wire's rules.
    """
    return _transcript(question, translate=True)


@dataclass(frozen=True, slots=True)
class _Span:
    """A sentence or a word of speech, with its start and end in seconds, and the words of a sentence."""

    text: str
    start: float
    end: float
    words: "tuple[_Span, ...]" = ()


def _transcript(question: Question, *, translate: bool) -> Reply:
    check_fields(question.received.body, _TRANSCRIPTION)
    files = question.received.files.get("file", ())
    if not files:
        raise bad_request("file must hold a recording.", "file")
    found = recording.read(files[0].data, files[0].mime_type)
    seconds = 0.0 if found is None else found.seconds
    heard = None if found is None else hear(found.samples, found.rate)
    if heard is None:
        length = f"{len(files[0].data)} bytes" if found is None else f"{seconds:.1f} seconds"
        told = f"The sandbox cannot hear this: {length} of {files[0].mime_type or 'sound'}."
        segments, spoken = [_Span(told, 0.0, seconds)], ""
    else:
        spoken = question.text("language") or language(heard.text)
        segments = list(_segments(heard))
        if segments and translate and spoken.partition("-")[0] != "en":
            segments.insert(0, _Span(_CANNOT_TRANSLATE, segments[0].start, segments[0].start))
    words = question.text("timestamp_granularities[]") == "word"
    prompt_tokens = tokens.count(question.text("prompt"))
    return _reply(segments, spoken, seconds, prompt_tokens, words=words)


def _segments(heard: Heard) -> Iterator[_Span]:
    at = heard.start
    for sentence in _SENTENCE.split(heard.text):
        if sentence:
            end = at + len(sentence.encode()) * heard.byte_time
            yield _Span(sentence, at, end, tuple(_words(sentence, at, heard.byte_time)))
            at = end


def _words(sentence: str, start: float, byte_time: float) -> Iterator[_Span]:
    for found in _WORD.finditer(sentence):
        before, until = (len(sentence[:at].encode()) * byte_time for at in found.span())
        yield _Span(found[0], start + before, start + until)


def _reply(segments: list[_Span], spoken: str, seconds: float, prompt_tokens: int, *, words: bool) -> Reply:
    text = "".join(segment.text for segment in segments)
    count = sum(tokens.count(segment.text) for segment in segments)
    done = {
        "type": "transcript.text.done",
        "text": text,
        "language": spoken,
        "usage": {
            "type": "tokens",
            "input_tokens": prompt_tokens,
            "output_tokens": count,
            "total_tokens": prompt_tokens + count,
            "seconds": seconds,
        },
    }
    return Reply(count, chunks=partial(_events, segments, words=words), ending=partial(event, done))


def _events(segments: list[_Span], *, words: bool) -> Iterator[bytes]:
    for index, segment in enumerate(segments):
        pieces = list(tokens.pieces(segment.text))
        for piece in pieces[:-1]:
            yield _delta(piece)
        told: dict[str, object] = {
            "type": "transcript.text.segment",
            "id": f"seg_{index}",
            "text": segment.text,
            "start": segment.start,
            "end": segment.end,
            "speaker": _SPEAKER if segment.words else "",
        }
        if words:
            told["words"] = [{"word": one.text, "start": one.start, "end": one.end} for one in segment.words]
        yield _delta(pieces[-1]) + event(told)


def _delta(piece: str) -> bytes:
    return event({"type": "transcript.text.delta", "delta": piece})
