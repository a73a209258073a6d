"""Room 1, pure: rules for transcribing and speaking."""

import re

from ringmain.v1 import audio_service_pb2 as audio_pb2

from ringmain_server.edge.rules.common import TEXT_LIMIT, Rules, found, mime_type, named, routing, short
from ringmain_server.errors import Violation

SPOKEN_LIMIT = 4096
LANGUAGE_LIMIT = 64
SPEEDS = (0.25, 4.0)
FORMATS = ("audio/mpeg", "audio/wav", "audio/ogg", "audio/flac", "audio/aac", "audio/pcm")

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
"""Roughly what https://www.rfc-editor.org/rfc/rfc5646#section-2.1 allows; the provider checks the rest."""


def transcribe(config: audio_pb2.TranscriptionConfig) -> list[Violation]:
    """Returns what is wrong with the configuration of a transcription."""
    return found(_transcribe(config))


def speak(request: audio_pb2.SpeakRequest) -> list[Violation]:
    """Returns what is wrong with a request to speak a text."""
    return found(_speak(request))


def _transcribe(config: audio_pb2.TranscriptionConfig) -> Rules:
    yield from named(config.model)
    yield from mime_type(config.mime_type, "mime_type")
    yield from short(config.language_code, "language_code", LANGUAGE_LIMIT)
    yield from short(config.prompt, "prompt", TEXT_LIMIT)
    if 0 < len(config.language_code) <= LANGUAGE_LIMIT and not _LANGUAGE.fullmatch(config.language_code):
        yield Violation("language_code", "is not a BCP 47 code such as en or pt-BR")
    yield from routing(config.routing_policy)


def _speak(request: audio_pb2.SpeakRequest) -> Rules:
    yield from named(request.model)
    if not request.text.strip():
        yield Violation("text", "says nothing")
    yield from short(request.text, "text", SPOKEN_LIMIT)
    yield from short(request.voice, "voice")
    yield from short(request.instructions, "instructions", SPOKEN_LIMIT)
    # `not` in front of the comparison, so that NaN is out of range
    if request.HasField("speed") and not SPEEDS[0] <= request.speed <= SPEEDS[1]:
        yield Violation("speed", f"is not from {SPEEDS[0]:g} to {SPEEDS[1]:g}")
    if request.mime_type and request.mime_type not in FORMATS:
        yield Violation("mime_type", f"is not one of {', '.join(FORMATS)}")
    yield from routing(request.routing_policy)
