"""Media: reads EXIF's fields as text (https://www.cipa.jp/std/documents/e/DC-008-2012_E.pdf)."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

TEXT_LIMIT = 500
"""The most characters of one field."""

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
# Offsets into the file, and fields that only a camera maker's own program reads.
_POINTERS = frozenset({_EXIF_IFD, _GPS_IFD, 0xA005, 0x0201, 0x0202, 0x927C, 0xC4A5})
_BROKEN = (OSError, SyntaxError, ValueError, KeyError, TypeError, EOFError, ZeroDivisionError)


def exif_fields(image: "Image", *, location: bool) -> dict[str, str]:
    """Reads EXIF's fields by name.

    Args:
        image: An opened image.
        location: Whether to include the fields that tell where the picture was taken (GPS…).

    Returns:
        Names and texts; empty where there is no EXIF or it is broken.
    """
    from PIL.ExifTags import GPSTAGS, TAGS

    try:
        exif = image.getexif()
        fields = dict(_texts(exif, TAGS)) | dict(_texts(exif.get_ifd(_EXIF_IFD), TAGS))
        if location:
            fields |= dict(_texts(exif.get_ifd(_GPS_IFD), GPSTAGS))
    except _BROKEN:
        return {}
    return fields


def _texts(values: Mapping[int, Any], tags: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    for tag, value in values.items():
        text = "" if tag in _POINTERS else _text(value)
        if text:
            yield tags.get(tag, f"Tag{tag:#06x}"), text


def _text(value: object) -> str:
    """Formats a value: bytes as the text they spell or in hexadecimal, several values joined by commas."""
    if isinstance(value, bytes):
        spelled = value.removeprefix(b"ASCII\0\0\0").rstrip(b"\0 ")
        text = spelled.decode("ascii") if spelled.isascii() else ""
        text = text if text.isprintable() and text else value[: TEXT_LIMIT // 2].hex()
    elif isinstance(value, tuple | list):
        text = ", ".join(_text(item) for item in value)
    else:
        text = str(value).strip("\0 ")
    return "".join(character for character in text if character.isprintable())[:TEXT_LIMIT]
