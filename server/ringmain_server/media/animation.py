"""Media: scales animations, for models that take them."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ringmain_server.media.pillow import frame_count, pillow_format
from ringmain_server.media.pixels import resized
from ringmain_server.media.plan import Plan, Size
from ringmain_server.media.work import checkpoint

if TYPE_CHECKING:
    from PIL.Image import Image


def rescaled_animation(image: "Image", planned: Plan, max_bytes: int, *, max_pixels: int) -> bytes | None:
    """Scales every frame of an animation to the planned size, in one file that keeps timing and loop count.

    Args:
        image: An opened GIF, PNG or WebP.
        planned: The type and size to write.
        max_bytes: The most bytes of the file; zero means any number.
        max_pixels: The most pixels of all scaled frames together, which some formats need in memory at once.

    Returns:
        The file; None where it would exceed a limit, so that the first frame alone has to do.
    """
    count = frame_count(image)
    if count * planned.size[0] * planned.size[1] > max_pixels:
        return None
    durations: list[int] = []
    frames = _frames(image, count, planned.size, durations)
    first, rest = next(frames), list(frames)
    out = io.BytesIO()
    first.save(
        out,
        pillow_format(planned.mime_type),
        save_all=True,
        append_images=rest,
        duration=durations,
        loop=image.info.get("loop", 0),
    )
    data = out.getvalue()
    return data if not max_bytes or len(data) <= max_bytes else None


def _frames(image: "Image", count: int, size: Size, durations: list[int]) -> Iterator["Image"]:
    for index in range(count):
        checkpoint()
        image.seek(index)
        image.load()
        durations.append(int(image.info.get("duration", 100)))
        frame = resized(image.convert("RGBA"), size)
        frame.info = {}
        yield frame
