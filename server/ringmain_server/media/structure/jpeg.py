"""Media, structure: JPEG, and MPO, which consists of several JPEGs.

Layouts: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B;
https://www.cipa.jp/std/documents/e/DC-X007-KEY_E.pdf.

A progressive file sends its pixels in scans, and each scan, however few bytes it has, makes a decoder process
the whole picture. So scans count like frames.
"""

import re
import struct
from dataclasses import dataclass

from ringmain_server.media.structure import tiff
from ringmain_server.media.structure.budget import Beyond, Budget

_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_SCAN, _END, _EXIF, _APP2, _APP13 = 0xDA, 0xD9, 0xE1, 0xE2, 0xED
_MOST_SCANS = 100
"""The most scans of a picture; encoders make about ten."""
_USUAL_SCANS = 16
_MOST_SEGMENTS = 4_000
_MOST_PROFILE = 4 * 1024 * 1024
_LARGE = 1_000_000
_BEST_RATIO = 1024
"""Pixels per byte: each block of 64 has two codes of at least a bit each; doubled to be safe."""
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""The end of a scan: a marker that is neither a stuffed byte, nor a restart, nor filling."""
_FILLING = re.compile(rb"\xff+")
_IMAGES, _ENTRIES = 0xB001, 0xB002


@dataclass(slots=True)
class _Found:
    """The facts of one JPEG that were read so far.

    Attributes:
        width: In pixels.
        height: In pixels.
        components: The number of components, such as 3 for color.
        is_progressive: Whether it is sent in several passes.
        scans: The number of scans.
        in_scan: The number of components of the last scan.
        profile: Bytes of the color profile.
        exif: Bytes of EXIF.
        index: The start of the index of further images; zero for none.
    """

    width: int = 0
    height: int = 0
    components: int = 0
    is_progressive: bool = False
    scans: int = 0
    in_scan: int = 0
    profile: int = 0
    exif: int = 0
    index: int = 0


def check(data: bytes, budget: Budget) -> None:
    """Checks the size, the scans, the metadata, and each further image of an MPO.

    Raises:
        Beyond: Something is beyond a limit.
    """
    found = check_one(data, 0, budget)
    _check_bytes(found, len(data))
    if found.index:
        for at in _further(data, found.index, budget):
            if data[at : at + 2] == b"\xff\xd8":
                _check_bytes(check_one(data, at, budget), len(data) - at)


def _check_bytes(found: "_Found", size: int) -> None:
    """Refuses a large picture with hardly any bytes, whose decoder would reserve memory for all of it."""
    pixels = found.width * found.height
    if pixels > _LARGE and pixels > _BEST_RATIO * size:
        raise Beyond("broken or cut short", "a whole file")


def check_one(data: bytes, start: int, budget: Budget) -> _Found:
    """Checks one JPEG within some bytes.

    Args:
        data: The bytes.
        start: Where it begins.
        budget: Counts it.

    Returns:
        The facts found.

    Raises:
        Beyond: Something is beyond a limit.
    """
    found, at, segments = _Found(), start + 2, 0
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            at = _next(data, at)  # a decoder also skips to the next marker
            continue
        marker = data[at + 1]
        if marker == 0xFF:
            at = _FILLING.match(data, at).end() - 1  # type: ignore[union-attr]
            continue
        if marker == _END:
            break
        segments += 1
        if segments > _MOST_SEGMENTS:
            raise Beyond(f"with more than {_MOST_SEGMENTS} segments", f"at most {_MOST_SEGMENTS} segments")
        if marker in _BARE or not marker:  # a marker without a length
            at += 2
            continue
        _segment(data, at, marker, found, budget)
        at += 2 + max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
        if marker == _SCAN:
            if not found.is_progressive and found.in_scan == found.components:
                break  # the scan has every component, so no decoder reads on
            at = _next(data, at)
    return found


def _segment(data: bytes, at: int, marker: int, found: _Found, budget: Budget) -> None:
    length = max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
    if marker in _FRAMES:
        if found.components:
            raise Beyond("with two sizes of one picture", "one start of frame for each picture")
        found.height, found.width, found.components = struct.unpack_from(">HHB", data, at + 5)
        budget.frame(found.width, found.height)
        found.is_progressive = marker in _PROGRESSIVE
    elif marker == _SCAN:
        found.in_scan = data[at + 4]
        _scan(found, budget)
    elif marker == _EXIF and data[at + 4 : at + 10] == b"Exif\0\0":
        _exif(data[at + 10 : at + 2 + length], found, budget)
    elif marker == _APP2 and data[at + 4 : at + 16] == b"ICC_PROFILE\0":
        found.profile += length
        if found.profile > _MOST_PROFILE:
            budget.metadata(found.profile, "a color profile", _MOST_PROFILE)
    elif marker == _APP13:
        budget.pieces(data.count(b"8BIM", at, at + length))  # a decoder makes an object of each
    elif marker == _APP2 and data[at + 4 : at + 8] == b"MPF\0":
        found.index = at + 8


def _scan(found: _Found, budget: Budget) -> None:
    found.scans += 1
    if found.scans > _MOST_SCANS:
        raise Beyond(f"with more than {_MOST_SCANS} scans", f"at most {_MOST_SCANS} scans")
    if found.scans > _USUAL_SCANS:
        budget.work(found.width * found.height)


def _exif(body: bytes, found: _Found, budget: Budget) -> None:
    """Checks a piece of EXIF. A decoder joins the pieces; the first holds the directory."""
    found.exif += len(body)
    if found.exif > tiff.MOST_EXIF:
        budget.metadata(found.exif, "EXIF", tiff.MOST_EXIF)
    if found.exif == len(body):
        tiff.check_exif(body, budget)


def _next(data: bytes, at: int) -> int:
    """Returns where the next marker stands that is not part of coded pixels."""
    marker = _MARKER.search(data, at)
    return marker.start() if marker else len(data)


def _further(data: bytes, index: int, budget: Budget) -> list[int]:
    """Returns where the further images of an MPO begin."""
    body = data[index : index + 0xFFFF]
    directory = tiff.Directory.at(body, int.from_bytes(body[4:8], "big" if body[:1] == b"M" else "little"))
    if directory is None:
        return []
    (count,) = directory.numbers(_IMAGES, most=1) or (0,)
    if count > budget.limits.max_frames:
        found = f"of more than {budget.limits.max_frames} frames"
        raise Beyond(found, f"at most {budget.limits.max_frames} frames")
    entries = directory.raw(_ENTRIES)
    order = directory.order
    found_at = (
        struct.unpack_from(f"{order}I", entries, 16 * number + 8)[0] for number in range(len(entries) // 16)
    )
    return [index + offset for offset in found_at if offset]
