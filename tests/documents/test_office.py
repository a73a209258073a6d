"""Tests of DOCX and PPTX: everything in its order, pages apart, and bombs refused before they are parsed."""

import io
import struct
import tracemalloc
import zipfile
from typing import Any

import pytest
from docx.document import Document as WordDocument
from ringmain_server.documents import DocumentLimits, Picture, Text, open_document, page_markdown
from ringmain_server.errors import MediaInvalid
from ringmain_server.media.detect import DOCX, PPTX

from tests.fakes import office, papers, pictures

EMPTY_WORD = office.word(lambda document: None)
ONE_SLIDE = office.slides(lambda show: show.slides.add_slide(show.slide_layouts[6]))


def test_a_word_file() -> None:
    """Headings, looks, lists, pictures and tables come in their order, page by page."""
    document = open_document(office.word(office.full_word))
    assert (document.mime_type, document.page_count) == (DOCX, 5)
    first = document.page(1)
    assert page_markdown(first, ["FOUR CORNERS"]) == (
        "# The report\n\nSome **bold and** *italic* words, 2 \\* 3 = 6.\n\n## Lists\n\n"
        "- apples\n- red ones\n1. first\n2. second\n\n"
        "Before the picture\n\nFOUR CORNERS\n\nand behind it.\n\nThe last of page one."
    )
    (picture,) = first.pictures
    assert pictures.shows_scene(pictures.opened(picture.data))
    assert page_markdown(document.page(2)) == (
        "| Name | Age | Town |\n| --- | --- | --- |\n|  | 36 | London |\n| wide \\| cell |  | in / side |"
    ).replace("| Name |", "| Name<br>Ada |")
    assert [page_markdown(document.page(number)) for number in (3, 4, 5)] == [
        "On page three",
        "and on page four.",
        "Page five.",
    ]
    document.close()


def test_what_is_changed_linked_or_boxed() -> None:
    """Inserted text counts, deleted text does not; links keep their address; controls and boxes are read."""

    def build(document: WordDocument) -> None:
        paragraph = document.add_paragraph("Kept")
        for name, tag in (("ins", "t"), ("del", "delText")):
            change, run = office.element(name), office.element("r")
            run.append(office.element(tag, f" {name}erted"))
            change.append(run)
            paragraph._p.append(change)
        link = office.element("hyperlink")
        relation = document.part.relate_to(
            "https://example.com/",
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink",
            is_external=True,
        )
        link.set("{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id", relation)
        run = office.element("r")
        for piece in (office.element("tab"), office.element("t", "a link"), office.element("br")):
            run.append(piece)
        link.append(run)
        paragraph._p.append(link)
        control, content = office.element("sdt"), office.element("sdtContent")
        inner = document.add_paragraph("# in a control")
        content.append(inner._p)
        control.append(content)
        document.element.body.insert(1, control)
        drawing, box = office.element("drawing"), office.element("txbxContent")
        boxed = document.add_paragraph("in a box")
        box.append(boxed._p)
        drawing.append(box)
        paragraph.add_run()._r.append(drawing)

    assert page_markdown(open_document(office.word(build)).page(1)) == (
        "Kept inserted[ a link](https://example.com/)\n\nin a box\n\n\\# in a control"
    )


def test_headings_keep_no_looks() -> None:
    """A bold heading is a heading, and an empty paragraph is nothing."""

    def build(document: WordDocument) -> None:
        document.add_heading("", 1).add_run("Strong").bold = True
        document.add_paragraph("  ")
        document.add_paragraph("not bold").runs[0].bold = False

    assert page_markdown(open_document(office.word(build)).page(1)) == "# Strong\n\nnot bold"


def test_a_page_whose_picture_is_gone() -> None:
    """A picture that is no image is noted in words, the text around it is read."""

    def build(document: WordDocument) -> None:
        document.add_paragraph("Text ").add_run().add_picture(office.scene_file())

    data = papers.changed(
        office.word(build), lambda name, content: b"\x01\x00\x00\x00EMF" if "media/" in name else content
    )
    assert page_markdown(open_document(data).page(1)) == "Text\n\n*[a picture that cannot be shown]*"


def test_slides() -> None:
    """Shapes are read from top to bottom and left to right, groups opened, titles first, notes last."""
    document = open_document(office.slides(office.full_slides))
    assert (document.mime_type, document.page_count) == (PPTX, 2)
    assert page_markdown(document.page(1)) == (
        "# The \\*plan\\*\n\n- first point\n    - a detail\n\n> **Notes:**\n> Speak slowly.\n> Then stop."
    )
    second = document.page(2)
    assert page_markdown(second) == (
        "at the left\n\n[**at the right**](https://example.com/)\n\n"
        "| Head |  |\n| --- | --- |\n| a | b |\n\n*[four corners]*\n\n"
        "at the bottom\n\n|  | Sales |\n| --- | --- |\n| 2024 | 1.5 |\n| 2025 |  |"
    )
    assert [type(block) for block in second.blocks] == [Text, Picture, Text]
    document.close()


@pytest.mark.parametrize("data", [EMPTY_WORD, ONE_SLIDE])
def test_pages_cannot_be_drawn(data: bytes) -> None:
    """A page of an Office file as a picture is refused with what can be shown so."""
    document = open_document(data)
    assert document.page(1).blocks == ()
    with pytest.raises(MediaInvalid, match=r"allowed: PDF or images with PAGE_AS_IMAGE"):
        document.page_image(1)
    for read in (document.page, document.page_image):
        with pytest.raises(IndexError):
            read(2)


def with_entry(data: bytes, name: str, content: bytes) -> bytes:
    """An archive with one more file."""
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, content)
    return out.getvalue()


def encrypted(data: bytes) -> bytes:
    """An archive whose files are said to be encrypted."""
    changed = bytearray(data)
    at = 0
    while (at := changed.find(b"PK\x01\x02", at)) >= 0:
        changed[at + 8] |= 1
        at += 4
    return bytes(changed)


def many_entries(data: bytes) -> bytes:
    """An archive that says it has very many files."""
    at = data.rindex(b"PK\x05\x06")
    return data[: at + 10] + struct.pack("<H", 65_000) + data[at + 12 :]


BILLION = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><w>&b;</w>'
DEEP = b"<a>" * 100_000 + b"</a>" * 100_000


def body(data: bytes, content: bytes) -> bytes:
    """A DOCX whose main part is this."""
    return papers.changed(data, lambda name, old: content if name == "word/document.xml" else old)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (with_entry(EMPTY_WORD, "word/bomb.bin", b"\0" * 40_000_000), "packed more than 200 times smaller"),
        (with_entry(EMPTY_WORD, "word/big.bin", pictures.photo((2000, 1000)).tobytes()), "MiB unpacked"),
        (with_entry(EMPTY_WORD, "word/big.xml", pictures.photo((900, 400)).tobytes()), "with an XML file of"),
        (many_entries(EMPTY_WORD), "with very many files within; allowed: at most 500 files"),
        (papers.archive({f"word/document{n}": b"" for n in range(501)}), "with"),
        (body(EMPTY_WORD, BILLION), "with declarations of entities within"),
        (body(EMPTY_WORD, BILLION.decode().encode("utf-16")), "with declarations of entities within"),
        (body(EMPTY_WORD, DEEP), "broken or cut short"),
        (body(EMPTY_WORD, b"<oops"), "broken or cut short"),
        (EMPTY_WORD[: len(EMPTY_WORD) // 2], "broken or cut short|application/zip"),
        (encrypted(EMPTY_WORD), "encrypted; allowed: a document without a password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "an encrypted or older Office file"),
        (papers.archive({"a.txt": b"a"}), "application/zip, which is not read here"),
        (office.slides(lambda show: None), "without a slide"),
        (ONE_SLIDE[:9000] + ONE_SLIDE[12_000:], "broken or cut short"),
        (papers.changed(ONE_SLIDE, lambda n, c: None if n == "[Content_Types].xml" else c), "broken"),
        (papers.archive({"word/document.xml": b"<a/>"}), "broken or cut short"),
    ],
)
def test_what_is_refused(data: bytes, words: str) -> None:
    """Bombs, encrypted, broken and empty files are refused in words, without their size in memory."""
    limits = DocumentLimits(
        max_unpacked_bytes=5_000_000 if b"big.bin" in data else 100_000_000,
        max_xml_bytes=1_000_000,
        max_entries=500,
    )
    tracemalloc.start()
    with pytest.raises(MediaInvalid, match=words):
        open_document(data, limits=limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize("build", [office.word, office.slides])
def test_too_many_pages(build: Any) -> None:
    """A document of more pages than allowed is refused with both numbers."""
    data = build(office.full_word if build is office.word else office.full_slides)
    with pytest.raises(MediaInvalid, match=r"of \d (pages|slides); allowed: at most 1 "):
        open_document(data, limits=DocumentLimits(max_pages=1))


def test_a_spooled_word_file() -> None:
    """A file on disk is read as its bytes are."""
    data = office.word(office.full_word)
    assert open_document(io.BytesIO(data)).page(1) == open_document(data).page(1)
