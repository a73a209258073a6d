"""Fakes: documents that are small files and would take a reader's memory or time, for every type read.

`DOCUMENT_BOMBS` has them by media type and name. PDFs have a module of their own, `pdf_bombs.py`.
"""

import io
import struct
import zipfile
from collections.abc import Callable
from functools import cache, partial

from ringmain_server.media.detect import DOCX, PPTX

from tests.fakes import office, papers, pictures
from tests.fakes.image_bombs import Bombs
from tests.fakes.pdf_bombs import PDF_BOMBS

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


@cache
def good_word() -> bytes:
    """A DOCX."""
    return office.word(office.full_word)


@cache
def good_slides() -> bytes:
    """A PPTX."""
    return office.slides(office.full_slides)


def with_file(data: bytes, name: str, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive with one more file."""
    return with_files(data, {name: content}, method)


def with_files(data: bytes, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive with more files."""
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a", method, compresslevel=9) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


def with_main(data: bytes, content: bytes) -> bytes:
    """A document whose main part is this."""
    mains = ("word/document.xml", "ppt/slides/slide1.xml")
    return papers.changed(data, lambda name, old: content if name in mains else old)


def lying_size(data: bytes, name: str, size: int) -> bytes:
    """An archive whose directory and whose member say that this file has so many bytes."""
    changed, at = bytearray(data), 0
    for signature, place, length in ((b"PK\x03\x04", 22, 30), (b"PK\x01\x02", 24, 46)):
        at = -1
        while (at := data.find(signature, at + 1)) >= 0:
            if data[at + length : at + length + len(name)] == name.encode():
                changed[at + place : at + place + 4] = struct.pack("<I", size)
    return bytes(changed)


def _end(data: bytes) -> int:
    return data.rindex(b"PK\x05\x06")


def lying_count(data: bytes, count: int) -> bytes:
    """An archive that says it has so many files."""
    at = _end(data)
    return data[: at + 8] + struct.pack("<HH", count, count) + data[at + 12 :]


def large_record(data: bytes, entries: int) -> bytes:
    """An archive whose record for large ones leads to a directory of very many entries."""
    at = _end(data)
    (place,) = struct.unpack_from("<I", data, at + 16)
    one = data[place : place + 46 + struct.unpack_from("<H", data, place + 28)[0]]
    directory = one * entries
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 5, 5, len(directory), place)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, place + len(directory), 1)
    return data[:place] + directory + record + locator + data[at:]


def many_entries(data: bytes, entries: int) -> bytes:
    """An archive whose directory has far more entries than it says."""
    at = _end(data)
    _, place = struct.unpack_from("<II", data, at + 12)
    one = data[place : place + 46 + struct.unpack_from("<H", data, place + 28)[0]]
    directory = one[:28] + struct.pack("<HHH", 1, 0, 0) + one[34:47]
    directory *= entries
    return data[:place] + directory + data[at : at + 12] + struct.pack("<II", len(directory), place) + b"\0\0"


def overlapping(data: bytes, copies: int) -> bytes:
    """An archive with many names for the same packed bytes."""
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/media/a.bin", pictures.photo((500, 300)).tobytes())
        info = packed.getinfo("word/media/a.bin")
        for number in range(copies):
            again = zipfile.ZipInfo(f"word/media/{number}.bin")
            for field in ("header_offset", "file_size", "compress_size", "CRC", "compress_type"):
                setattr(again, field, getattr(info, field))
            packed.filelist.append(again)
        packed.comment = b"x"  # has the directory written anew
    return out.getvalue()


def _xml(body: bytes) -> bytes:
    return b'<?xml version="1.0"?><w:document %s><w:body>%s</w:body></w:document>' % (_W.encode(), body)


_BILLION = b'<?xml version="1.0"?>%s<!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><w>&b;</w>'


def office_bombs(good: Callable[[], bytes]) -> Bombs:
    """What both formats share."""
    blank = b"\0" * 1_000_000
    return {
        "member": lambda: with_file(good(), "word/media/a.bin", blank * 10),
        "XML member": lambda: with_file(good(), "word/a.xml", b"<a>" + b" " * 10_000_000 + b"</a>"),
        "members together": lambda: with_files(good(), {f"word/{at}.bin": blank for at in range(60)}),
        "members": lambda: with_files(good(), {f"word/{at}.bin": b"" for at in range(10_100)}),
        "member larger than it says": lambda: lying_size(
            with_file(good(), "word/media/a.bin", blank * 10), "word/media/a.bin", 1_000
        ),
        "member packed by bzip2": lambda: lying_size(
            with_file(good(), "word/media/a.bin", blank * 10, zipfile.ZIP_BZIP2), "word/media/a.bin", 1_000
        ),
        "member packed by LZMA": lambda: lying_size(
            with_file(good(), "word/media/a.bin", blank * 10, zipfile.ZIP_LZMA), "word/media/a.bin", 1_000
        ),
        "entries, announced": lambda: lying_count(good(), 65_000),
        "entries, not announced": lambda: many_entries(good(), 50_000),
        "entries of a large archive": lambda: large_record(good(), 20_000),
        "overlapping members": lambda: overlapping(good(), 500),
        "elements": lambda: with_main(good(), _xml(b"<w:p/>" * 2_000_000)),
        "nesting": lambda: with_main(good(), _xml(b"<w:p>" * 200_000)),
        "entities": lambda: with_main(good(), _BILLION % b""),
        "entities behind a comment": lambda: with_main(good(), _BILLION % (b"<!--" + b"x" * 20_000 + b"-->")),
        "entities in UTF-16": lambda: with_main(good(), (_BILLION % b"").decode().encode("utf-16")),
        "entities in another part": lambda: with_file(good(), "docProps/a.xml", _BILLION % b""),
    }


def _points(count: int) -> bytes:
    """A chart that says it has so many points."""

    def changed(name: str, content: bytes) -> bytes:
        if "charts/chart" not in name or not name.endswith(".xml"):
            return content
        return content.replace(b'<c:ptCount val="2"/>', b'<c:ptCount val="%d"/>' % count)

    return papers.changed(good_slides(), changed)


DOCX_BOMBS: Bombs = office_bombs(good_word)
PPTX_BOMBS: Bombs = {**office_bombs(good_slides), "points of a chart": partial(_points, 1_000_000_000)}

# HTML


def html(body: bytes) -> bytes:
    """A page."""
    return b"<!DOCTYPE html><html><body>" + body + b"</body></html>"


HTML_BOMBS: Bombs = {
    "nesting": lambda: html(b"<div>" * 1_500),
    "deep nesting": lambda: html(b"<div>" * 300_000),
    "closed nesting": lambda: html(b"<span>" * 5_000 + b"x" + b"</span>" * 5_000),
    "unclosed looks": lambda: html(b"<b>x" * 100_000),
    "nested lists": lambda: html(b"<ul><li>" * 5_000),
    "nested tables": lambda: html(b"<table><tr><td>" * 5_000),
    "nesting behind text": lambda: html(b"<p>text</p>" * 5_000 + b"<div>" * 5_000),
    "nesting with attributes": lambda: html(b'<div class="a>b">' * 50_000),
    "elements": lambda: html(b"<p>" * 1_000_000),
    "elements and texts": lambda: html(b"a<br>" * 500_000),
    "closed elements": lambda: html(b"<i></i>" * 500_000),
    "cells": lambda: html(b"<table>" + b"<tr>" + b"<td>1" * 1_000_000),
    "ends": lambda: html(b"</i>" * 1_000_000),
    "comments": lambda: html(b"<!---->" * 1_000_000),
    "columns": lambda: html(b"<table><tr>" + b"<td colspan=1000>" * 20_000),
    "columns of one cell": lambda: html(b'<table><tr><td colspan="1000000000">x</table>'),
    "rows of one cell": lambda: html(b"<table><tr><td rowspan='1000000000'>x</table>"),
    "elements, fewer": lambda: html(b"<p>" * 390_000),
    "deep nesting late": lambda: html(b"<p>x</p>" * 130_000 + b"<b>" * 9_000),
    "nesting late, closed": lambda: html(b"<p>x</p>" * 130_000 + b"<i>" * 3_000 + b"</i>" * 3_000),
    "nesting with other ends": lambda: html(b"<b></i>" * 5_000),
    "nesting in capitals": lambda: html(b"<DIV>" * 9_000),
    "nesting behind an empty comment": lambda: html(b"<!-->" + b"<b>" * 9_000 + b"-->"),
    "nesting within a title": lambda: html(b"<title>" + b"<b>" * 9_000),
    "attributes of many elements": lambda: html(
        (b"<p " + b" ".join(b"a%d=1" % number for number in range(400)) + b">") * 4_000
    ),
    "attributes": lambda: html(b"<p " + b" ".join(b"a%d=1" % number for number in range(100_000)) + b">"),
    "attributes without values": lambda: html(b"<p " + b" ".join(b"a%d" % n for n in range(100_000)) + b">"),
    "attributes with quotes": lambda: html(b"<p " + b"".join(b'a%d=">"' % n for n in range(100_000)) + b">"),
}

DOCUMENT_BOMBS = {"application/pdf": PDF_BOMBS, DOCX: DOCX_BOMBS, PPTX: PPTX_BOMBS, "text/html": HTML_BOMBS}
GOOD: dict[str, Callable[[], bytes]] = {
    "application/pdf": lambda: papers.text_pdf(2, picture_every=2),
    DOCX: good_word,
    PPTX: good_slides,
    "text/html": lambda: html(b"<h1>A page</h1><table><tr><td colspan=2>x</td></tr></table>"),
}
