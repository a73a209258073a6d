"""Documents: converts PDFium's view of a page to our own types. The caller must hold the lock of PDFium.

Functions: https://pdfium.googlesource.com/pdfium/+/refs/heads/main/public/fpdf_text.h and fpdf_edit.h.
"""

import ctypes
import re
from collections.abc import Callable, Iterator
from itertools import islice
from types import ModuleType
from typing import Any

from ringmain_server.documents.boxes import Box, Word
from ringmain_server.documents.content import Block
from ringmain_server.documents.layout import Placed
from ringmain_server.documents.limits import DocumentLimits
from ringmain_server.documents.pictures import Pictures
from ringmain_server.media.encode import write
from ringmain_server.media.pixels import plain

# PDFium writes U+FFFE for a hyphen at a line's end, followed at once by the next line.
_WORD = re.compile(r"[^\s\x00\ufffe]+\ufffe?")
_LINE = re.compile(r"[^\r\n\x00\ufffe]+\ufffe?")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_BOLD = 600
_MOST_CHARACTERS = 200_000
_MOST_PATHS = 3_000
_MOST_POINTS = 400
_STRAIGHT = 1.0
"""Points by which a horizontal or vertical line may deviate."""
_PHOTO_PIXELS = 300_000
"""Pixels from which on a picture is written as JPEG."""

Point = tuple[float, float]


class PageReader:
    """Reads an opened page of PDFium.

    Args:
        library: pypdfium2.
        page: The page.
        limits: Limits for documents.
    """

    def __init__(self, library: ModuleType, page: Any, limits: DocumentLimits) -> None:
        self._library = library
        self._raw = library.raw
        self._page = page
        self._limits = limits
        self._rectangle = library.raw.FS_RECTF()
        self._rectangle_at = ctypes.byref(self._rectangle)
        self._name = ctypes.create_string_buffer(128)
        self._turn = _turn(page.get_rotation(), page.get_cropbox())

    def words(self) -> list[Word]:
        """Returns the words, at their places on the page as it is seen."""
        text_page = self._page.get_textpage()
        try:
            return list(self._words(text_page.raw))
        finally:
            text_page.close()

    def _words(self, text_page: Any) -> Iterator[Word]:
        text = self._text(text_page)
        index = self._indices(text_page, text)
        for line in _LINE.finditer(text):
            found = list(_WORD.finditer(text, line.start(), line.end()))
            ends = [(index(word.start()), index(word.end() - 1)) for word in found]
            # Reading the font's name is slow: the first word's font stands for all words but the last.
            bold = [self._is_bold(text_page, first) for first, _ in (ends[:1] + ends[1:][-1:])]
            for at, (word, (first, last)) in enumerate(zip(found, ends, strict=True)):
                if first >= 0 and last >= 0:
                    box = self._place_of(text_page, first, last)
                    is_bold = bold[0] if at < len(found) - 1 else bold[-1]
                    yield Word(_text(word[0]), box, box.bottom - box.top, is_bold)

    def _text(self, text_page: Any) -> str:
        """Returns a page's text with a character per unit of UTF-16, so that indices are PDFium's own."""
        count = min(self._raw.FPDFText_CountChars(text_page), _MOST_CHARACTERS)
        buffer = (ctypes.c_ushort * (count + 2))()
        written: int = self._raw.FPDFText_GetText(text_page, 0, count, buffer)
        return "".join(map(chr, buffer[: max(written - 1, 0)]))

    def _indices(self, text_page: Any, text: str) -> Callable[[int], int]:
        """Returns a function from an index in the text to PDFium's character, which is mostly the same."""
        if len(text) == self._raw.FPDFText_CountChars(text_page):
            return int
        return lambda at: int(self._raw.FPDFText_GetCharIndexFromTextIndex(text_page, at))

    def _place_of(self, text_page: Any, first: int, last: int) -> Box:
        """Returns the rectangle around a word, by its first and its last character."""
        get, box, at = self._raw.FPDFText_GetLooseCharBox, self._rectangle, self._rectangle_at
        get(text_page, first, at)
        left, bottom, right, top = box.left, box.bottom, box.right, box.top
        if last != first:
            get(text_page, last, at)
            left, right = min(left, box.left), max(right, box.right)
            bottom, top = min(bottom, box.bottom), max(top, box.top)
        return _box(self._turn((left, bottom)), self._turn((right, top)))

    def _is_bold(self, text_page: Any, index: int) -> bool:
        if self._raw.FPDFText_GetFontWeight(text_page, index) >= _BOLD:
            return True
        name = self._name
        self._raw.FPDFText_GetFontInfo(text_page, index, name, len(name), None)
        return b"bold" in name.value.lower()

    def lines(self) -> list[Box]:
        """Returns the straight horizontal and vertical lines on the page."""
        paths = self._page.get_objects(filter=[self._raw.FPDF_PAGEOBJ_PATH])
        return [box for path in islice(paths, _MOST_PATHS) for box in self._path(path)]

    def _path(self, path: Any) -> Iterator[Box]:
        count = self._raw.FPDFPath_CountSegments(path)
        if not 2 <= count <= _MOST_POINTS or not self._is_drawn(path):
            return
        place = self._place(path)
        start = before = (0.0, 0.0)
        for index in range(count):
            segment = self._raw.FPDFPath_GetPathSegment(path, index)
            kind = self._raw.FPDFPathSegment_GetType(segment)
            at = place(_point(self._raw, segment))
            if kind == self._raw.FPDF_SEGMENT_MOVETO:
                start = at
            elif kind == self._raw.FPDF_SEGMENT_LINETO and _is_straight(before, at):
                yield _box(before, at)
            if self._raw.FPDFPathSegment_GetClose(segment) and _is_straight(at, start):
                yield _box(at, start)
            before = at

    def _is_drawn(self, path: Any) -> bool:
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        self._raw.FPDFPath_GetDrawMode(path, fill, stroke)
        return bool(fill.value or stroke.value)

    def _place(self, thing: Any) -> Callable[[Point], Point]:
        """Returns a function from an object's own coordinates, through its forms, to those of the page."""
        matrices = []
        while thing is not None:
            matrices.append(thing.get_matrix())
            thing = thing.container

        def place(point: Point) -> Point:
            for matrix in matrices:
                point = matrix.on_point(*point)
            return self._turn(point)

        return place

    def pictures(self) -> list[Placed]:
        """Returns the pictures as files, at their places."""
        counted, found = Pictures(self._limits), []
        for image in self._page.get_objects(filter=[self._raw.FPDF_PAGEOBJ_IMAGE]):
            if counted.is_full:
                break
            block = self._picture(image, counted)
            if block is not None:
                place = self._place(image)  # in its own coordinates, an image is the unit square
                found.append(Placed(block, _box(place((0.0, 0.0)), place((1.0, 1.0)))))
        return found

    def _picture(self, image: Any, counted: Pictures) -> Block | None:
        width, height = image.get_px_size()
        limits = self._limits
        if min(width, height) < limits.min_picture_side or width * height > limits.picture.max_pixels:
            return None
        try:
            return counted.block(self._file(image))
        except self._library.PdfiumError:
            return None

    def _file(self, image: Any) -> bytes:
        """Returns the file of a picture: the embedded one for JPEG, otherwise a new one."""
        if image.get_filters() == ["DCTDecode"]:
            return bytes(image.get_data())
        pixels = plain(image.get_bitmap().to_pil())
        is_photo = pixels.width * pixels.height > _PHOTO_PIXELS and pixels.mode != "RGBA"
        return write(pixels, "image/jpeg" if is_photo else "image/png")


def _text(units: str) -> str:
    """Converts UTF-16's units to characters; half of a character becomes a replacement character."""
    if not _SURROGATES.search(units):
        return units
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _turn(rotation: int, crop: tuple[float, float, float, float]) -> Callable[[Point], Point]:
    """Returns a function from a page's coordinates, y up, to those of the page as it is seen, y down."""
    left, bottom, right, top = crop
    turns: dict[int, Callable[[Point], Point]] = {
        0: lambda at: (at[0] - left, top - at[1]),
        90: lambda at: (at[1] - bottom, at[0] - left),
        180: lambda at: (right - at[0], at[1] - bottom),
        270: lambda at: (top - at[1], right - at[0]),
    }
    return turns[rotation]


def _point(raw: Any, segment: Any) -> Point:
    x, y = ctypes.c_float(), ctypes.c_float()
    raw.FPDFPathSegment_GetPoint(segment, x, y)
    return x.value, y.value


def _box(one: Point, other: Point) -> Box:
    (left, top), (right, bottom) = one, other
    if left > right:
        left, right = right, left
    return Box(left, top, right, bottom) if top <= bottom else Box(left, bottom, right, top)


def _is_straight(one: Point, other: Point) -> bool:
    return abs(one[0] - other[0]) < _STRAIGHT or abs(one[1] - other[1]) < _STRAIGHT
