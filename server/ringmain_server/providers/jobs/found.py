"""Room 4, pure: finds the pictures in a service's answer, and those that the service objects to.

Each service documents one place. Models that others run on it, proxies and later versions use other places,
and a picture is billed wherever it stands. So every plausible place is searched, the more likely ones first.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from ringmain_server.providers.flags import flags

Picture: TypeAlias = str | bytes
"""The URL of a picture, or its bytes. Empty bytes stand for a picture that is mentioned but missing."""

Found: TypeAlias = tuple[Picture, bool]
"""A picture, and whether its service objects to it."""

_ADDRESSES = ("url", "uri", "image_url", "imageUrl", "download_url", "href")
_BYTES = ("b64_json", "base64", "b64", "image_base64", "imageBase64")
_PLACES = (
    "images",
    "image",
    "outputs",
    "output",
    "generated_images",
    "generatedImages",
    "assets",
    "artifacts",
    "results",
    "result",
    "data",
    "output_images",
    "output_image",
    "upscaled_image",
    "sample",
    "samples",
    "files",
    "generations_by_pk",
    "generations",
    "generation",
    "response",
    "payload",
    "task",
    "prediction",
)
"""Fields that hold pictures. Fields of the request, which many answers repeat, are not among them."""
_DEPTH = 6
_SHORTEST = 64
"""Characters of the shortest text that may be a picture in base64."""


def pictures(document: object) -> Sequence[Found]:
    """Returns the pictures of an answer, in order; empty if there are none."""
    return _within(document, _DEPTH)


def _within(value: object, levels: int) -> Sequence[Found]:
    if isinstance(value, str):
        return [(value, False)] if _is_address(value) else _decoded(value, _SHORTEST)
    if not levels:
        return ()
    if isinstance(value, list):
        return [found for one in value for found in _of_list(one, levels - 1)]
    return _of_object(value, levels) if isinstance(value, Mapping) else ()


def _of_list(one: object, levels: int) -> Sequence[Found]:
    """Returns the pictures of one entry of a list; an object without any counts as a missing picture."""
    found = _within(one, levels)
    if found or not isinstance(one, Mapping):
        return found
    return [(b"", any(flags(one, 1)))]


def _of_object(value: Mapping[str, object], levels: int) -> Sequence[Found]:
    # The first field with pictures counts: others often repeat them in another size or form.
    found = next(filter(None, _tried(value, levels)), ())
    objected = flags(value, len(found))
    return [(one, bad or more) for (one, bad), more in zip(found, objected, strict=True)]


def _tried(value: Mapping[str, object], levels: int) -> Iterator[Sequence[Found]]:
    """Yields the pictures in each of the likely fields, the most likely first."""
    for name in _ADDRESSES:
        found = value.get(name)
        if isinstance(found, str) and found:
            yield [(found, False)]
    for name in _BYTES:
        found = value.get(name)
        if isinstance(found, str):
            yield [(found, False)] if _is_address(found) else _decoded(found, 1)
    for name in _PLACES:
        yield _within(value.get(name), levels - 1)


def _is_address(text: str) -> bool:
    return text[:8].lower().startswith(("http://", "https://", "data:"))


def _decoded(text: str, shortest: int) -> Sequence[Found]:
    """Returns a picture in base64; empty if the text is something else."""
    if len(text) < shortest:
        return ()
    try:
        return [(base64.b64decode(text, validate=True), False)]
    except ValueError:
        return ()
