"""Documents, pure: the types and the limits of documents."""

from dataclasses import dataclass, field

from ringmain_server.media.detect import DOCX, PPTX
from ringmain_server.media.limits import IMAGE_TYPES, MIB, ReadLimits

PDF, HTML = "application/pdf", "text/html"

DOCUMENT_TYPES = (PDF, DOCX, PPTX, HTML, *IMAGE_TYPES)
"""The types that can be opened."""

ALLOWED = "PDF, DOCX, PPTX, HTML or an image"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """Limits for documents.

    Attributes:
        max_bytes: Bytes of the file.
        max_html_bytes: Bytes of an HTML file, whose tree in memory is about ten times as large.
        max_pages: Pages of the document.
        max_entries: Files within a DOCX or PPTX.
        max_unpacked_bytes: Bytes of all files within a DOCX or PPTX together, unpacked.
        max_xml_bytes: Bytes of a single XML file within.
        max_ratio: The ratio of unpacked to packed bytes of a large file within.
        max_tags: Tags of a single XML file within a DOCX or PPTX; each element has one or two.
        max_elements: Elements of an HTML file.
        max_attributes: Attributes of all elements of an HTML file.
        max_nesting: Elements within elements.
        max_spanned: Columns that all cells of an HTML file span beyond their own.
        max_points: Points of a chart.
        max_pictures: Pictures of a page; the others are left out.
        min_picture_side: In pixels; smaller pictures are decoration, and left out.
        render_dpi: The resolution of a page's picture.
        max_render_side: The longest side of a page's picture, in pixels.
        picture: Limits of a picture within.
    """

    max_bytes: int = 200 * MIB
    max_html_bytes: int = 16 * MIB
    max_pages: int = 5_000
    max_entries: int = 10_000
    max_unpacked_bytes: int = 512 * MIB
    max_xml_bytes: int = 64 * MIB
    max_ratio: int = 200
    max_tags: int = 3_000_000
    max_elements: int = 150_000
    max_attributes: int = 400_000
    max_nesting: int = 200
    max_spanned: int = 100_000
    max_points: int = 10_000
    max_pictures: int = 50
    min_picture_side: int = 16
    render_dpi: int = 150
    max_render_side: int = 2_500
    picture: ReadLimits = field(default_factory=ReadLimits)


DOCUMENT_LIMITS = DocumentLimits()
