"""Documents: holds documents that a provider gets unread to the same limits as those read here. Blocks."""

from collections.abc import Callable

from ringmain_server.documents.archive import check_archive
from ringmain_server.documents.html import check_html
from ringmain_server.documents.limits import HTML, PDF, DocumentLimits
from ringmain_server.documents.opening import Opening
from ringmain_server.documents.pdf import check_pdf
from ringmain_server.documents.source import DocumentFile
from ringmain_server.media.detect import DOCX, PPTX
from ringmain_server.media.limits import ReadLimits


def check_document(data: bytes, mime_type: str, *, field: str, read: ReadLimits) -> None:
    """Refuses a document with anything inside that is beyond a limit. Nothing is parsed.

    Args:
        data: The file.
        mime_type: Its type; one of `CHECKS`.
        field: The path of the field that holds it, for the error.
        read: Limits of a picture inside.

    Raises:
        MediaInvalid: Something is beyond a limit, or the archive is broken.
    """
    CHECKS[mime_type](data, mime_type, DocumentLimits(picture=read), field)


def _pdf(data: bytes, _mime_type: str, limits: DocumentLimits, field: str) -> None:
    check_pdf(data, limits, field=field)


def _html(data: bytes, _mime_type: str, limits: DocumentLimits, field: str) -> None:
    check_html(data, limits, field=field)


def _office(data: bytes, mime_type: str, limits: DocumentLimits, field: str) -> None:
    check_archive(Opening(DocumentFile(data), mime_type, limits, field))


CHECKS: dict[str, Callable[[bytes, str, DocumentLimits, str], None]] = {
    PDF: _pdf,
    DOCX: _office,
    PPTX: _office,
    HTML: _html,
}
