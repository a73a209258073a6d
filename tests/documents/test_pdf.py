"""Tests of PDF: text in reading order, headings, lists, tables and pictures in place, bad files refused."""

import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pypdfium2
import pytest
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from ringmain_server.documents import (
    Document,
    DocumentLimits,
    PageContent,
    Picture,
    open_document,
    page_markdown,
)
from ringmain_server.documents.pdf_page import _text
from ringmain_server.errors import MediaInvalid

from tests.fakes import papers, pictures
from tests.fakes.papers import LEFT, TOP
from tests.fakes.pdf_bombs import one_page, stream
from tests.work import cpu, inflating

COLUMN = [
    "one two three four five six",
    "seven eight nine ten eleven",
    "twelve and thirteen follow it",
    "and so on until the very end.",
]


def only_page(draw: Callable[[Canvas], None], rotation: int = 0) -> PageContent:
    """What the only page of a PDF holds."""
    document = open_document(papers.pdf(draw, rotation=rotation))
    assert isinstance(document, Document)
    assert (document.mime_type, document.page_count) == ("application/pdf", 1)
    try:
        return document.page(1)
    finally:
        document.close()


def text(draw: Callable[[Canvas], None], rotation: int = 0) -> str:
    """A drawn page as Markdown."""
    return page_markdown(only_page(draw, rotation))


def test_headings_and_paragraphs() -> None:
    """Larger lines are headings by how much larger they are, near lines one paragraph, far ones another."""

    def draw(canvas: Canvas) -> None:
        papers.heading(canvas, "The Title", TOP)
        papers.lines(canvas, ["First line of it,", "second line of it."], y=TOP - 40)
        papers.heading(canvas, "A Section", TOP - 110, size=16)
        papers.lines(canvas, ["Another *starred* paragraph."], y=TOP - 140)
        papers.heading(canvas, "Bold words", TOP - 180, size=11)
        papers.lines(canvas, ["- not a list? It is.", "1. And a number."], y=TOP - 210)

    assert text(draw) == (
        "# The Title\n\nFirst line of it, second line of it.\n\n## A Section\n\n"
        "Another \\*starred\\* paragraph.\n\n#### Bold words\n\n- not a list? It is.\n1. And a number."
    )


def test_lists() -> None:
    """Bullets and numbers make lists, and a line that is indented goes on with its item."""

    def draw(canvas: Canvas) -> None:
        papers.lines(canvas, ["Things to do today:"], y=TOP)
        papers.lines(canvas, ["• buy apples"], y=TOP - 30)
        papers.lines(canvas, ["and pears too"], x=LEFT + 12, y=TOP - 44)
        papers.lines(canvas, ["• sell them", "2) count the money"], y=TOP - 58)

    assert text(draw) == (
        "Things to do today:\n\n- buy apples and pears too\n- sell them\n2. count the money"
    )


def test_two_columns_are_read_one_after_the_other() -> None:
    """The left column comes first, the right one next, what spans both stands where it stood."""

    def draw(canvas: Canvas) -> None:
        papers.heading(canvas, "A headline over both of the columns here", TOP, size=20)
        papers.lines(canvas, COLUMN, y=TOP - 40)
        papers.lines(canvas, [line.upper() for line in COLUMN], x=LEFT + 250, y=TOP - 43)
        papers.lines(canvas, ["A last line that goes over both columns from left to right, and more."], y=650)

    left = " ".join(COLUMN)
    markdown = text(draw)
    assert markdown.startswith("# A headline over both")
    places = [markdown.index(part) for part in ("A headline", left, left.upper(), "A last line")]
    assert places == sorted(places)


@pytest.mark.parametrize("ruled", [True, False])
def test_tables(ruled: bool) -> None:
    """Cells with rules around them, or in aligned columns, become a table between the texts around it."""
    rows = [
        ["Name", "Age", "Town"],
        ["Ada", "36", "London"],
        ["Alan", "41", "Kent | UK"],
        ["Grace", "85", "NY"],
    ]

    def draw(canvas: Canvas) -> None:
        papers.lines(canvas, ["Before the table there is a sentence with quite some words in it."])
        y = papers.grid(canvas, rows, TOP - 30, ruled=ruled)
        papers.lines(canvas, ["After the table there is another one, also with words in it."], y=y - 20)

    assert text(draw) == (
        "Before the table there is a sentence with quite some words in it.\n\n"
        "| Name | Age | Town |\n| --- | --- | --- |\n| Ada | 36 | London |\n"
        "| Alan | 41 | Kent \\| UK |\n| Grace | 85 | NY |\n\n"
        "After the table there is another one, also with words in it."
    )


def test_boxes_around_text_are_no_tables() -> None:
    """A frame around the page and another around a note leave the text as it is."""

    def draw(canvas: Canvas) -> None:
        canvas.rect(20, 20, 550, 800)
        canvas.rect(LEFT - 10, TOP - 40, 400, 60)
        papers.lines(canvas, ["A note in a box,", "of two lines."])

    assert text(draw) == "A note in a box, of two lines."


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_pictures_stand_in_place(kind: str) -> None:
    """A picture stands between the text above and the text below it, as a file that shows it."""

    def draw(canvas: Canvas) -> None:
        papers.lines(canvas, ["Above the picture."])
        papers.picture(canvas, LEFT, TOP - 120, kind=kind)
        papers.lines(canvas, ["Below the picture."], y=TOP - 150)

    page = only_page(draw)
    before, found, after = page.blocks
    assert isinstance(found, Picture)
    assert page.pictures == [found]
    assert (found.width, found.height) == pictures.SIZE
    assert pictures.shows_scene(pictures.opened(found.data))
    assert page_markdown(page, ["A scene."]) == "Above the picture.\n\nA scene.\n\nBelow the picture."
    assert (before, after) == (page.blocks[0], page.blocks[2])


def test_small_pictures_are_decoration() -> None:
    """A picture of a few pixels is left out, and so is one that would take too much memory."""

    def draw(canvas: Canvas) -> None:
        papers.picture(canvas, LEFT, TOP)

    data = papers.pdf(draw)
    assert open_document(data, limits=DocumentLimits(min_picture_side=200)).page(1).blocks == ()
    assert open_document(data, limits=DocumentLimits(max_pictures=0)).page(1).blocks == ()


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_turned_pages_are_read_as_they_are_seen(rotation: int) -> None:
    """A page that a viewer turns is read upright."""

    def draw(canvas: Canvas) -> None:
        canvas.translate(300, 400)
        canvas.rotate(rotation)
        papers.lines(canvas, ["Upper line of the page.", "Lower line of the page."], x=-200, y=100)

    assert text(draw, rotation) == "Upper line of the page. Lower line of the page."


def test_a_form_within_a_page() -> None:
    """A table and a picture within a form of their own stand where the form is drawn."""

    def draw(canvas: Canvas) -> None:
        canvas.beginForm("inner")
        canvas.setFont("Helvetica", 11)
        papers.grid(canvas, [["a", "b"], ["c", "d"]], 200)
        canvas.endForm()
        papers.lines(canvas, ["Above the form."])
        canvas.translate(0, 500)
        canvas.doForm("inner")

    assert text(draw) == "Above the form.\n\n| a | b |\n| --- | --- |\n| c | d |"


def test_words_parted_at_a_lines_end() -> None:
    """A hyphen that parts a word at a line's end goes, and the word is whole."""

    def draw(canvas: Canvas) -> None:
        papers.lines(canvas, ["This is a long exam-", "ple of parted words."])

    assert text(draw) == "This is a long example of parted words."


def test_an_empty_page() -> None:
    """A page without anything has no blocks, and is no failure."""
    assert only_page(lambda canvas: None).blocks == ()


def test_a_page_as_a_picture() -> None:
    """A page is drawn upright at the wanted resolution, no larger than allowed."""

    def draw(canvas: Canvas) -> None:
        canvas.setFillColorRGB(1, 0, 0)
        canvas.rect(0, 421, 298, 421, stroke=0, fill=1)

    data = papers.pdf(draw)
    drawn = open_document(data).page_image(1)
    image = pictures.opened(drawn.data).convert("RGB")
    assert (drawn.width, drawn.height) == image.size == (1241, 1754)
    assert image.getpixel((100, 100)) == pytest.approx((254, 0, 0), abs=3)
    assert image.getpixel((1100, 1600)) == (255, 255, 255)
    small = open_document(data, limits=DocumentLimits(max_render_side=200)).page_image(1)
    assert max(small.width, small.height) == 200


_PAINT = b"0 0 612 792 re f "
_BLENDED = b"/ExtGState<</G<</BM/Luminosity>>>>/Shading<</S<</ShadingType 3/ColorSpace/DeviceGray"
_BLENDED += b"/Coords[9 9 0 9 9 9]/Function<</FunctionType 2/Domain[0 1]/N 1>>/Extend[true true]>>>>"
_FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<<" + _BLENDED + b">>"
_NOTE = b"<</Type/Annot/Subtype/Stamp/Rect[0 0 612 792]/AP<</N 6 0 R>>>>"


@pytest.mark.parametrize(
    ("content", "form", "more"),
    [
        (_PAINT * 5_000, b"", b""),
        (b"/G gs " + _PAINT * 500, b"", b""),
        (b"/S sh " * 500, b"", b""),
        (b"/X Do", b"/S sh " * 500, b""),
        (b"/X Do " * 100, _PAINT * 50, b""),
        (b" ", b"/G gs " + _PAINT * 500, b"/Annots[5 0 R]"),
    ],
    ids=["fills", "blended", "shadings", "shadings in a form", "forms", "annotation"],
)
def test_a_page_painted_over_and_over_is_not_drawn(content: bytes, form: bytes, more: bytes) -> None:
    """However few bytes ask for it, and wherever they stand; its text is still read."""
    objects = {5: _NOTE, 6: stream(form, _FORM)}
    page, resources = b"/MediaBox[0 0 612 792]" + more, _BLENDED + b"/XObject<</X 6 0 R>>"
    document = open_document(one_page(stream(content), objects, page=page, resources=resources))

    def refused() -> None:
        with pytest.raises(MediaInvalid, match="painted over too often"):
            document.page_image(1)

    assert cpu(refused) < inflating()
    assert not document.page(1).blocks
    document.close()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (papers.encrypted_pdf(), "is application/pdf, encrypted; allowed: a document without a password"),
        (papers.text_pdf(3)[:700], "is application/pdf, broken or cut short"),
        (b"%PDF-1.7\n", "is application/pdf, broken or cut short"),
        (b"", r"is nothing \(0 bytes\), not a document"),
        (b"just text", "is plain text, which is not read here; allowed: PDF, DOCX, PPTX, HTML or an image"),
        (papers.text_pdf(3), "is application/pdf, of 3 pages; allowed: at most 2 pages"),
    ],
)
def test_what_is_refused(data: bytes, words: str) -> None:
    """Encrypted, broken, empty, unknown and too long files are refused in words."""
    with pytest.raises(MediaInvalid, match=words):
        open_document(data, limits=DocumentLimits(max_pages=2))


def test_a_file_of_too_many_bytes() -> None:
    """A file beyond the bytes allowed is refused before it is opened."""
    with pytest.raises(MediaInvalid, match=r"of .* KiB; allowed: at most 100 bytes"):
        open_document(papers.text_pdf(1), limits=DocumentLimits(max_bytes=100))


def test_pages_that_do_not_exist() -> None:
    """Only the pages from 1 to the last can be asked for."""
    document = open_document(papers.text_pdf(2))
    for number in (0, 3):
        with pytest.raises(IndexError, match="the document has 2"):
            document.page(number)
    document.close()
    document.close()


def test_a_broken_page_fails_alone() -> None:
    """A page whose object is gone raises for itself, and its neighbours are read."""
    data = papers.text_pdf(3)
    document = open_document(papers.with_broken_page(data))
    assert document.page_count == 3
    with pytest.raises(MediaInvalid, match=r"whose page 1 is broken"):
        document.page(1)
    with pytest.raises(MediaInvalid, match=r"whose page 1 is broken"):
        document.page_image(1)
    assert [page_markdown(document.page(number))[:8] for number in (2, 3)] == ["# Page 2", "# Page 3"]


def test_a_spooled_file() -> None:
    """A file on disk is read as its bytes are."""
    data = papers.text_pdf(2)
    document = open_document(io.BytesIO(data))
    assert document.page(2) == open_document(data).page(2)


def test_a_file_that_is_closed_under_its_reader() -> None:
    """As when a caller leaves while a thread still reads: the page is broken, and nothing is printed."""
    file = io.BytesIO(papers.text_pdf(20))
    document = open_document(file)
    file.close()
    with pytest.raises(MediaInvalid, match="whose page 20 is broken"):
        document.page(20)
    document.close()


def test_pages_in_parallel() -> None:
    """Several threads may read pages of several documents at once, and each gets its own."""
    document, other = open_document(papers.text_pdf(20)), open_document(papers.text_pdf(20))
    gate = threading.Barrier(4)

    def read(start: int) -> list[str]:
        gate.wait(10)
        source = document if start % 2 else other
        return [page_markdown(source.page(number)) for number in range(start, 21, 4)]

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(read, range(1, 5)))
    for start, pages in zip(range(1, 5), found, strict=True):
        for number, markdown in zip(range(start, 21, 4), pages, strict=True):
            assert markdown.startswith(f"# Page {number} of many")
    assert all(len(one) == len(other) for one, other in pairwise(found))


def test_signs_beyond_the_first_plane() -> None:
    """Signs that UTF-16 writes as two units are whole, and half of one is a replacement."""
    assert _text("\ud83d\ude00") == "\U0001f600"
    assert _text("a\ud83d") == "a\ufffd"


def test_curves_and_hidden_paths_are_no_rules() -> None:
    """Circles, slanted lines and paths that are not drawn make no table."""

    def draw(canvas: Canvas) -> None:
        for at in range(3):
            canvas.circle(200 + 40 * at, 600, 30)
            canvas.line(100, 500 + 10 * at, 300, 700)
            path = canvas.beginPath()
            path.rect(LEFT - 5, TOP - 20 * at - 5, 300, 20)
            path.rect(LEFT - 5, TOP - 20 * at - 5, 150, 20)
            canvas.drawPath(path, stroke=0, fill=0)
        papers.lines(canvas, ["Some words", "and others"])

    assert text(draw) == "Some words and others"


def test_a_large_picture_is_written_as_jpeg() -> None:
    """A picture of many pixels that is not a JPEG within becomes one: a PNG would be slow and large."""

    def draw(canvas: Canvas) -> None:
        data = pictures.saved(pictures.scene((900, 600)), "PNG")
        canvas.drawImage(ImageReader(io.BytesIO(data)), LEFT, 400, 300, 200)

    (found,) = only_page(draw).pictures
    assert (found.mime_type, found.width) == ("image/jpeg", 900)
    assert pictures.shows_scene(pictures.opened(found.data))


def test_a_pdf_without_a_page() -> None:
    """A PDF of no pages is refused."""
    empty = pypdfium2.PdfDocument.new()
    out = io.BytesIO()
    empty.save(out)
    empty.close()
    with pytest.raises(MediaInvalid, match=r"without a page|broken"):
        open_document(out.getvalue())
