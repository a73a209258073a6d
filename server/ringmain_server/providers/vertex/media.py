"""Room 4, pure: translates media of the contract into parts of this wire.

https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/overview: images, audio, video and PDF are
bytes or an `https` or `gs` URL, which the provider fetches itself and whose media type it must be told. Text
files are sent as text, which every model reads. The wire has no field for file names, so those of other media
are left out.
"""

import mimetypes
from collections.abc import Mapping
from urllib.parse import urlsplit

from ringmain.v1.content_pb2 import IMAGE_DETAIL_HIGH, IMAGE_DETAIL_LOW, Media

from ringmain_server.errors import MediaInvalid
from ringmain_server.media.detect import detect
from ringmain_server.providers.vertex import wire

_FAMILIES = frozenset({"image", "audio", "video"})
_PDF = "application/pdf"
_TEXTUAL = frozenset({"application/json", "application/xml", "application/yaml", "application/x-yaml"})
_RESOLUTIONS: Mapping[int, int] = {IMAGE_DETAIL_LOW: 1, IMAGE_DETAIL_HIGH: 3}
"""Values of `Part.MediaResolution.Level`: LOW and HIGH."""


def part(media: Media, path: str, detail: int = 0) -> wire.Part:
    """Returns a medium as a part.

    Args:
        media: The caller's media.
        path: The media's place in the request, for error messages.
        detail: How closely the model looks at an image; 0 for a model without that choice.

    Raises:
        MediaInvalid: This wire cannot carry it.
    """
    mime_type = _mime_type(media, path)
    if media.WhichOneof("source") == "uri":
        found = wire.Part(file_data={"mime_type": mime_type, "file_uri": media.uri})
    elif _is_text(mime_type):
        return wire.Part(text=_text(media, path))
    else:
        found = wire.Part(inline_data={"mime_type": mime_type, "data": media.data})
    if detail in _RESOLUTIONS:
        found.media_resolution.level = _RESOLUTIONS[detail]
    return found


def kind_of(media: Media) -> str:
    """Returns the stated type, or else the one that the bytes or the name suggest; empty if there is none."""
    found = media.mime_type.partition(";")[0].strip().lower()
    if not found and media.data:
        found = detect(media.data)
    return found or mimetypes.guess_type(media.filename or urlsplit(media.uri).path)[0] or ""


def _mime_type(media: Media, path: str) -> str:
    """Returns the type of a medium that this wire can carry.

    Raises:
        MediaInvalid: There is none, or this wire cannot carry it.
    """
    found = kind_of(media)
    if found.partition("/")[0] in _FAMILIES or found == _PDF or _is_text(found):
        return found
    if not found:
        raise MediaInvalid.at(path, "has no mime_type, which this provider needs to know")
    raise MediaInvalid.at(path, f"is {found}; this provider takes images, audio, video, PDF and text")


def _is_text(mime_type: str) -> bool:
    return mime_type.startswith("text/") or mime_type in _TEXTUAL or mime_type.endswith(("+json", "+xml"))


def _text(media: Media, path: str) -> str:
    try:
        text = media.data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise MediaInvalid.at(path, "is not text in UTF-8") from exc
    return f"{media.filename}:\n\n{text}" if media.filename else text
