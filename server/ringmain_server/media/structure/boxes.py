"""Media, structure: AVIF and HEIC, which are boxes within boxes.

Layout: ISO 14496-12 and 23008-12, and https://aomediacodec.github.io/av1-avif/.

A picture's size is stated in its properties (`ispe`), in the grid that it may be made of, in the tracks of an
animation, and in the header of its coded pixels (AV1's sequence header), by which a decoder reserves memory.
All of them are checked.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from ringmain_server.media.structure import av1, tiff
from ringmain_server.media.structure.budget import Beyond, Budget

_HOLDERS = {
    b"meta": 4, b"iprp": 0, b"ipco": 0, b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0,
    b"stsd": 8, b"av01": 78, b"hvc1": 78, b"hev1": 78, b"dinf": 0, b"edts": 0, b"udta": 0,
}  # fmt: skip
"""Boxes that contain others, and the number of bytes before these."""
_DEEPEST = 10
_MOST_PROFILE = 4 * 1024 * 1024
_MOST_ITEMS = 2_000


@dataclass(slots=True)
class _Items:
    """The items of a file, with their kinds and places.

    Attributes:
        kinds: The kind of each item, by its id.
        places: The start of each item, its length, and whether it lies within the `idat` box, by its id.
        data: The start of the `idat` box's content.
    """

    kinds: dict[int, bytes] = field(default_factory=dict)
    places: dict[int, tuple[int, int, bool]] = field(default_factory=dict)
    data: int = 0


def check(data: bytes, budget: Budget) -> None:
    """Checks every box that states a size, and the beginning of every item.

    Raises:
        Beyond: Something is beyond a limit.
    """
    items = _Items()
    _walk(data, 0, len(data), 0, items, budget)
    if budget.samples > 1:
        budget.moving()
    for number, kind in items.kinds.items():
        place = items.places.get(number)
        if place is not None:
            start, size, within = place
            start += items.data if within else 0
            _item(kind, data[start : start + min(size, tiff.MOST_EXIF + 16)], size, budget)


def _walk(data: bytes, start: int, end: int, depth: int, items: _Items, budget: Budget) -> None:
    if depth > _DEEPEST:
        raise Beyond(f"with boxes nested more than {_DEEPEST} deep", f"at most {_DEEPEST}")
    for name, at, stop in _boxes(data, start, end, budget):
        if name in _HOLDERS:
            if name in {b"av01", b"hvc1", b"hev1"}:
                width, height = struct.unpack_from(">HH", data, at + 24)
                budget.area(width, height, "a track")
            _walk(data, at + _HOLDERS[name], stop, depth + 1, items, budget)
        elif name in _SAYS:
            _SAYS[name](data, at, stop, items, budget)


def _boxes(data: bytes, at: int, end: int, budget: Budget) -> Iterator[tuple[bytes, int, int]]:
    """Yields the boxes in a range, each with its name and the range of its body."""
    while at + 8 <= end:
        budget.pieces()
        size, name = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:  # a 64-bit size follows the name
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        # A size of zero means that the box goes on to the end; one below its own header is broken.
        stop = end if not size else min(at + size, end)
        if size and size < head:
            return
        yield name, at + head, stop
        at = stop


def _size(data: bytes, at: int, _stop: int, _items: _Items, budget: Budget) -> None:
    width, height = struct.unpack_from(">II", data, at + 4)
    budget.area(width, height, "a picture")


def _track(data: bytes, at: int, _stop: int, _items: _Items, budget: Budget) -> None:
    # Version 1 has 64-bit times and duration before the size, which is in 16.16 fixed point.
    width, height = struct.unpack_from(">II", data, at + (88 if data[at] else 76))
    budget.area(width >> 16, height >> 16, "a track")
    budget.canvas = max(budget.canvas, (width >> 16) * (height >> 16))


def _samples(data: bytes, at: int, _stop: int, _items: _Items, budget: Budget) -> None:
    (count,) = struct.unpack_from(">I", data, at + 8)
    most = budget.limits.max_frames
    if count > most:
        raise Beyond(f"of more than {most} frames", f"at most {most} frames")
    budget.samples = max(budget.samples, count)
    budget.work(count * budget.canvas)


def _profile(_data: bytes, at: int, stop: int, _items: _Items, budget: Budget) -> None:
    if stop - at > _MOST_PROFILE:
        budget.metadata(stop - at, "a color profile", _MOST_PROFILE)


def _config(data: bytes, at: int, stop: int, _items: _Items, budget: Budget) -> None:
    """Checks AV1's configuration, which may hold the sequence header."""
    _sequence(data[at + 4 : stop], budget)


def _sequence(data: bytes, budget: Budget) -> None:
    size = av1.largest_frame(data)
    if size is not None:
        budget.area(*size, "a coded picture")


def _item_data(_data: bytes, at: int, _stop: int, items: _Items, _budget: Budget) -> None:
    items.data = at


def _kinds(data: bytes, at: int, stop: int, items: _Items, budget: Budget) -> None:
    """Reads the `iinf` box: the type of each item."""
    wide = data[at] > 0
    (count,) = struct.unpack_from(">I" if wide else ">H", data, at + 4)
    if count > _MOST_ITEMS:
        raise Beyond(f"with {count} items", f"at most {_MOST_ITEMS} items")
    for name, inner, _ in _boxes(data, at + (8 if wide else 6), stop, budget):
        if name == b"infe" and data[inner] >= 2:
            number, place = int.from_bytes(data[inner + 4 : inner + 6], "big"), inner + 8
            if data[inner] > 2:
                number, place = int.from_bytes(data[inner + 4 : inner + 8], "big"), inner + 10
            items.kinds[number] = data[place : place + 4]
    if len(items.kinds) > _MOST_ITEMS:
        raise Beyond(f"with {len(items.kinds)} items", f"at most {_MOST_ITEMS} items")


def _places(data: bytes, at: int, _stop: int, items: _Items, budget: Budget) -> None:
    """Reads the `iloc` box: where the first extent of each item is."""
    # The box states the widths of its own fields, in half bytes, so that every number has another width.
    version, sizes = data[at], int.from_bytes(data[at + 4 : at + 6], "big")
    offset_size, length_size = sizes >> 12, sizes >> 8 & 15
    base_size, index_size = sizes >> 4 & 15, sizes & 15 if version else 0
    wide = 4 if version == 2 else 2
    count = int.from_bytes(data[at + 6 : at + 6 + wide], "big")
    if count > _MOST_ITEMS:
        raise Beyond(f"with {count} items", f"at most {_MOST_ITEMS} items")
    at += 6 + wide

    def number(size: int) -> int:
        nonlocal at
        at += size
        return int.from_bytes(data[at - size : at], "big")

    for _ in range(count):
        item = number(wide)
        within = bool(version) and number(2) & 15 == 1
        number(2)
        base, extents = number(base_size), number(2)
        budget.pieces(1 + extents)
        for index in range(extents):
            number(index_size)
            start, length = number(offset_size), number(length_size)
            if not index:
                items.places[item] = (base + start, length or len(data), within)


def _item(kind: bytes, data: bytes, size: int, budget: Budget) -> None:
    """Checks the beginning of an item's own bytes."""
    if kind == b"grid" and len(data) >= 8:
        width, height = struct.unpack_from(">II" if data[1] & 1 else ">HH", data, 4)
        budget.area(width, height, "a grid")
    elif kind == b"iovl" and len(data) >= 22:
        width, height = struct.unpack_from(">II" if data[1] & 1 else ">HH", data, 10)
        budget.area(width, height, "an overlay")
    elif kind == b"av01":
        _sequence(data, budget)
    elif kind == b"Exif":
        if size > tiff.MOST_EXIF:
            budget.metadata(size, "EXIF", tiff.MOST_EXIF)
        tiff.check_exif(data[4 + int.from_bytes(data[:4], "big") :], budget)


_SAYS = {
    b"ispe": _size,
    b"tkhd": _track,
    b"stsz": _samples,
    b"colr": _profile,
    b"av1C": _config,
    b"idat": _item_data,
    b"iinf": _kinds,
    b"iloc": _places,
}
