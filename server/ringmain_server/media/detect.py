"""Media, pure: detects the type of media from the signature that the bytes begin with.

Signatures follow the WHATWG's table (https://mimesniff.spec.whatwg.org/#matching-a-mime-type-pattern) and,
for types that it lacks, the formats' own specifications. Office documents are ZIP archives
(https://learn.microsoft.com/openspecs/office_standards/ms-oe376) and are told apart by the names of their
members.
"""

import re

_PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"%PDF-", "application/pdf"),
    (b"OggS\x00", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_RIFF_FORMS = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_ISO_BRANDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"isom": "video/mp4",
    b"iso2": "video/mp4",
    b"mp41": "video/mp4",
    b"mp42": "video/mp4",
    b"qt  ": "video/quicktime",
}

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_ZIP = b"PK\x03\x04"
_ZIP_TAIL = 256 * 1024
_OFFICE = ((b"word/document", DOCX), (b"ppt/presentation", PPTX), (b"xl/workbook", XLSX))
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The WHATWG's patterns for HTML, each ended by white space or `>`, after a byte order mark and white space.
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?[\t\n\x0c\r ]*(?:<\?xml[^>]{0,200}>[\t\n\x0c\r ]*)?<"
    rb"(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[ \t\r\n>]",
    re.IGNORECASE,
)


def detect(data: bytes) -> str:
    """Returns the media type of some bytes; empty when their signature is unknown."""
    for prefix, mime_type in _PREFIXES:
        if data.startswith(prefix):
            return mime_type
    if data[:4] == b"RIFF":
        return _RIFF_FORMS.get(data[8:12], "")
    if data[4:8] == b"ftyp":
        return _ISO_BRANDS.get(data[8:12], "")
    if data[:4] == _ZIP:
        return _office(data)
    if _HTML.match(data):
        return "text/html"
    return "audio/mpeg" if _is_mpeg_audio(data) else ""


def describe(data: bytes) -> str:
    """Describes some bytes in words, for a message that refuses them. Never empty."""
    if not data:
        return "nothing (0 bytes)"
    found = detect(data)
    if found:
        return found
    if data[:4] == _ZIP:
        return "application/zip"
    if data.startswith(_OLE):
        return "an encrypted or older Office file"
    return "plain text" if _is_text(data[:4096]) else "bytes of no known kind"


def _office(data: bytes) -> str:
    """Returns the Office format of a ZIP archive, by the member names in the directory at its end."""
    for part in (data[-_ZIP_TAIL:], data[:_ZIP_TAIL]):
        for name, mime_type in _OFFICE:
            if name in part:
                return mime_type
    return ""


def _is_text(data: bytes) -> bool:
    """Whether bytes are UTF-8 without control characters; a character that is cut at the end is allowed."""
    try:
        text = data.decode()
    except UnicodeDecodeError as exc:
        if exc.start < len(data) - 3:
            return False
        text = data[: exc.start].decode()
    return not any(ord(character) < 32 and character not in "\t\n\f\r\x1b" for character in text)


def _is_mpeg_audio(data: bytes) -> bool:
    """Whether a frame of MPEG layer III begins here, with no reserved value in its header."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return False
    version, layer = data[1] >> 3 & 3, data[1] >> 1 & 3
    bit_rate, sample_rate = data[2] >> 4, data[2] >> 2 & 3
    return version != 1 and layer == 1 and bit_rate not in (0, 15) and sample_rate != 3
