"""Fakes: real DOCX and PPTX files, made here."""

import io
from collections.abc import Callable
from typing import Any

import docx
import pptx
from docx.document import Document
from docx.enum.section import WD_SECTION
from docx.enum.text import WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from tests.fakes import pictures


def word(build: Callable[[Document], None]) -> bytes:
    """A DOCX that a function fills."""
    document = docx.Document()
    build(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def slides(build: Callable[[Any], None]) -> bytes:
    """A PPTX that a function fills."""
    presentation = pptx.Presentation()
    build(presentation)
    out = io.BytesIO()
    presentation.save(out)
    return out.getvalue()


def scene_file() -> io.BytesIO:
    """The scene as a PNG."""
    return io.BytesIO(pictures.of_kind("image/png"))


def full_word(document: Document) -> None:
    """Headings, looks, lists, a table with merged cells and another within, a picture, and pages."""
    document.add_heading("The report", 0)
    paragraph = document.add_paragraph("Some ")
    paragraph.add_run("bold ").bold = True
    paragraph.add_run("and ").bold = True
    paragraph.add_run("italic").italic = True
    paragraph.add_run(" words, 2 * 3 = 6.")
    document.add_heading("Lists", 2)
    document.add_paragraph("apples", style="List Bullet")
    document.add_paragraph("red ones", style="List Bullet 2")
    document.add_paragraph("first", style="List Number")
    document.add_paragraph("second", style="List Number")
    before = document.add_paragraph("Before the picture ")
    before.add_run().add_picture(scene_file(), width=Inches(1))
    before.add_run(" and behind it.")
    document.add_paragraph("The last of page one.").add_run().add_break(WD_BREAK.PAGE)
    table = document.add_table(3, 3)
    for index, text in enumerate(("Name", "Age", "Town", "Ada", "36", "London")):
        table.cell(index // 3, index % 3).text = text
    table.cell(2, 0).merge(table.cell(2, 1)).text = "wide | cell"
    inner = table.cell(2, 2).add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "in", "side"
    table.cell(0, 0).merge(table.cell(1, 0))
    document.add_section(WD_SECTION.NEW_PAGE)
    middle = document.add_paragraph("On page three")
    middle.add_run()._r.append(OxmlElement("w:lastRenderedPageBreak"))
    middle.add_run("and on page four.")
    forced = document.add_paragraph("Page five.")
    forced.paragraph_format.page_break_before = True


def element(name: str, text: str = "", **attributes: str) -> Any:
    """An element of WordprocessingML."""
    made = OxmlElement(f"w:{name}")
    if text:
        made.text = text
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    return made


def full_slides(presentation: Any) -> None:
    """A title, a list, a table with merged cells, a group, a picture, a chart, and notes."""
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "The *plan*"
    frame = slide.placeholders[1].text_frame
    frame.text = "first point"
    deeper = frame.add_paragraph()
    deeper.text, deeper.level = "a detail", 1
    slide.notes_slide.notes_text_frame.text = "Speak slowly.\nThen stop."
    second = presentation.slides.add_slide(presentation.slide_layouts[6])
    shapes = second.shapes
    low = shapes.add_textbox(Inches(1), Inches(5), Inches(2), Inches(0.5))
    low.text_frame.text = "at the bottom"
    right = shapes.add_textbox(Inches(4), Inches(0.5), Inches(2), Inches(0.5))
    run = right.text_frame.paragraphs[0].add_run()
    run.text, run.font.bold = "at the right", True
    run.hyperlink.address = "https://example.com/"
    group = shapes.add_group_shape()
    group.shapes.add_textbox(Inches(1), Inches(0.5), Inches(2), Inches(0.5)).text_frame.text = "at the left"
    table = shapes.add_table(2, 2, Inches(1), Inches(1.5), Inches(4), Inches(1)).table
    table.cell(0, 0).text, table.cell(1, 0).text, table.cell(1, 1).text = "Head", "a", "b"
    table.cell(0, 0).merge(table.cell(0, 1))
    picture = shapes.add_picture(scene_file(), Inches(1), Inches(3), Inches(1.5))
    picture._element._nvXxPr.cNvPr.set("descr", "four corners")
    data: Any = CategoryChartData()  # type: ignore[no-untyped-call]
    data.categories = ["2024", "2025"]
    data.add_series("Sales", (1.5, None))
    shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(5), Inches(5), Inches(3), Inches(2), data)
