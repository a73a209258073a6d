"""Room 3: the operations as values, so that a layer serves chat, images and speech alike."""

from ringmain_server.operations.audio import SPEAK, TRANSCRIBE, AudioUpload
from ringmain_server.operations.base import AnyOperation, Streamed, Unary
from ringmain_server.operations.chat import CHAT, COUNT_TOKENS, STREAM_CHAT
from ringmain_server.operations.embedding import EMBED
from ringmain_server.operations.images import (
    CLASSIFY_IMAGE,
    EDIT_IMAGES,
    GENERATE_IMAGES,
    STREAM_EDIT_IMAGES,
    STREAM_GENERATE_IMAGES,
    UPSCALE_IMAGE,
)

__all__ = [
    "CHAT",
    "CLASSIFY_IMAGE",
    "COUNT_TOKENS",
    "EDIT_IMAGES",
    "EMBED",
    "GENERATE_IMAGES",
    "SPEAK",
    "STREAM_CHAT",
    "STREAM_EDIT_IMAGES",
    "STREAM_GENERATE_IMAGES",
    "TRANSCRIBE",
    "UPSCALE_IMAGE",
    "AnyOperation",
    "AudioUpload",
    "Streamed",
    "Unary",
]
