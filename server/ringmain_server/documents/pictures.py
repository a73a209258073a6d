"""Documents: checks the pictures within a document before they are used."""

from ringmain_server.documents.content import Block, Picture, Text
from ringmain_server.documents.limits import DocumentLimits
from ringmain_server.errors import MediaInvalid
from ringmain_server.media.detect import detect
from ringmain_server.media.limits import IMAGE_TYPES
from ringmain_server.media.probe import probe


def picture_block(data: bytes, limits: DocumentLimits, alt: str = "") -> Block | None:
    """Makes a block of a document's picture.

    Args:
        data: The file.
        limits: Limits for documents.
        alt: The document's description of it.

    Returns:
        The picture; a note in words for one that cannot be shown: a vector drawing, a broken or too large
        file;
        None for decoration.
    """
    alt = " ".join(alt.split())
    words = f": {alt}" if alt else ""
    if detect(data) not in IMAGE_TYPES:
        return Text(f"*[a picture that cannot be shown{words}]*")
    try:
        found = probe(data, field="picture", limits=limits.picture)
    except MediaInvalid:
        return Text(f"*[a picture that is too large or broken{words}]*")
    if min(found.width, found.height) < limits.min_picture_side:
        return None
    return Picture(data, found.mime_type, found.width, found.height, alt)


class Pictures:
    """Counts the pictures of a page, and leaves out those beyond its limit."""

    def __init__(self, limits: DocumentLimits) -> None:
        self._limits = limits
        self._count = 0

    @property
    def is_full(self) -> bool:
        """Whether no further picture is accepted."""
        return self._count >= self._limits.max_pictures

    def block(self, data: bytes, alt: str = "") -> Block | None:
        """Makes a block of a picture as `picture_block` does; None for one too many."""
        if self.is_full:
            return None
        self._count += 1
        return picture_block(data, self._limits, alt)
