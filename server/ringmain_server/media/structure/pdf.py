"""Media, structure, pure: examines a PDF before a library opens it.

Every stream that a reader unpacks is unpacked once here, in pieces that are thrown away, and held to a
ratio and a size. Every picture's size is read, both from its dictionary and from its own header. Page boxes,
the tree of pages and the number of objects have limits. A page may draw a form which draws another, each many
times, so the total cost of a page is computed before anything of it is drawn.

The objects are those that stand in the file (`pdf_objects.py`). Streams of an encrypted file cannot be
examined.
"""

import re
import struct
from collections import Counter
from dataclasses import dataclass, field

from ringmain_server.media.limits import MIB, ReadLimits, size_words
from ringmain_server.media.structure import jpeg, pdf_filters
from ringmain_server.media.structure.budget import Beyond, Budget
from ringmain_server.media.structure.pdf_objects import (
    Data,
    Object,
    Objects,
    filters,
    named,
    pieces,
    references,
    scan,
    within,
)

_IMAGE = re.compile(rb"/Subtype\s*/Image(?![A-Za-z])")
_OBJECTS = re.compile(rb"/Type\s*/ObjStm(?![A-Za-z])")
_ATTACHED = re.compile(rb"/Type\s*/EmbeddedFile(?![A-Za-z])")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_BOX = re.compile(rb"/(?:Media|Crop|Bleed|Trim|Art)Box\s*\[([^\]]{0,400})\]")
_UNIT = re.compile(rb"/UserUnit\s*([\d.]{1,20})")
_DRAWN = re.compile(rb"/([^\s/<>\[\](){}%]{1,120})\s+(?:Do|scn|SCN)(?![A-Za-z])")
_SHADED = re.compile(rb"/[^\s/<>\[\](){}%]{1,120}\s+sh(?![A-Za-z0-9])")
_SHADING = 16 * 1024
"""Bytes that a shading counts as, since it may paint the whole page."""
_INLINE = re.compile(rb"BI\s[^>]{0,300}?[\s/>\])]ID\s")
_SIDES = tuple(re.compile(rb"/%s\s*(\d{1,10})" % name) for name in (rb"W(?:idth)?", rb"H(?:eight)?"))
_REPEATS = re.compile(rb"/Contents|/Annots|\d\s+R\s+\d")
_MOST_STEPS = 100_000
_OVERLAP = 400
_LARGE = MIB
_HEADER = 64 * 1024
"""Bytes of a picture in which its own header is searched."""
_MOST_FILTERS = 4
_BYTES_PER_PIXEL = 4
_DEEPEST_TREE = 100
_DEEPEST_FORM = 40
"""The deepest nesting of forms that a reader draws."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfLimits:
    """Limits for a PDF.

    Attributes:
        picture: Limits of a picture inside. One with more pixels is accepted if it has as many bytes.
        max_ratio: The highest ratio of unpacked to packed bytes of a large stream.
        max_stream_bytes: The most bytes of a stream, unpacked.
        max_unpacked_bytes: The most bytes of all streams together, unpacked.
        max_objects: The most objects of the file.
        max_pages: The most pages of the tree.
        max_page_side: The longest side of a page's box, in points.
        max_page_bytes: The most bytes that are drawn on a page; a form counts each time that it is drawn.
        max_pixels: The most pixels of a picture, whatever its bytes.
    """

    picture: ReadLimits
    max_ratio: int = 200
    max_stream_bytes: int = 64 * MIB
    max_unpacked_bytes: int = 1024 * MIB
    max_objects: int = 500_000
    max_pages: int = 5_000
    max_page_side: int = 50_000
    max_page_bytes: int = 64 * MIB
    max_pixels: int = 1_000_000_000


@dataclass(slots=True)
class _Drawing:
    """The cost of a stream of operators: its bytes, and the forms that it draws.

    Attributes:
        size: Bytes, unpacked.
        uses: How often it draws each name.
    """

    size: int = 0
    uses: Counter[bytes] = field(default_factory=Counter)


def check(data: Data, limits: PdfLimits) -> None:
    """Checks every object of a PDF.

    Raises:
        Beyond: Something is beyond a limit.
    """
    _Check(data, limits).run()


class _Counted:
    """Iterates over pieces and counts their bytes."""

    def __init__(self, inner: "pdf_filters.Pieces") -> None:
        self._inner = inner
        self.count = 0

    def __iter__(self) -> "_Counted":
        return self

    def __next__(self) -> bytes:
        piece = next(self._inner)
        self.count += len(piece)
        return piece


class _Check:
    def __init__(self, data: Data, limits: PdfLimits) -> None:
        self._data = data
        self._limits = limits
        self._objects = Objects()
        self._streams: list[Object] = []
        self._drawings: dict[int, _Drawing] = {}
        self._unpacked = 0
        self._inline_pixels = 0
        self._everywhere: dict[bytes, set[int]] = {}
        self._costs: dict[tuple[int, int], int] = {}
        self._names: dict[int, dict[bytes, set[int]]] = {}
        self._steps = 0
        self._most_steps = 0

    def run(self) -> None:
        if self._data_count(b"obj") - self._data_count(b"endobj") > self._limits.max_objects:
            raise self._too_many()
        for found in scan(self._data):
            self._add(found)
            if found.stream:
                self._streams.append(found)
        for found in self._streams:
            if found.has(_OBJECTS):
                self._object_stream(found)
        for found in self._streams:
            if found.has(_IMAGE):
                self._picture(found)
            elif not found.has(_ATTACHED) and not found.has(_OBJECTS):
                self._drawing(found)
        self._check_tree()
        self._check_pages()

    def _add(self, found: Object) -> None:
        self._objects.add(found)
        if self._objects.count > self._limits.max_objects:
            raise self._too_many()
        self._check_boxes(found.text)

    def _too_many(self) -> Beyond:
        most = self._limits.max_objects
        return Beyond(f"of more than {most} objects", f"at most {most} objects")

    def _data_count(self, word: bytes) -> int:
        """Returns about how often a word is in the file, which may be mapped and is read piece by piece."""
        return sum(piece.count(word) for piece in pieces(self._data, 0, step=MIB))

    def _check_boxes(self, text: bytes) -> None:
        if b"Box" not in text:
            return
        unit = _UNIT.search(text)
        scale = _number(unit[1]) if unit else 1.0
        for box in _BOX.finditer(text):
            numbers = [_number(word) for word in box[1].split()[:4]]
            if len(numbers) < 4:
                continue
            sides = (abs(numbers[2] - numbers[0]) * scale, abs(numbers[3] - numbers[1]) * scale)
            if max(sides) > self._limits.max_page_side and b"/BBox" not in box[0]:
                found = "with a page of {:.10g}x{:.10g} points".format(*sides)
                raise Beyond(found, f"at most {self._limits.max_page_side} points on a side")

    # Streams

    def _packed(self, found: Object) -> int:
        """Returns the bytes of a stream as it stands in the file, as far as can be told."""
        stated = self._objects.number(found.text, b"Length")
        available = found.end - found.stream
        return min(stated, available) if stated else available

    def _pieces(self, found: Object, expected: int = 0) -> "pdf_filters.Pieces":
        """Yields the pieces of a stream, unpacked.

        Args:
            found: The object with the stream.
            expected: Bytes that the stream is known to have, such as a picture's pixels, which may pack well.
        """
        names, limits = filters(self._objects, found), self._limits
        if len(names) > _MOST_FILTERS:
            raise Beyond(f"with a stream of {len(names)} filters", f"at most {_MOST_FILTERS}")
        raw, size = _Counted(self._raw(found, names)), 0
        # Checked with every piece, so that a bomb is noticed long before it is unpacked.
        for piece in pdf_filters.undone(raw, names):
            size += len(piece)
            self._unpacked += len(piece)
            packed = min(raw.count, max(self._packed(found), 1))
            if size > max(_LARGE, expected) and size > limits.max_ratio * packed:
                problem = f"with a stream packed more than {limits.max_ratio} times smaller, as bombs are"
                raise Beyond(problem, f"at most {limits.max_ratio} times")
            if size > max(limits.max_stream_bytes, expected):
                most = size_words(limits.max_stream_bytes)
                raise Beyond(f"with a stream of more than {most} unpacked", f"at most {most}")
            if self._unpacked > limits.max_unpacked_bytes:
                most = size_words(limits.max_unpacked_bytes)
                raise Beyond(f"of more than {most} unpacked", f"at most {most}")
            yield piece

    def _raw(self, found: Object, names: list[bytes]) -> "pdf_filters.Pieces":
        """Yields a stream as it stands in the file, up to its stated length unless a filter enlarges it."""
        if pdf_filters.GROWING & set(names):
            return pieces(self._data, found.stream)
        return pieces(self._data, found.stream, found.stream + self._packed(found))

    def _object_stream(self, found: Object) -> None:
        text = b"".join(self._pieces(found))
        for inner in within(text, min(self._objects.number(found.text, b"First"), len(text))):
            self._add(inner)

    def _drawing(self, found: Object) -> None:
        made, before = _Drawing(), b""
        for piece in self._pieces(found):
            made.size += len(piece)
            # The end of the last piece is searched again for an operator that was cut in two, and a match
            # counts only if it reaches into the new piece.
            text = before + piece
            for shading in _SHADED.finditer(text):
                if shading.end() > len(before):
                    made.size += _SHADING
            for use in _DRAWN.finditer(text):
                if use.end() > len(before):
                    made.uses[use[1]] += 1
            for inline in _INLINE.finditer(text):
                if inline.end() > len(before):
                    self._inline_picture(inline[0])
            before = text[-_OVERLAP:]
        self._drawings[found.stream] = made

    # Pictures

    def _inline_picture(self, text: bytes) -> None:
        """Checks a picture within a drawing. It has few bytes, so all of these are counted together."""
        width, height = (int(found[1]) if (found := side.search(text)) else 0 for side in _SIDES)
        self._check_size(width, height, 1)
        self._inline_pixels += width * height
        if self._inline_pixels > self._limits.max_pixels:
            problem = f"with {self._inline_pixels} pixels of pictures within its drawings"
            raise Beyond(problem, f"at most {self._limits.max_pixels} pixels")

    def _picture(self, found: Object) -> None:
        names, packed = filters(self._objects, found), self._packed(found)
        width = self._objects.number(found.text, b"Width")
        height = self._objects.number(found.text, b"Height")
        self._check_size(width, height, packed)
        if not names:
            return
        if len(names) > 1 or names[-1] not in pdf_filters.GROWING:
            self._check_coded(found, names[-1], packed, 2 * _BYTES_PER_PIXEL * width * height)

    def _check_coded(self, found: Object, coding: bytes, packed: int, expected: int) -> None:
        """Checks a picture that has a header of its own and may be packed once more."""
        head = b""
        for piece in self._pieces(found, expected):
            head += piece[: max(_HEADER - len(head), 0)]
        if coding in pdf_filters.JPEG and head[:2] == b"\xff\xd8":
            self._check_jpeg(found, head, packed)
        size = None
        if coding == b"JPXDecode":
            size = pdf_filters.jpx_size(head)
        elif coding == b"JBIG2Decode":
            size = pdf_filters.jbig2_size(head)
        if size is not None:
            self._check_size(*size, packed)

    def _check_jpeg(self, found: Object, head: bytes, packed: int) -> None:
        plain = self._data[found.stream : found.stream + 2] == b"\xff\xd8"
        budget = Budget(_LENIENT)
        whole = self._data[found.stream : found.stream + packed] if plain else head
        try:
            seen = jpeg.check_one(whole, 0, budget)
        except (struct.error, IndexError):
            return  # cut: a reader shows no picture either
        self._check_size(seen.width, seen.height, packed)

    def _check_size(self, width: int, height: int, packed: int) -> None:
        pixels, limits = width * height, self._limits
        small = pixels > limits.max_ratio * packed * 8  # a pixel may take only a bit
        if pixels > limits.max_pixels or (pixels > limits.picture.max_pixels and small):
            found = f"with a picture of {width}x{height} pixels ({pixels})"
            raise Beyond(found, f"at most {limits.picture.max_pixels} pixels in all")

    # Pages

    def _check_tree(self) -> None:
        """Checks that the tree of pages ends, and has no more pages than are read."""
        kids = {
            found.number: references(_array(self._objects.value(found.text, b"Kids")))
            for found in self._objects.all()
            if b"/Kids" in found.text and b"/Pages" in found.text
        }
        counts: dict[int, int] = {}
        for root in kids:
            self._count(root, kids, counts, [])

    def _count(
        self, number: int, kids: dict[int, list[int]], counts: dict[int, int], above: list[int]
    ) -> int:
        if number in counts:
            return counts[number]
        if number not in kids:
            return 1
        if number in above:
            raise Beyond("whose tree of pages leads back to itself", "a tree")
        if len(above) >= _DEEPEST_TREE:
            raise Beyond(f"whose pages are nested more than {_DEEPEST_TREE} deep", f"at most {_DEEPEST_TREE}")
        above.append(number)
        total = sum(self._count(kid, kids, counts, above) for kid in kids[number])
        above.pop()
        if total > self._limits.max_pages:
            raise Beyond(f"of {total} pages", f"at most {self._limits.max_pages} pages")
        counts[number] = total
        return total

    def _check_pages(self) -> None:
        """Checks the cost of each page, and of each form and pattern that something else may draw."""
        if not any(drawing.uses for drawing in self._drawings.values()):
            biggest = max((drawing.size for drawing in self._drawings.values()), default=0)
            if biggest * self._most_contents() <= self._limits.max_page_bytes:
                return
        for found in self._objects.all():
            for name, number in named(found.text):
                self._everywhere.setdefault(name, set()).add(number)
        self._most_steps = _MOST_STEPS + 4 * sum(len(drawing.uses) for drawing in self._drawings.values())
        for found in self._streams:
            self._check_cost(self._cost(found, 0))
        for found in self._objects.all():
            if found.has(_PAGE):
                contents = references(_array(self._objects.value(found.text, b"Contents"))) or references(
                    _reference(found.text, b"Contents")
                )
                total = sum(self._cost_of(number, found, 0) for number in contents)
                self._check_cost(total + self._annotations(found))

    def _annotations(self, page: Object) -> int:
        """Returns the cost of the notes and fields on a page, each drawn by a form of its own."""
        notes = Counter(references(_array(self._objects.value(page.text, b"Annots"))))
        total = 0
        for number, times in notes.items():
            for note in self._objects.resolved(number):
                appearances = references(self._objects.value(note.text, b"AP")[:_OVERLAP])
                total += times * max(
                    (self._cost_of(appearance, note, 0) for appearance in appearances), default=0
                )
            if total > self._limits.max_page_bytes:
                break
        return total

    def _most_contents(self) -> int:
        """Returns a bound for how many streams a page may draw by itself: the bytes of its longest list."""
        return max(
            (len(found.text) for found in self._objects.all() if _REPEATS.search(found.text)), default=0
        )

    def _check_cost(self, cost: int) -> None:
        if cost > self._limits.max_page_bytes:
            most = size_words(self._limits.max_page_bytes)
            problem = f"with a page of more than {most} to draw, what it repeats included"
            raise Beyond(problem, f"at most {most}")

    def _cost_of(self, number: int, user: Object | None, depth: int) -> int:
        """Returns the cost of the most expensive stream with a number, drawn by `user`."""
        return max((self._cost(one, depth, user) for one in self._objects.resolved(number)), default=0)

    def _cost(self, found: Object, depth: int, user: Object | None = None) -> int:
        """Returns the bytes that are read to draw a stream, and to draw all that it draws, each time it does.

        A stream without resources of its own uses those of the object that draws it, so its cost is computed
        for
        each such object.
        """
        drawing = self._drawings.get(found.stream)
        if drawing is None or depth > _DEEPEST_FORM:
            return 0
        owner = found if b"/Resources" in found.text else user
        key = (found.stream, owner.number if owner is not None else 0)
        if key in self._costs:
            return self._costs[key]
        self._costs[key] = total = drawing.size  # set first, so that a stream that draws itself counts once
        for name, times in drawing.uses.items():
            targets = self._targets(name, owner)
            self._step(1 + len(targets))
            total += times * max((self._cost_of(one, owner, depth + 1) for one in targets), default=0)
            if total > self._limits.max_page_bytes:
                break
        self._costs[key] = total
        return total

    def _step(self, count: int) -> None:
        """Bounds the computation itself, which a file of ambiguous names could make long."""
        self._steps += count
        if self._steps > self._most_steps:
            found = "whose drawings draw each other in too many ways"
            raise Beyond(found, f"at most {self._most_steps} ways")

    def _targets(self, name: bytes, owner: Object | None) -> set[int]:
        """Returns the objects that a name may mean: by the owner's resources, else by those of any object."""
        if owner is None or b"/Resources" not in owner.text:
            return self._everywhere.get(name, set())
        if id(owner) not in self._names:
            self._names[id(owner)] = self._resources(owner)
        return self._names[id(owner)].get(name) or self._everywhere.get(name, set())

    def _resources(self, owner: Object) -> dict[bytes, set[int]]:
        texts = [owner.text, self._objects.value(owner.text, b"Resources")]
        for key in (b"XObject", b"Pattern"):
            texts += [self._objects.value(text, key) for text in texts[:2]]
        found: dict[bytes, set[int]] = {}
        for text in texts:
            for name, number in named(text):
                found.setdefault(name, set()).add(number)
        return found


_LENIENT = ReadLimits(max_pixels=2**33, max_side=2**17)
"""Limits for a picture's own header here: its size is held to the document's limits instead."""


def _number(word: bytes) -> float:
    try:
        return float(word)
    except ValueError:
        return 0.0


def _array(text: bytes) -> bytes:
    """Returns an array's text up to its end."""
    text = text.lstrip()
    return text[: text.find(b"]") + 1] if text.startswith(b"[") else b""


def _reference(text: bytes, key: bytes) -> bytes:
    at = text.find(b"/" + key)
    return text[at : at + 40].partition(b"R")[0] + b"R" if at >= 0 else b""
