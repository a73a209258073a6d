"""Media: compares an image that a model drew with the form that the caller asked for."""

import math

from ringmain.v1.image_service_pb2 import ImageConfig

from ringmain_server.media.header import Header, read_header

DEFAULT = "image/png"
"""The type that a caller gets who names none, by the contract."""
_SAME_SHAPE = 0.02
"""Shapes whose ratios differ by less count as the same, since sides are whole pixels."""


def header_of(data: bytes, mime_type: str) -> Header | None:
    """Reads the size of an image from its file's header; None where that cannot be read."""
    return read_header(data, mime_type, max_frames=1)


def note(config: ImageConfig, header: Header | None) -> str:
    """Describes how an image's size differs from the request; empty where it does not, or nothing was asked.

    Args:
        config: The size or aspect ratio that was asked for.
        header: The header of the image's file; None where it cannot be read.
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
