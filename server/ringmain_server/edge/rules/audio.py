"""Room 1, pure: rules for transcribing and speaking."""

import re

from ringmain.v1 import audio_service_pb2 as audio_pb2

from ringmain_server.edge.rules.common import TEXT_LIMIT, Rules, found, mime_type, short
from ringmain_server.edge.rules.options import options
from ringmain_server.edge.rules.spending import spending
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
    yield from spending(config)
    yield from mime_type(config.mime_type, "mime_type")
    yield from short(config.language_code, "language_code", LANGUAGE_LIMIT)
    yield from short(config.prompt, "prompt", TEXT_LIMIT)
    if 0 < len(config.language_code) <= LANGUAGE_LIMIT and not _LANGUAGE.fullmatch(config.language_code):
        yield Violation("language_code", "is not a BCP 47 code such as en or pt-BR")
    yield from options(config.provider_options, "provider_options")


def _speak(request: audio_pb2.SpeakRequest) -> Rules:
    yield from spending(request)
    if not request.text.strip():
        yield Violation("text", "says nothing")
    yield from short(request.text, "text", SPOKEN_LIMIT)
    yield from _speech(request.speech_config, "speech_config")


def _speech(config: audio_pb2.SpeechConfig, path: str) -> Rules:
    yield from short(config.voice, f"{path}.voice")
    yield from short(config.instructions, f"{path}.instructions", SPOKEN_LIMIT)
    # `not` in front of the comparison, so that NaN is out of range
    if config.HasField("speed") and not SPEEDS[0] <= config.speed <= SPEEDS[1]:
        yield Violation(f"{path}.speed", f"is not from {SPEEDS[0]:g} to {SPEEDS[1]:g}")
    if config.mime_type and config.mime_type not in FORMATS:
        yield Violation(f"{path}.mime_type", f"is not one of {', '.join(FORMATS)}")
    yield from options(config.provider_options, f"{path}.provider_options")
