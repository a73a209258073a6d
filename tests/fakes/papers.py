"""Fakes: real documents of every kind, made here."""

import io
import zipfile
from collections.abc import Callable, Sequence

from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.fakes import pictures

LEFT, TOP = 60.0, 780.0
SENTENCE = "The ring main feeds every consumer from two sides, so that one failed feed leaves nobody dark."


def pdf(*draws: Callable[[Canvas], None], rotation: int = 0) -> bytes:
    """A PDF with one page for each function, which draws it; y goes up, in points."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, pageCompression=1)
    for draw in draws:
        canvas.setFont("Helvetica", 11)
        canvas.setPageRotation(rotation)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def lines(
    canvas: Canvas, texts: Sequence[str], *, x: float = LEFT, y: float = TOP, step: float = 14
) -> float:
    """Draws lines below each other; gives where the next would go."""
    for text in texts:
        canvas.drawString(x, y, text)
        y -= step
    return y


def heading(canvas: Canvas, text: str, y: float, size: float = 22) -> None:
    """Draws a heading in a large bold font, and goes back to the usual one."""
    canvas.setFont("Helvetica-Bold", size)
    canvas.drawString(LEFT, y, text)
    canvas.setFont("Helvetica", 11)


def grid(
    canvas: Canvas, rows: Sequence[Sequence[str]], y: float, *, width: float = 120, ruled: bool = True
) -> float:
    """Draws a table, with its rules or without; gives where the next thing would go."""
    height = 20.0
    columns = len(rows[0])
    for index, row in enumerate(rows):
        for column, cell in enumerate(row):
            canvas.drawString(LEFT + column * width + 4, y - index * height - 14, cell)
    if ruled:
        xs = [LEFT + column * width for column in range(columns + 1)]
        canvas.grid(xs, [y - index * height for index in range(len(rows) + 1)])
    return y - height * len(rows) - 10


def picture(canvas: Canvas, x: float, y: float, *, kind: str = "PNG", width: float = 120) -> None:
    """Draws the scene as a picture."""
    data = pictures.saved(pictures.scene(), kind)
    canvas.drawImage(ImageReader(io.BytesIO(data)), x, y, width, width * 2 / 3)


def text_pdf(pages: int, *, rows: int = 48, picture_every: int = 0) -> bytes:
    """A PDF of many pages, each full of text, with a picture on some."""

    def draw(number: int) -> Callable[[Canvas], None]:
        def page(canvas: Canvas) -> None:
            heading(canvas, f"Page {number} of many", TOP)
            lines(canvas, [f"{row}. {SENTENCE}"[3 if row > 9 else 2 :] for row in range(rows)], y=TOP - 30)
            if picture_every and number % picture_every == 0:
                picture(canvas, 400, 40)

        return page

    return pdf(*(draw(number) for number in range(1, pages + 1)))


def encrypted_pdf() -> bytes:
    """A PDF that wants a password."""
    out = io.BytesIO()
    canvas = Canvas(out, encrypt="open sesame")
    canvas.drawString(100, 700, "secret")
    canvas.save()
    return out.getvalue()


def archive(files: dict[str, bytes]) -> bytes:
    """A ZIP archive of these files, packed as well as can be."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return out.getvalue()


def changed(data: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """An archive whose files went through a function, which may leave one out."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        files = {name: change(name, packed.read(name)) for name in packed.namelist()}
    return archive({name: content for name, content in files.items() if content is not None})


def with_broken_page(data: bytes) -> bytes:
    """A PDF whose first page is said to be something else; no byte changes its place."""
    assert data.count(b"/Type /Page\n") > 1
    return data.replace(b"/Type /Page\n", b"/Type /Oops\n", 1)
