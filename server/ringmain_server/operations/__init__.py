"""The operations as values: what a layer needs to know to serve chat, images and speech alike."""

from ringmain_server.operations.audio import SPEAK, TRANSCRIBE, Upload
from ringmain_server.operations.base import (
    Accounted,
    Operation,
    Recovering,
    Replay,
    Routed,
    Streamed,
    Unary,
    Whole,
)
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
    "Accounted",
    "Operation",
    "Recovering",
    "Replay",
    "Routed",
    "Streamed",
    "Unary",
    "Upload",
    "Whole",
    "served_by",
]

_WHOLE = {op: op.whole.op for op in (STREAM_GENERATE_IMAGES, STREAM_EDIT_IMAGES) if op.whole is not None}


def served_by(able: frozenset[object]) -> frozenset[object]:
    """What a provider with translators for `able` serves: also streams of what it only answers whole."""
    return able | {op for op, whole in _WHOLE.items() if whole in able}
