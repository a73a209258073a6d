"""Room 4, pure: asks a chat completion for more than text.

https://platform.openai.com/docs/guides/audio for speech, of which a stream has only one format;
https://openrouter.ai/docs/features/multimodal/image-generation for images.
"""

from collections.abc import Iterator, Mapping

from ringmain.v1.generation_pb2 import MODALITY_AUDIO, MODALITY_IMAGE, GenerationConfig

from ringmain_server.candidate import Candidate
from ringmain_server.errors import CapabilityMissing
from ringmain_server.kinds.openai import Dialect

_FORMATS: Mapping[str, str] = {
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/ogg": "opus",
    "audio/flac": "flac",
    "audio/aac": "aac",
    "audio/pcm": "pcm16",
}
"""The wire's name of a media type."""
_DEFAULT_VOICE = "alloy"
_WHOLE = "audio/wav"
BARE = "audio/pcm"
"""Samples without a header, by which nothing can tell what they are; the one format of a stream."""


def audio_type(config: GenerationConfig, *, stream: bool) -> str:
    """Returns the media type of the speech that an answer holds."""
    wanted = config.audio_output.mime_type
    return BARE if stream else wanted if wanted in _FORMATS else _WHOLE


def fields(
    config: GenerationConfig, candidate: Candidate, dialect: Dialect, *, stream: bool
) -> Iterator[tuple[str, object]]:
    """Yields the fields that ask for speech or images beside the text.

    Raises:
        CapabilityMissing: The server answers with neither.
    """
    speaks = MODALITY_AUDIO in config.output_modalities
    draws = MODALITY_IMAGE in config.output_modalities
    if draws and not dialect.image_output:
        raise CapabilityMissing(candidate.name, "image_output")
    if speaks and not dialect.audio_output:
        raise CapabilityMissing(candidate.name, "audio_output")
    if speaks or draws:
        yield "modalities", ["text", *(["image"] if draws else []), *(["audio"] if speaks else [])]
    if speaks:
        voice = config.audio_output.voice or _DEFAULT_VOICE
        yield "audio", {"voice": voice, "format": _FORMATS[audio_type(config, stream=stream)]}
