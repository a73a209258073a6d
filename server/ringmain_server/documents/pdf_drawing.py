"""Documents: draws a PDF's page with PDFium, within a bound of work. The caller must hold the lock of PDFium.

A few bytes can ask for a page to be painted thousands of times. So the work is estimated from the areas of
the
page's objects before anything is drawn, and drawing stops between two objects once it has taken too long, or
once nobody waits for it any more.
Functions: https://pdfium.googlesource.com/pdfium/+/refs/heads/main/public/fpdf_progressive.h and fpdf_edit.h.
"""

import ctypes
import math
import time
from types import ModuleType
from typing import Any

from ringmain_server.media.structure.budget import Beyond
from ringmain_server.media.work import abandoned, checkpoint

_MOST_WORK = 6e9
"""The most estimated work of a page, in about nanoseconds."""
_MOST_SECONDS = 5.0
"""The most processor time of the thread for one page."""
_LINES, _FILLED, _BLENDED = 0.3, 2.0, 30.0
"""Work per pixel of the rectangle around lines and text, filled areas, and transparent objects.

Lines and letters leave most pixels of their rectangle alone.
"""
_MOST_OBJECTS = 1_000_000
_DEEPEST = 20
_PAUSED = 1
"""PDFium's FPDF_RENDER_TOBECONTINUED."""
_VERSION = 1


def drawn(library: ModuleType, page: Any, scale: float) -> Any:
    """Draws a page as a bitmap of pypdfium2, which the caller closes.

    Raises:
        Beyond: Drawing it would take, or took, too much work.
    """
    _Estimate(library.raw, page, scale).run()
    raw = library.raw
    width, height = (max(math.ceil(side * scale), 1) for side in page.get_size())
    bitmap = library.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGR)
    try:
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        _draw(raw, page, bitmap, (width, height))
    except BaseException:  # Abandoned among others: nobody else would close it
        bitmap.close()
        raise
    return bitmap


def _draw(raw: Any, page: Any, bitmap: Any, size: tuple[int, int]) -> None:
    end = time.thread_time() + _MOST_SECONDS
    flag = abandoned.get()

    def is_over(_: object) -> int:
        return int(time.thread_time() > end or (flag is not None and flag.is_set()))

    pause = raw.IFSDK_PAUSE(version=_VERSION)
    pause.NeedToPauseNow = type(pause.NeedToPauseNow)(is_over)
    started = raw.FPDF_RenderPageBitmap_Start(
        bitmap.raw, page.raw, 0, 0, *size, 0, raw.FPDF_ANNOT, ctypes.byref(pause)
    )
    # Paused means that `is_over` stopped it: drawing is never resumed, only abandoned or refused.
    raw.FPDF_RenderPage_Close(page.raw)
    if started == _PAUSED:
        checkpoint()
        raise Beyond("with a page that takes too long to draw", f"at most {_MOST_SECONDS:g} seconds")


class _Estimate:
    """Adds up the areas that the objects of a page cover.

    Args:
        raw: The functions of PDFium.
        page: The page.
        scale: Pixels per point.
    """

    def __init__(self, raw: Any, page: Any, scale: float) -> None:
        self._raw = raw
        self._page = page
        self._pixels = scale * scale
        self._work = 0.0
        self._count = 0
        self._sides = tuple(ctypes.c_float() for _ in range(4))
        self._at = tuple(ctypes.byref(side) for side in self._sides)

    def run(self) -> None:
        """Adds each object of the page, and those within forms.

        Raises:
            Beyond: They are too much to draw.
        """
        raw, page = self._raw, self._page.raw
        left, bottom, right, top = self._page.get_bbox()
        whole = (right - left) * (top - bottom)
        for index in range(raw.FPDFPage_CountObjects(page)):
            self._add(raw.FPDFPage_GetObject(page, index), 1.0, whole, 0)
        for index in range(raw.FPDFPage_GetAnnotCount(page)):
            annotation = raw.FPDFPage_GetAnnot(page, index)
            if annotation:
                self._add_annotation(annotation, whole)

    def _add_annotation(self, annotation: Any, whole: float) -> None:
        """Adds the objects of an annotation, which may be enlarged to the whole page."""
        raw = self._raw
        try:
            for index in range(raw.FPDFAnnot_GetObjectCount(annotation)):
                self._add(raw.FPDFAnnot_GetObject(annotation, index), 1.0, whole, 0)
        finally:
            raw.FPDFPage_CloseAnnot(annotation)

    def _add(self, found: Any, growth: float, most: float, depth: int) -> None:
        """Adds an object.

        Args:
            found: The object.
            growth: How much the object's parent is enlarged, in area.
            most: The area of the object's parent.
            depth: The number of forms around the object.
        """
        raw = self._raw
        self._count += 1
        if not raw.FPDFPageObj_GetBounds(found, *self._at):
            return
        left, bottom, right, top = (side.value for side in self._sides)
        area = min(abs(right - left) * abs(top - bottom) * growth, most)
        kind = raw.FPDFPageObj_GetType(found)
        self._work += area * self._pixels * self._weight(found, kind)
        if self._work > _MOST_WORK or self._count > _MOST_OBJECTS:
            raise Beyond("with a page that is painted over too often", "pages that are drawn in seconds")
        if kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            self._add_children(found, growth, area, depth)

    def _weight(self, found: Any, kind: int) -> float:
        raw = self._raw
        if kind == raw.FPDF_PAGEOBJ_SHADING or raw.FPDFPageObj_HasTransparency(found):
            return _BLENDED
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            return _FILLED
        fill, strokes = ctypes.c_int(), ctypes.c_int()
        if kind == raw.FPDF_PAGEOBJ_PATH and raw.FPDFPath_GetDrawMode(
            found, ctypes.byref(fill), ctypes.byref(strokes)
        ):
            return _FILLED if fill.value else _LINES
        return _LINES

    def _add_children(self, form: Any, growth: float, area: float, depth: int) -> None:
        matrix = self._raw.FS_MATRIX()
        if self._raw.FPDFPageObj_GetMatrix(form, ctypes.byref(matrix)):
            growth *= abs(matrix.a * matrix.d - matrix.b * matrix.c)
        for index in range(self._raw.FPDFFormObj_CountObjects(form)):
            self._add(self._raw.FPDFFormObj_GetObject(form, index), growth, area, depth + 1)
