"""Room 3: the operations as values, so that a layer serves chat, images and speech alike."""

from ringmain_server.operations.audio import SPEAK, TRANSCRIBE, AudioUpload
from ringmain_server.operations.base import (
    Accounted,
    AnyOperation,
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
    "AnyOperation",
    "AudioUpload",
    "Operation",
    "Recovering",
    "Replay",
    "Routed",
    "Streamed",
    "Unary",
    "Whole",
    "streams_from_whole",
]

_WHOLE = {op: op.whole.op for op in (STREAM_GENERATE_IMAGES, STREAM_EDIT_IMAGES) if op.whole is not None}


def streams_from_whole(served: frozenset[AnyOperation]) -> frozenset[AnyOperation]:
    """Returns the streamed operations that can be made from whole answers.

    Args:
        served: The operations that a provider serves by itself. Those among them are not returned.
    """
    return frozenset(op for op, whole in _WHOLE.items() if whole in served and op not in served)
