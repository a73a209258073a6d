"""Documents: opens a file with the reader of its type. Readers are imported when they are needed."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from ringmain_server.documents.content import Document
from ringmain_server.documents.limits import (
    ALLOWED,
    DOCUMENT_LIMITS,
    HTML,
    PDF,
    DocumentLimits,
)
from ringmain_server.documents.source import DocumentFile, check_size
from ringmain_server.media.detect import DOCX, PPTX, describe, detect
from ringmain_server.media.limits import IMAGE_TYPES, refuse

_READERS = {
    PDF: "pdf",
    DOCX: "docx",
    PPTX: "pptx",
    HTML: "html",
    "application/xhtml+xml": "html",
    **dict.fromkeys(IMAGE_TYPES, "image"),
}
# Types without a signature, which the caller has to name.
_WITHOUT_SIGNATURE = frozenset({HTML, "application/xhtml+xml"})


@dataclass(frozen=True, slots=True)
class Opening:
    """The arguments of a reader.

    Attributes:
        source: The file.
        mime_type: Its type.
        limits: Limits for documents.
        field: The path of the field, for errors.
    """

    source: DocumentFile
    mime_type: str
    limits: DocumentLimits
    field: str


def open_document(
    data: bytes | BinaryIO,
    *,
    mime_type: str = "",
    field: str = "document",
    limits: DocumentLimits = DOCUMENT_LIMITS,
) -> Document:
    """Opens a document. Its pages are read later, one by one.

    Args:
        data: The file's bytes, or a binary file that can seek and stays open as long as the document.
        mime_type: The type that the caller names. It is used only where the bytes have no signature.
        field: The path of the field, for errors.
        limits: Limits for documents.

    Raises:
        MediaInvalid: It is of another type, empty, encrypted, broken, or beyond a limit.
        ReaderMissing: The extra `documents` is not installed.
    """
    source = DocumentFile(data)
    check_size(source, limits, field)
    sample = source.sample()
    found = detect(sample)
    named_type = mime_type.partition(";")[0].strip().lower()
    if not found and named_type in _WITHOUT_SIGNATURE and describe(sample) == "plain text":
        found = HTML
    if found not in _READERS:
        problem = f"said to be {named_type}" if named_type else "which is not read here"
        raise refuse(field, describe(sample), problem, ALLOWED)
    reader = importlib.import_module(f"ringmain_server.documents.{_READERS[found]}")
    build: Callable[[Opening], Document] = reader.build
    return build(Opening(source, found, limits, field))


def checked(number: int, page_count: int) -> int:
    """Returns the index of the page with this number.

    Raises:
        IndexError: There is no such page.
    """
    if not 1 <= number <= page_count:
        raise IndexError(f"no page {number}: the document has {page_count}")
    return number - 1
