"""Media, structure, pure: decodes the filters of PDF's streams in pieces (ISO 32000-1, section 7.4).

Each filter takes an iterator of pieces and returns another; only what the next piece needs is kept between
them. Where a stream is broken, its pieces end: a reader takes what came before, and so does the measurement.
"""

import binascii
import re
import struct
import zlib
from collections.abc import Callable, Iterator

_STEP = 256 * 1024
_SPACE = b" \t\r\n\x0c\x00"
_LONGEST = 4096
"""The most codes of LZW."""

Pieces = Iterator[bytes]


def undone(pieces: Pieces, filters: list[bytes]) -> Pieces:
    """Decodes the pieces of a stream as far as its filters are known here; a picture's own coding stays."""
    for name in filters:
        if name not in _FILTERS:
            break
        pieces = _FILTERS[name](pieces)
    return pieces


def _flate(pieces: Pieces) -> Pieces:
    machine = zlib.decompressobj()
    try:
        for piece in pieces:
            rest = piece
            while rest:
                yield machine.decompress(rest, _STEP)
                if machine.eof:
                    return
                # Never more than a step at once: a bomb is noticed after its first pieces.
                rest = machine.unconsumed_tail
    except zlib.error:
        return


def _hexadecimal(pieces: Pieces) -> Pieces:
    half = b""
    for piece in pieces:
        digits = half + piece.partition(b">")[0].translate(None, _SPACE)
        half = digits[len(digits) // 2 * 2 :]
        try:
            yield binascii.unhexlify(digits[: len(digits) // 2 * 2])
        except binascii.Error:
            return
        if b">" in piece:
            return


def _base85(pieces: Pieces) -> Pieces:
    rest = b""
    for piece in pieces:
        text = rest + piece.partition(b"~")[0].translate(None, _SPACE).replace(b"z", b"!!!!!")
        ends = b"~" in piece
        if ends and len(text) % 5:
            text += b"u" * (5 - len(text) % 5)
        whole = len(text) // 5 * 5
        yield _groups(text[:whole])
        rest = text[whole:]
        if ends:
            return


def _groups(text: bytes) -> bytes:
    """Decodes groups of five digits of base 85 to four bytes each, all at once, as one large number."""
    # Each group gets eight bytes of the number, so that no group carries into the next.
    total = 0
    for place in range(5):
        wide = bytearray(len(text) // 5 * 8)
        wide[::8] = bytes(text[place::5]).translate(_DIGITS)
        total = total * 85 + int.from_bytes(wide, "little")
    found = total.to_bytes(len(text) // 5 * 8 + 1, "little")
    parts = bytearray(len(text) // 5 * 4)
    for place in range(4):
        parts[3 - place :: 4] = found[place : len(text) // 5 * 8 : 8]
    return bytes(parts)


_DIGITS = bytes(min(max(value - 33, 0), 84) for value in range(256))


def _runs(pieces: Pieces) -> Pieces:
    data = b""
    for piece in pieces:
        data += piece
        out, at = bytearray(), 0
        while at + 129 <= len(data) or (len(piece) < _STEP and at + 1 < len(data)):
            length = data[at]
            if length == 128:
                yield bytes(out)
                return
            if length < 128:
                out += data[at + 1 : at + 2 + length]
                at += 2 + length
            else:
                out += data[at + 1 : at + 2] * (257 - length)
                at += 2
            if len(out) > _STEP:
                yield bytes(out)
                out.clear()
        data = data[at:]
        yield bytes(out)


def _lzw(pieces: Pieces) -> Pieces:
    """Decodes LZW whose code length grows one code early, as is usual in PDF."""
    table = [bytes([value]) for value in range(256)] + [b"", b""]
    before, width, bits, count = b"", 9, 0, 0
    for piece in pieces:
        out: list[bytes] = []
        size = 0
        for byte in piece:
            bits, count = bits << 8 | byte, count + 8
            if count < width:
                continue
            count -= width
            code, bits = bits >> count, bits & ((1 << count) - 1)
            if code == 256:
                del table[258:]
                before, width = b"", 9
                continue
            if code == 257 or code > len(table) or (code == len(table) and not before):
                yield b"".join(out)
                return
            # A code may name the entry that is just being made: the last one plus its own first byte.
            entry = table[code] if code < len(table) else before + before[:1]
            out.append(entry)
            size += len(entry)
            if before and len(table) < _LONGEST:
                table.append(before + entry[:1])
                width = min(max((len(table) + 1).bit_length(), 9), 12)
            before = entry
            if size > _STEP:
                yield b"".join(out)
                out, size = [], 0
        yield b"".join(out)


_FILTERS: dict[bytes, Callable[[Pieces], Pieces]] = {
    b"FlateDecode": _flate,
    b"Fl": _flate,
    b"LZWDecode": _lzw,
    b"LZW": _lzw,
    b"ASCII85Decode": _base85,
    b"A85": _base85,
    b"ASCIIHexDecode": _hexadecimal,
    b"AHx": _hexadecimal,
    b"RunLengthDecode": _runs,
    b"RL": _runs,
}
GROWING = frozenset({b"FlateDecode", b"Fl", b"LZWDecode", b"LZW", b"RunLengthDecode", b"RL"})
"""Filters whose output may be much larger than their input."""
NAMES = re.compile(
    rb"/(FlateDecode|Fl|LZWDecode|LZW|ASCII85Decode|A85|ASCIIHexDecode|AHx|RunLengthDecode|RL|DCTDecode|DCT"
    rb"|JPXDecode|JBIG2Decode|CCITTFaxDecode|CCF)(?![A-Za-z0-9])"
)
JPEG = frozenset({b"DCTDecode", b"DCT"})


def jpx_size(data: bytes) -> tuple[int, int] | None:
    """Reads the size in the header of a JPEG 2000 (ISO 15444-1, section A.5.1); None without one."""
    at = data.find(b"\xff\x4f\xff\x51")
    if at < 0 or at + 24 > len(data):
        return None
    right, bottom, left, top = struct.unpack_from(">IIII", data, at + 8)
    return max(right - left, 0), max(bottom - top, 0)


def jbig2_size(data: bytes) -> tuple[int, int] | None:
    """Reads the size of the page of a JBIG2 stream (ITU-T T.88, section 7.4.8); None without one."""
    at = 0
    for _ in range(16):
        if at + 11 > len(data):
            return None
        flags, referred = data[at + 4], data[at + 5] >> 5
        wide = 4 if flags & 0x40 else 1
        if referred == 7:
            return None
        number = int.from_bytes(data[at : at + 4], "big")
        head = 6 + referred * (1 if number <= 256 else 2 if number <= 65_536 else 4) + wide
        (length,) = struct.unpack_from(">I", data.ljust(at + head + 4, b"\0"), at + head)
        at += head + 4
        if flags & 63 == 48 and at + 8 <= len(data):
            width, height = struct.unpack_from(">II", data, at)
            return width, 0 if height == 0xFFFFFFFF else height
        at += length
    return None
