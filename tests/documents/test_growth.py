"""Tests of documents that are small and would grow while they are read."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from ringmain_server.documents import open_document, page_markdown
from ringmain_server.documents.markdown import table
from ringmain_server.errors import MediaInvalid

from tests.fakes import office, papers
from tests.fakes.document_bombs import with_main
from tests.work import cpu, grows_in_proportion


def _boxes(depth: int) -> Any:
    """Paragraphs in boxes within boxes."""
    paragraph = office.element("p")
    for level in range(depth):
        drawing, box, run = office.element("drawing"), office.element("txbxContent"), office.element("r")
        text = office.element("r")
        text.append(office.element("t", f"level {level}"))
        paragraph.append(text)
        box.append(paragraph)
        drawing.append(box)
        run.append(drawing)
        paragraph = office.element("p")
        paragraph.append(run)
    return paragraph


def test_a_box_within_a_box_is_read_once() -> None:
    """Each paragraph comes once, so that the depth of the boxes does not multiply them."""

    def build(document: Any) -> None:
        document.element.body.insert(0, _boxes(40))

    data = office.word(build)
    text = page_markdown(open_document(data).page(1))
    assert [text.count(f"level {level}\n") for level in (1, 20, 38)] == [1, 1, 1]


def test_a_table_does_not_grow_by_one_long_row() -> None:
    """A table whose rows would all become as long as the longest is refused."""
    rows = [["x"] * 2_000, *([["x"]] * 2_000)]
    with pytest.raises(ValueError, match="a table of 2001 rows of 2000 cells"):
        table(rows)

    def build(document: Any) -> None:
        long = document.add_table(1, 2)
        for _ in range(1_200):
            long._tbl.append(office.element("tr"))
        row = office.element("tr")
        for _ in range(900):
            row.append(office.element("tc"))
        long._tbl.append(row)
        long.cell(0, 0).text = "x"

    with pytest.raises(MediaInvalid, match="whose page 1 is broken"):
        open_document(office.word(build)).page(1)


def test_a_chart_of_very_many_points_is_noted() -> None:
    """The points that a chart says it has are not looked for; the slide goes on."""
    data = papers.changed(
        office.slides(office.full_slides),
        lambda name, content: content.replace(b'<c:ptCount val="2"/>', b'<c:ptCount val="900000"/>'),
    )
    text = page_markdown(open_document(data).page(2))
    assert "*[a chart of more than 10000 points]*" in text
    assert "at the bottom" in text


_NAMES = " ".join(
    f'xmlns:{short}="http://schemas.openxmlformats.org/{name}/2006/main"'
    for short, name in (("a", "drawingml"), ("p", "presentationml"))
)
_FRAME = """<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="4" name="t"/><p:cNvGraphicFramePr/><p:nvPr/>
</p:nvGraphicFramePr><p:xfrm/><a:graphic>
<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/table">
<a:tbl><a:tblPr/><a:tblGrid><a:gridCol w="1"/></a:tblGrid>{}</a:tbl></a:graphicData>
</a:graphic></p:graphicFrame>"""
_TEXT = "<{0}:txBody><a:bodyPr/><a:p><a:r><a:t>x</a:t></a:r></a:p></{0}:txBody>"
_ROW = f'<a:tr h="1"><a:tc>{_TEXT.format("a")}<a:tcPr/></a:tc></a:tr>'
_PLACEHOLDER = f"""<p:sp><p:nvSpPr><p:cNvPr id="2" name="x"/><p:cNvSpPr/><p:nvPr>
<p:ph type="body" idx="1"/></p:nvPr></p:nvSpPr><p:spPr/>{_TEXT.format("p")}</p:sp>"""
_GROUP = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'


def _slide(shapes: str) -> bytes:
    """Slides whose first has these shapes."""
    content = f"<p:sld {_NAMES}><p:cSld><p:spTree>{_GROUP}{shapes}</p:spTree></p:cSld></p:sld>"
    return with_main(office.slides(office.full_slides), content.encode())


def test_a_table_of_a_slide_is_read_in_time_that_grows_with_it_alone() -> None:
    """Its rows are not counted anew for each of them."""

    def work(rows: int) -> Callable[[], object]:
        data = _slide(_FRAME.format(_ROW * rows))
        return lambda: page_markdown(open_document(data).page(1))

    assert str(work(200)()).count("| x |") == 200
    assert grows_in_proportion(work, 2_000)


def test_a_slide_of_thousands_of_placeholders_is_refused() -> None:
    """They are not looked for in the layout one by one: that is less work than to read a few hundred."""
    few, many = _slide(_PLACEHOLDER * 400), _slide(_PLACEHOLDER * 4_000)

    def refused() -> None:
        with pytest.raises(MediaInvalid, match="whose slide 1 is broken"):
            open_document(many).page(1)

    assert cpu(refused) < cpu(lambda: open_document(few).page(1), rounds=1)


@pytest.mark.parametrize(
    ("before", "repeated", "count"),
    [
        (b"<ol>", b"<li>x", 6_000),
        (b"", b"x<!-- a -->", 6_000),
        (b"", b"x<input>", 6_000),
        (b"", b"<img alt=a>", 6_000),
        (b"<table><thead>", b"<tr><td>x", 5_000),
        (b"<table>", b"<tbody><tr><td>x", 3_000),
    ],
    ids=["items", "comments", "inputs", "pictures", "rows", "bodies"],
)
def test_html_is_read_in_time_that_grows_with_it_alone(before: bytes, repeated: bytes, count: int) -> None:
    """Thousands of the same beside each other are not looked through for each of them."""
    assert grows_in_proportion(
        lambda size: partial(open_document, b"<html><body>" + before + repeated * size), count
    )


def test_lines_within_very_many_quotes_are_refused() -> None:
    """What would be written longer for each quote around it is not written at all."""
    with pytest.raises(MediaInvalid, match="with too many lines within nested quotes and lists"):
        open_document(b"<html><body>" + b"<blockquote>" * 90 + b"<pre>" + b"x\n" * 40_000)


def test_the_numbers_of_a_list() -> None:
    """Items are numbered from the list's start, and what an item has within is indented."""
    data = b"<html><body><ol start=9><li>a<li><li>b<ol><li>c</ol></ol>"
    assert page_markdown(open_document(data).page(1)) == "9. a\n11. b\n    1. c"
