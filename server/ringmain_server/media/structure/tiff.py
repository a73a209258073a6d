"""Media, structure: TIFF, and EXIF, which has the same layout.

Layout: https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf.

Every directory that can be reached is checked: the pages, which are linked, and those within (SubIFDs, EXIF,
GPS). A chain of pages that returns to an earlier one is refused; a directory that two pages share is checked
once.
"""

import struct
from dataclasses import dataclass, field

from ringmain_server.media.structure.budget import Beyond, Budget

MOST_EXIF = 1024 * 1024
"""The most bytes of EXIF beside an image; cameras write at most 64 KiB."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
"""Bytes of a value, by its type."""
_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I"}
_WIDTH, _LENGTH, _BITS, _COMPRESSION, _SAMPLES, _ROWS = 256, 257, 258, 259, 277, 278
_TILE_WIDTH, _TILE_LENGTH = 322, 323
_PLACES, _COUNTS = (273, 324), (279, 325)
_PROFILE, _JPEG_FILE = 34675, 513
_WITHIN = (330, 34665, 34853, 40965)
"""Tags that point to further directories."""
_JPEG = (6, 7)
_BEST_RATIOS = {1: 1, 5: 2_800, 8: 1_040, 32_946: 1_040, 32_773: 70, 34_925: 10_000, 50_000: 50_000}
"""Bytes of pixels for one byte of the file, by compression.

None, LZW, deflate (two numbers), PackBits, LZMA and Zstandard.
"""
_LARGE = 4 * 1024 * 1024
_MOST_PROFILE = 4 * 1024 * 1024
_MOST_STRIPS = 65_536
_MOST_CODED = 1_000
"""The most strips whose own JPEG header is checked."""
_MOST_VALUES = 200_000
"""Numbers of a field, each of which becomes an object: the curves for 16 bits have 196,608."""
_MOST_TAGS = 1_000
"""The most tags of a directory; twenty are usual."""
_TAGS_A_PIECE = 8
"""Tags that count as one piece, since reading a tag costs an eighth of a chunk."""
_LEAST_TILE = 1024 * 1024
_DEEPEST = 5
_MOST_DIRECTORIES = 4_000
_PAGES = 20
"""The factor by which the pixels of all pages may exceed the limit for frames: pages are decoded singly."""


@dataclass(slots=True)
class Directory:
    """A directory of a TIFF.

    Attributes:
        data: The file.
        order: The byte order, as `struct` spells it.
        entries: The type, the count and the place of the values, by tag.
        following: The place of the next directory; zero for none.
    """

    data: bytes
    order: str
    entries: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    following: int = 0

    @classmethod
    def at(cls, data: bytes, start: int) -> "Directory | None":
        """Reads the directory at a place; None where there is none."""
        order = ">" if data[:2] == b"MM" else "<"
        if not 8 <= start <= len(data) - 2:
            return None
        (count,) = struct.unpack_from(f"{order}H", data, start)
        count = min(count, (len(data) - start - 2) // 12)
        block, end = memoryview(data)[start + 2 : start + 2 + 12 * count], start + 2 + 12 * count
        found = cls(data, order)
        for number, (tag, kind, values, place) in enumerate(struct.iter_unpack(f"{order}HHII", block)):
            if tag not in found.entries:
                # Values of up to four bytes stand in the entry itself, in place of their offset.
                is_inline = values * _SIZES.get(kind, 1) <= 4
                found.entries[tag] = (kind, values, start + 10 + 12 * number if is_inline else place)
        if end + 4 <= len(data):
            (found.following,) = struct.unpack_from(f"{order}I", data, end)
        return found

    def size(self, tag: int) -> int:
        """Returns the announced bytes of a tag's values."""
        kind, count, _ = self.entries.get(tag, (1, 0, 0))
        return count * _SIZES.get(kind, 1)

    def raw(self, tag: int) -> bytes:
        """Returns a tag's values as bytes."""
        _, _, place = self.entries.get(tag, (1, 0, 0))
        return self.data[place : place + self.size(tag)]

    def numbers(self, tag: int, *, most: int) -> tuple[int, ...]:
        """Returns a tag's first values as whole numbers; none where they have another type or are missing."""
        kind, count, place = self.entries.get(tag, (0, 0, 0))
        letter = _NUMBERS.get(kind)
        count = min(count, most)
        if letter is None or place + count * _SIZES[kind] > len(self.data):
            return ()
        return struct.unpack_from(f"{self.order}{count}{letter}", self.data, place)

    def number(self, tag: int, default: int = 0) -> int:
        """Returns a tag's first value."""
        return next(iter(self.numbers(tag, most=1)), default)


def check(data: bytes, budget: Budget) -> None:
    """Checks every page and every directory within.

    Raises:
        Beyond: Something is beyond a limit.
    """
    budget.most_pixels *= _PAGES
    _walk(data, budget, pages=True)


def check_exif(data: bytes, budget: Budget) -> None:
    """Checks EXIF: its bytes, its directories, and how many numbers its fields have.

    Raises:
        Beyond: Something is beyond a limit.
    """
    data = data.removeprefix(b"Exif\0\0")
    if len(data) > MOST_EXIF:
        budget.metadata(len(data), "EXIF", MOST_EXIF)
    if data[:2] in (b"II", b"MM"):
        _walk(data, budget, pages=False)


def _walk(data: bytes, budget: Budget, *, pages: bool) -> None:
    order = ">" if data[:2] == b"MM" else "<"
    (first,) = struct.unpack_from(f"{order}I", data, 4)
    seen: set[int] = set()
    at = first
    while at:
        if at in seen:
            raise Beyond("whose pages are linked in a circle", "pages that come to an end")
        at = _directory(data, at, budget, seen, 0, pages=pages)


def _directory(data: bytes, at: int, budget: Budget, seen: set[int], depth: int, *, pages: bool) -> int:
    """Checks a directory and those within it, and returns the place of the next one."""
    seen.add(at)
    if len(seen) > _MOST_DIRECTORIES:
        found = f"with more than {_MOST_DIRECTORIES} directories"
        raise Beyond(found, f"at most {_MOST_DIRECTORIES} directories")
    if 8 <= at <= len(data) - 2:
        (count,) = struct.unpack_from(">H" if data[:2] == b"MM" else "<H", data, at)
        budget.pieces(1 + count // _TAGS_A_PIECE)
        if count > _MOST_TAGS:
            raise Beyond(f"with a directory of {count} tags", f"at most {_MOST_TAGS} tags")
    directory = Directory.at(data, at)
    if directory is None:
        return 0
    if pages and (_WIDTH in directory.entries or _LENGTH in directory.entries):
        _page(directory, budget, is_page=not depth)
    else:
        _check_fields(directory)
    for tag in _WITHIN:
        for place in directory.numbers(tag, most=_MOST_DIRECTORIES):
            if place in seen:
                continue
            if depth >= _DEEPEST:
                raise Beyond(f"with directories nested more than {_DEEPEST} deep", f"at most {_DEEPEST}")
            _directory(data, place, budget, seen, depth + 1, pages=pages and tag == _WITHIN[0])
    return directory.following


def _page(directory: Directory, budget: Budget, *, is_page: bool) -> None:
    width, height = directory.number(_WIDTH), directory.number(_LENGTH)
    budget.frame(width, height, "a page" if is_page else "a picture within a page")
    tile = (directory.number(_TILE_WIDTH), directory.number(_TILE_LENGTH))
    budget.area(*tile, "a tile")
    if tile[0] * tile[1] > 4 * max(width * height, _LEAST_TILE):
        found = "with tiles of {}x{} pixels in a page of {}x{}".format(*tile, width, height)
        raise Beyond(found, "tiles no larger than their page")
    for tag in (*_PLACES, *_COUNTS):
        _, count, _ = directory.entries.get(tag, (1, 0, 0))
        if count > _MOST_STRIPS or directory.size(tag) > len(directory.data):
            raise Beyond(
                f"with a page of {count} strips or tiles", f"at most {_MOST_STRIPS}, all of them there"
            )
    if directory.size(_PROFILE) > _MOST_PROFILE:
        budget.metadata(directory.size(_PROFILE), "a color profile", _MOST_PROFILE)
    _check_fields(directory)
    raw = width * height * max(directory.number(_BITS), 1) * max(directory.number(_SAMPLES), 1) // 8
    ratio = _BEST_RATIOS.get(directory.number(_COMPRESSION, 1))
    if ratio is not None and raw > max(_LARGE, ratio * len(directory.data)):
        raise Beyond("broken or cut short", "a whole file")
    if directory.number(_COMPRESSION, 1) in _JPEG:
        _coded(
            directory, tile if all(tile) else (width, min(directory.number(_ROWS, height), height)), budget
        )


def _check_fields(directory: Directory) -> None:
    """Checks the lengths of fields whose values each become an object when they are read as text."""
    known = (*_PLACES, *_COUNTS)
    for tag, (kind, count, _) in directory.entries.items():
        if count > _MOST_VALUES and kind not in (1, 2, 6, 7) and tag not in known:
            size = count * _SIZES.get(kind, 1)
            if size <= len(directory.data):
                raise Beyond(f"with a field of {count} values", f"at most {_MOST_VALUES} values")


def _coded(directory: Directory, part: tuple[int, int], budget: Budget) -> None:
    """Checks the JPEGs that strips or tiles are coded as; each must fit its part, except for whole blocks."""
    from ringmain_server.media.structure.jpeg import check_one  # here, since it imports this module

    inner = Budget(budget.limits)
    places = [
        *directory.numbers(_PLACES[0], most=_MOST_CODED),
        *directory.numbers(_PLACES[1], most=_MOST_CODED),
    ]
    for place in (*places[:_MOST_CODED], directory.number(_JPEG_FILE)):
        if place and directory.data[place : place + 2] == b"\xff\xd8":
            # Each strip is decoded by itself, so that their sizes must not add up.
            inner.frames = inner.pixels = 0
            found = check_one(directory.data, place, inner)
            if found.width * found.height > 4 * (part[0] + 64) * (part[1] + 64):
                inside, outside = f"{found.width}x{found.height}", f"{part[0]}x{part[1]}"
                what = f"with a JPEG of {inside} pixels in a part of {outside}"
                raise Beyond(what, "parts of the size that is announced")
