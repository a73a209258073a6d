"""Media, outside the rooms: what a model drew, in the form that the caller asked for."""

import math

from ringmain.v1.image_service_pb2 import ImageConfig

from ringmain_server.media.header import Header, read_header

DEFAULT = "image/png"
"""What a caller gets who names no media type, by the contract."""
_SAME_SHAPE = 0.02
"""Ratios that differ by less count as the same: no pixel is half."""


def header_of(data: bytes, mime_type: str) -> Header | None:
    """The size of an image as its file says, None where that cannot be read."""
    return read_header(data, mime_type, max_frames=1)


def note(config: ImageConfig, header: Header | None) -> str:
    """How an image's size differs from what was asked; empty where it does not, or nothing was asked.

    Args:
        config: What was asked.
        header: What the image's file says; None where it does not.
    """
    if header is None:
        return ""
    found = f"{header.width}x{header.height}"
    if config.size:
        return (
            ""
            if config.size == found
            else f"the size is {found}, the nearest that the model has to {config.size}"
        )
    if not config.aspect_ratio:
        return ""
    width, _, height = config.aspect_ratio.partition(":")
    off = abs(math.log(header.width / header.height / (int(width) / int(height))))
    if off < _SAME_SHAPE:
        return ""
    return f"the size is {found}, the nearest shape that the model has to {config.aspect_ratio}"
