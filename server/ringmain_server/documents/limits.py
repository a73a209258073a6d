"""Documents, pure: how large they may be, and which there are."""

from dataclasses import dataclass, field

from ringmain_server.media.detect import DOCX, PPTX
from ringmain_server.media.limits import IMAGE_TYPES, MIB, ReadLimits

PDF, HTML = "application/pdf", "text/html"

DOCUMENT_TYPES = (PDF, DOCX, PPTX, HTML, *IMAGE_TYPES)
"""What can be opened."""

ALLOWED = "PDF, DOCX, PPTX, HTML or an image"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """What is opened at all.

    Attributes:
        max_bytes: Of the file.
        max_html_bytes: Of an HTML file, all of which is in memory as a tree of about ten times its size.
        max_pages: Of the document.
        max_entries: Files within a DOCX or PPTX.
        max_unpacked_bytes: Of all files within a DOCX or PPTX together.
        max_xml_bytes: Of a single XML file within.
        max_ratio: Unpacked over packed bytes of a file within, where it is large.
        max_tags: Tags of a single XML file within a DOCX or PPTX; each element has one or two.
        max_elements: Elements of an HTML file.
        max_attributes: Attributes of all elements of an HTML file.
        max_nesting: Elements within elements.
        max_spanned: Columns that all cells of an HTML file span beyond their own.
        max_points: Of a chart.
        max_pictures: Of a page; the others are left out.
        min_picture_side: In pixels; smaller pictures are decoration, and left out.
        render_dpi: Of a page's picture.
        max_render_side: In pixels, of a page's picture.
        picture: What a picture within may be.
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
