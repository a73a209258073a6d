"""Fakes: PDFs that are small files and would take a reader's memory or time."""

import base64
import struct
import zlib
from collections.abc import Mapping

from tests.fakes.image_bombs import LARGE, Bombs, box, jpeg, packed, scan, segment, start_of_frame

FLATE = b"/Filter/FlateDecode"


def pdf(objects: Mapping[int, bytes], *, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, of which the first is its root."""
    out, places = b"%PDF-1.7\n", {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    size, at = max(objects) + 1, len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    out += b"".join(b"%010d 00000 n \n" % places.get(number, 0) for number in range(1, size))
    return out + b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (size, trailer, at)


def stream(data: bytes, more: bytes = b"") -> bytes:
    """A stream with its dictionary."""
    return b"<<%s/Length %d>>stream\n" % (more, len(data)) + data + b"\nendstream"


def one_page(
    content: bytes,
    more: Mapping[int, bytes] | None = None,
    *,
    resources: bytes = b"",
    page: bytes = b"/MediaBox[0 0 612 792]",
    contents: bytes = b"4 0 R",
) -> bytes:
    """A PDF of one page; object 4 is its content, further ones are given."""
    own = b"<</Type/Page/Parent 2 0 R/Contents " + contents + page + b"/Resources<<" + resources + b">>>>"
    tree = {1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>"}
    return pdf({**tree, 3: own, 4: content, **(more or {})})


def with_box(sides: bytes, name: bytes = b"MediaBox", more: bytes = b"") -> bytes:
    """A PDF of a page with such a box."""
    return one_page(stream(b" "), page=b"/MediaBox[0 0 612 792]/%s[%s]%s" % (name, sides, more))


def forms(depth: int, times: int, kind: bytes = b"/XObject") -> bytes:
    """A page that draws a form many times, which draws another many times, and so on."""
    is_form = kind == b"/XObject"
    use = b"/F Do " if is_form else b"/F scn 0 0 1 1 re f "
    head = b"/Subtype/Form" if is_form else b"/PatternType 1/PaintType 1/TilingType 1/XStep 1/YStep 1"
    more = {}
    for number in range(5, 5 + depth):
        body = use * times if number < 4 + depth else b"0 0 m 1 1 l S"
        named = b"/Resources<<%s<</F %d 0 R>>>>" % (kind, number + 1)
        more[number] = stream(body, b"/Type%s%s/BBox[0 0 9 9]%s" % (kind, head, named))
    return one_page(stream(use * times), more, resources=b"%s<</F 5 0 R>>" % kind)


def forms_elsewhere(depth: int, times: int) -> bytes:
    """The same, with their resources and names in other objects."""
    more = {}
    for number in range(depth):
        at = 10 * (number + 1)
        body = zlib.compress(b"/F Do " * times if number < depth - 1 else b"0 0 m 1 1 l S")
        more[at] = stream(
            body, FLATE + b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources %d 0 R" % (at + 1)
        )
        more[at + 1] = b"<</XObject %d 0 R>>" % (at + 2)
        more[at + 2] = b"<</F %d 0 R>>" % (at + 10)
    return one_page(stream(b"/F Do " * times), more, resources=b"/XObject<</F 10 0 R>>")


def tangled(count: int) -> bytes:
    """Forms without resources of their own, each of which draws all by names that anybody may mean."""
    use = b"".join(b"/F%d Do " % number for number in range(count))
    names = b"/XObject<<%s>>" % b"".join(b"/F%d %d 0 R" % (number, 5 + number) for number in range(count))
    form = stream(use, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]")
    return one_page(stream(use), {5 + number: form for number in range(count)}, resources=names)


def picture(width: int, height: int, data: bytes, more: bytes = FLATE) -> bytes:
    """A page with a picture."""
    said = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray" % (
        width,
        height,
    )
    drawn = stream(b"q 100 0 0 100 0 0 cm /I Do Q")
    return one_page(drawn, {5: stream(data, said + more)}, resources=b"/XObject<</I 5 0 R>>")


def inline(width: int, height: int) -> bytes:
    """A picture within a drawing, most of which is missing."""
    said = b"q 100 0 0 100 0 0 cm BI /W %d /H %d /BPC 8 /CS /G /F /Fl ID " % (width, height)
    return said + zlib.compress(b"\0" * 1_000) + b"\nEI Q\n"


def tree(kids: Mapping[int, bytes]) -> bytes:
    """A PDF whose tree of pages has these nodes; the first is its root."""
    nodes = {number: b"<</Type/Pages/Kids[%s]/Count 3>>" % refs for number, refs in kids.items()}
    return pdf({1: b"<</Type/Catalog/Pages 2 0 R>>", **nodes, 9_000: b"<</Type/Page/MediaBox[0 0 9 9]>>"})


def _twice(depth: int) -> bytes:
    return tree({number: b"%d 0 R %d 0 R" % (number + 1, number + 1) for number in range(2, 2 + depth)})


def lzw(size: int) -> bytes:
    """So many zeros packed by LZW: each code is one longer than the one before."""
    bits, table, width, left = [f"{256:09b}", f"{0:09b}"], 258, 9, size - 1
    length = 2
    while left > 0:
        bits.append(f"{table:0{width}b}")
        left -= length
        table, length = table + 1, length + 1
        width = min(max((table + 1).bit_length(), 9), 12)
        if table > 4_090:
            bits += [f"{256:0{width}b}", f"{0:09b}"]
            table, width, length, left = 258, 9, 2, left - 1
    text = "".join(bits)
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")


def _jpx(width: int, height: int) -> bytes:
    size = struct.pack(">HHIIII", 41, 0, width, height, 0, 0) + bytes(24)
    return box(b"jP  ", b"\r\n\x87\n") + box(b"jp2c", b"\xff\x4f\xff\x51" + size)


def _jbig2(width: int, height: int) -> bytes:
    return struct.pack(">IBBBI", 0, 48, 0, 1, 19) + struct.pack(">II", width, height) + bytes(11)


_TWICE = zlib.compress(packed(100_000_000), 9)
_OBJECTS = b"/Type/ObjStm/N 1/First 4" + FLATE
_OBJECT_BOX = b"9 0 <</Type/Page/MediaBox[0 0 1000000 1000000]>>"

PDF_BOMBS: Bombs = {
    "media box": lambda: with_box(b"0 0 1000000000 1000000000"),
    "media box of a million": lambda: with_box(b"0 0 1000000 10"),
    "media box below zero": lambda: with_box(b"-1000000 0 1000000 9"),
    "crop box": lambda: with_box(b"0 0 99999999 99999999", b"CropBox"),
    "user unit": lambda: with_box(b"0 0 600 600", more=b"/UserUnit 75000"),
    "media box in an object stream": lambda: one_page(
        stream(b" "), {5: stream(zlib.compress(_OBJECT_BOX), _OBJECTS)}
    ),
    "content": lambda: one_page(stream(packed(100_000_000), FLATE)),
    "content, packed twice": lambda: one_page(stream(_TWICE, b"/Filter[/FlateDecode/FlateDecode]")),
    "content, packed thrice": lambda: one_page(
        stream(zlib.compress(_TWICE), b"/Filter[/FlateDecode /FlateDecode /FlateDecode]")
    ),
    "content, short name": lambda: one_page(stream(packed(100_000_000), b"/Filter/Fl")),
    "content, escaped name": lambda: one_page(stream(packed(100_000_000), b"/Filter/Fl#61teDecode")),
    "content, name elsewhere": lambda: one_page(
        stream(packed(100_000_000), b"/Filter 5 0 R"), {5: b"/FlateDecode"}
    ),
    "content in base 85": lambda: one_page(
        stream(base64.a85encode(packed(100_000_000)) + b"~>", b"/Filter[/ASCII85Decode/FlateDecode]")
    ),
    "content in hexadecimal": lambda: one_page(
        stream(packed(100_000_000).hex().encode() + b">", b"/Filter[/ASCIIHexDecode/FlateDecode]")
    ),
    "content by LZW": lambda: one_page(stream(lzw(20_000_000), b"/Filter/LZWDecode")),
    "content in runs, packed": lambda: one_page(
        stream(zlib.compress(b"\x81 " * 1_000_000), b"/Filter[/FlateDecode/RunLengthDecode]")
    ),
    "content with a wrong length": lambda: one_page(
        stream(packed(100_000_000), FLATE).replace(b"/Length ", b"/Length 10000000")
    ),
    "content of operators": lambda: one_page(stream(zlib.compress(b"q Q " * 3_000_000, 9), FLATE)),
    "content many times": lambda: one_page(
        stream(b"0 0 m 1 1 l S\n" * 1_000), contents=b"[%s]" % (b"4 0 R " * 9_000)
    ),
    "shadings": lambda: one_page(stream(b"/S sh " * 5_000)),
    "filters": lambda: one_page(stream(b"x", b"/Filter[%s]" % (b"/FlateDecode" * 100))),
    "object stream": lambda: one_page(stream(b" "), {5: stream(packed(100_000_000), _OBJECTS)}),
    "reference stream": lambda: one_page(
        stream(b" "), {5: stream(packed(100_000_000), b"/Type/XRef/W[1 2 1]/Size 9" + FLATE)}
    ),
    "font": lambda: one_page(stream(b" "), {5: stream(packed(100_000_000), b"/Length1 9" + FLATE)}),
    "forms": lambda: forms(10, 10),
    "forms, few of many": lambda: forms(30, 2),
    "forms elsewhere": lambda: forms_elsewhere(10, 10),
    "forms without resources": lambda: tangled(30),
    "patterns": lambda: forms(10, 10, b"/Pattern"),
    "objects": lambda: one_page(stream(b" ")) + b"\n9 0 obj\n" + b"9 0 obj\n" * 550_000,
    "tree in a circle": lambda: tree({2: b"3 0 R", 3: b"2 0 R"}),
    "tree that holds itself": lambda: tree({2: b"2 0 R 2 0 R 2 0 R"}),
    "tree, deep": lambda: tree({number: b"%d 0 R" % (number + 1) for number in range(2, 3_000)}),
    "tree of twos": lambda: _twice(40),
    "picture": lambda: picture(30_000, 30_000, zlib.compress(b"\0" * 1_000)),
    "picture, largest": lambda: picture(2**31 - 1, 2**31 - 1, zlib.compress(b"\0" * 1_000)),
    "picture, packed twice": lambda: picture(32, 32, _TWICE, b"/Filter[/FlateDecode/FlateDecode]"),
    "picture within a drawing": lambda: one_page(stream(inline(30_000, 30_000))),
    "pictures within a drawing": lambda: one_page(stream(inline(7_000, 7_000) * 100)),
    "notes": lambda: one_page(
        stream(b" "),
        {
            5: b"<</Type/Annot/Subtype/Stamp/Rect[0 0 9 9]/AP<</N 6 0 R>>>>",
            6: stream(b"0 0 m 1 1 l S\n" * 1_000, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]"),
        },
        page=b"/MediaBox[0 0 612 792]/Annots[%s]" % (b"5 0 R " * 9_000),
    ),
    "JPEG": lambda: picture(32, 32, jpeg(start_of_frame(LARGE, LARGE), scan()), b"/Filter/DCTDecode"),
    "JPEG, packed": lambda: picture(
        32,
        32,
        zlib.compress(jpeg(segment(0xE0, bytes(9)), start_of_frame(LARGE, LARGE), scan())),
        b"/Filter[/FlateDecode/DCTDecode]",
    ),
    "JPEG of many scans": lambda: picture(
        32, 32, jpeg(start_of_frame(4_000, 4_000, 0xC2), scan() * 5_000), b"/Filter/DCTDecode"
    ),
    "JPEG behind a bomb": lambda: picture(32, 32, packed(100_000_000), b"/Filter[/FlateDecode/DCTDecode]"),
    "JPEG 2000": lambda: picture(32, 32, _jpx(60_000, 60_000), b"/Filter/JPXDecode"),
    "JBIG2": lambda: picture(32, 32, _jbig2(65_535, 65_535), b"/Filter/JBIG2Decode"),
}
