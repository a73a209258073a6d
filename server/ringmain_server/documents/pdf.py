"""Documents: reads PDF with PDFium, a page at a time.

PDFium works for one thread at a time, whichever the document. A lock enforces that, and every object of
PDFium
is closed while the lock is held. Reading is quick compared with the model that pages wait for.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from types import ModuleType
from typing import Any

from ringmain_server.documents.boxes import Word
from ringmain_server.documents.content import PageContent, Picture
from ringmain_server.documents.layout import body_size, page_blocks
from ringmain_server.documents.limits import PDF, DocumentLimits
from ringmain_server.documents.opening import Opening, checked
from ringmain_server.documents.pdf_drawing import drawn
from ringmain_server.documents.pdf_page import PageReader
from ringmain_server.documents.reader import library
from ringmain_server.errors import MediaInvalid
from ringmain_server.media.encode import write
from ringmain_server.media.limits import refuse
from ringmain_server.media.structure.budget import Beyond
from ringmain_server.media.structure.pdf import PdfLimits, check
from ringmain_server.media.structure.pdf_objects import Data
from ringmain_server.media.work import checkpoint

_LOCK = threading.Lock()
_SAMPLED_PAGES = 5
"""Pages from which the size of the document's text is determined."""
_PASSWORD, _SECURITY = 4, 5
"""PDFium's codes of encrypted files (fpdfview.h, FPDF_ERR_…)."""
_POINTS_PER_INCH = 72


class PdfDocument:
    """A PDF; see `Document`."""

    def __init__(self, opening: Opening, library: ModuleType, document: Any) -> None:
        self._opening = opening
        self._library = library
        self._document = document
        self.mime_type = PDF
        self.page_count = len(document)

    def page(self, number: int) -> PageContent:
        """Reads a page; see `Document.page`."""
        checked(number, self.page_count)
        body = self._body_size
        with self._opened(number) as page:
            reader = PageReader(self._library, page, self._opening.limits)
            words, lines, pictures = reader.words(), reader.lines(), reader.pictures()
        checkpoint()
        return PageContent(number, page_blocks(words, lines, pictures, body))

    def page_image(self, number: int) -> Picture:
        """Draws a page; see `Document.page_image`."""
        checked(number, self.page_count)
        with self._opened(number) as page:
            scale = _scale(page.get_size(), self._opening.limits)
            try:
                bitmap = drawn(self._library, page, scale)
            except Beyond as exc:
                raise refuse(self._opening.field, PDF, exc.problem, exc.allowed) from None
            try:
                image = bitmap.to_pil().convert("RGB")
            finally:
                bitmap.close()
        checkpoint()
        return Picture(write(image, "image/jpeg"), "image/jpeg", *image.size)

    def close(self) -> None:
        """Closes the document; see `Document.close`."""
        with _LOCK:
            self._document.close()

    @cached_property
    def _body_size(self) -> float:
        sampled: list[Word] = []
        for number in range(1, min(self.page_count, _SAMPLED_PAGES) + 1):
            try:
                with self._opened(number) as page:
                    sampled += PageReader(self._library, page, self._opening.limits).words()
            except MediaInvalid:  # reported when that page itself is read
                continue
        return body_size(sampled)

    @contextmanager
    def _opened(self, number: int) -> Iterator[Any]:
        """Opens a page, and holds the lock of PDFium during the block."""
        with _LOCK:
            # The outer try also covers the block's own calls of PDFium, which fail in the same ways.
            try:
                page = self._document[number - 1]
                try:
                    yield page
                finally:
                    page.close()
            except (self._library.PdfiumError, OSError, ValueError, AssertionError) as exc:
                problem = f"whose page {number} is broken"
                raise refuse(self._opening.field, PDF, problem, "whole pages") from exc


def _scale(size: tuple[float, float], limits: DocumentLimits) -> float:
    """Returns the pixels per point: as configured, fewer for a page that would become too large."""
    longest = max(*size, 1.0)
    return min(limits.render_dpi / _POINTS_PER_INCH, limits.max_render_side / longest)


def check_pdf(data: Data, limits: DocumentLimits, *, field: str) -> None:
    """Refuses a PDF with anything inside that is beyond a limit, before a library opens it.

    Raises:
        MediaInvalid: Something is beyond a limit.
    """
    try:
        check(
            data,
            PdfLimits(
                picture=limits.picture,
                max_ratio=limits.max_ratio,
                max_unpacked_bytes=2 * limits.max_unpacked_bytes,
                max_pages=limits.max_pages,
            ),
        )
    except Beyond as exc:
        raise refuse(field, PDF, exc.problem, exc.allowed) from None


def build(opening: Opening) -> PdfDocument:
    """Opens a PDF.

    Raises:
        MediaInvalid: It is encrypted, broken, empty, or has too many pages.
        ReaderMissing: The extra is not installed.
    """
    pdfium = library("pypdfium2", "PDF")
    with opening.source.view() as data:
        check_pdf(data, opening.limits, field=opening.field)
    most = opening.limits.max_pages
    with _LOCK:
        try:
            document = pdfium.PdfDocument(opening.source.for_callbacks())
        except pdfium.PdfiumError as exc:
            raise _refusal(exc, opening) from exc
        count = len(document)
        if 0 < count <= most:
            return PdfDocument(opening, pdfium, document)
        document.close()
    if count:
        raise refuse(opening.field, PDF, f"of {count} pages", f"at most {most} pages")
    raise refuse(opening.field, PDF, "without a page", "at least one page")


def _refusal(exc: Any, opening: Opening) -> MediaInvalid:
    if exc.err_code in {_PASSWORD, _SECURITY}:
        return refuse(opening.field, PDF, "encrypted", "a document without a password")
    return refuse(opening.field, PDF, "broken or cut short", "a whole file")
