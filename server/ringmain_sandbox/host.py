"""Sandbox: what the process around it provides, so that it imports nothing of the server."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """The header of an image file.

    Attributes:
        format: Such as `PNG`.
        width: In pixels.
        height: In pixels.
    """

    format: str
    width: int
    height: int


def _go_on() -> None:
    return None


def _unreadable(_: bytes) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Host:
    """Functions of the process around the sandbox.

    Attributes:
        checkpoint: Called between the steps of long work; raises when nobody waits for the result any more.
        image_header: Reads the header of an image; None where it cannot.
    """

    checkpoint: Callable[[], None] = _go_on
    image_header: Callable[[bytes], ImageHeader | None] = _unreadable


ALONE = Host()
"""The sandbox without a process around it: no work is abandoned, and no image can be read."""
