"""Media, outside the rooms, pure: what kind of media some bytes are, from the signature they begin with.

Signatures follow the WHATWG's table (https://mimesniff.spec.whatwg.org/#matching-a-mime-type-pattern) and,
for what it lacks, the formats' own specifications.
"""

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


def detect(data: bytes) -> str:
    """The media type of some bytes; empty when their signature is of no known kind."""
    for prefix, mime_type in _PREFIXES:
        if data.startswith(prefix):
            return mime_type
    if data[:4] == b"RIFF":
        return _RIFF_FORMS.get(data[8:12], "")
    if data[4:8] == b"ftyp":
        return _ISO_BRANDS.get(data[8:12], "")
    return "audio/mpeg" if _is_mpeg_audio(data) else ""


def _is_mpeg_audio(data: bytes) -> bool:
    """Whether a frame of MPEG layer III begins here, none of whose fields has a reserved value."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return False
    version, layer = data[1] >> 3 & 3, data[1] >> 1 & 3
    bit_rate, sample_rate = data[2] >> 4, data[2] >> 2 & 3
    return version != 1 and layer == 1 and bit_rate not in (0, 15) and sample_rate != 3
