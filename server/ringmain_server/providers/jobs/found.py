"""Room 4, pure: where in a service's answer its pictures are, and which of them it objects to.

Each service documents one place. Models that others run on it, proxies and later versions have others, and a
picture is paid for wherever it stands: so every plausible place is looked at, the likelier ones first.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from ringmain_server.providers.flags import flags

Picture: TypeAlias = str | bytes
"""The address of a picture, or its bytes. No bytes stand for a picture that is told of and not there."""

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
"""Fields with pictures in them. Those of the request, which many answers repeat, are not among them."""
_DEPTH = 6
_SHORTEST = 64
"""Characters of a text that may be a picture in base64."""


def pictures(document: object) -> Sequence[Found]:
    """The pictures of an answer, in order; empty where there is none."""
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
    """The pictures of one of several; an object without any is a picture that is missing."""
    found = _within(one, levels)
    if found or not isinstance(one, Mapping):
        return found
    return [(b"", any(flags(one, 1)))]


def _of_object(value: Mapping[str, object], levels: int) -> Sequence[Found]:
    found = next(filter(None, _tried(value, levels)), ())
    objected = flags(value, len(found))
    return [(one, bad or more) for (one, bad), more in zip(found, objected, strict=True)]


def _tried(value: Mapping[str, object], levels: int) -> Iterator[Sequence[Found]]:
    """What each of the likely fields holds, the likeliest first."""
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
    """A picture in base64; empty where a text is something else."""
    if len(text) < shortest:
        return ()
    try:
        return [(base64.b64decode(text, validate=True), False)]
    except ValueError:
        return ()
