"""Documents: opens PDF, DOCX, PPTX, HTML and images, and reads them page by page.

    document = open_document(data, mime_type="", field="document")     # bytes, or a seekable binary file
    document.mime_type, document.page_count
    document.page(1).blocks         # in reading order: Text(markdown) and Picture(data, mime_type, …)
    document.page_image(1)          # the whole page as one Picture: PDF and images
    document.close()

Everything here blocks: call it through `MediaPool.run`. A document may be read by several threads at once;
PDFium works for one at a time, which a lock enforces. Nothing of a page is kept once it is returned. A broken
page raises for that page alone, and the rest can still be read.

Errors: MediaInvalid for a document or page that cannot be read, `ReaderMissing` where the extra `documents`
is not installed, IndexError for a page that does not exist.
"""

from ringmain_server.documents.content import (
    Block,
    Document,
    PageContent,
    Picture,
    Text,
    page_markdown,
)
from ringmain_server.documents.limits import DOCUMENT_LIMITS, DOCUMENT_TYPES, DocumentLimits
from ringmain_server.documents.opening import open_document
from ringmain_server.documents.reader import ReaderMissing

__all__ = [
    "DOCUMENT_LIMITS",
    "DOCUMENT_TYPES",
    "Block",
    "Document",
    "DocumentLimits",
    "PageContent",
    "Picture",
    "ReaderMissing",
    "Text",
    "open_document",
    "page_markdown",
]
