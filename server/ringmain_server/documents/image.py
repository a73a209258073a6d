"""Documents: an image is a document of one page; a TIFF has as many pages as frames."""

from ringmain_server.documents.content import PageContent, Picture
from ringmain_server.documents.opening import Opening, checked
from ringmain_server.media.encode import write
from ringmain_server.media.pillow import opened
from ringmain_server.media.pixels import plain
from ringmain_server.media.probe import Probe, probe


class ImageDocument:
    """An image; see `Document`."""

    def __init__(self, opening: Opening, found: Probe, data: bytes) -> None:
        self._field = opening.field
        self._found = found
        self._data = data
        self.mime_type = found.mime_type
        self.page_count = found.frame_count if found.mime_type == "image/tiff" else 1

    def page(self, number: int) -> PageContent:
        """Returns a page with one picture; see `Document.page`."""
        return PageContent(number, (self.page_image(number),))

    def page_image(self, number: int) -> Picture:
        """Returns the image, or a frame of a TIFF as PNG; see `Document.page_image`."""
        index = checked(number, self.page_count)
        if self.page_count == 1:
            return Picture(self._data, self.mime_type, self._found.width, self._found.height)
        with opened(self._data, self.mime_type, self._field) as image:
            image.seek(index)
            pixels = plain(image)
            data = write(pixels, "image/png")
        return Picture(data, "image/png", *pixels.size)

    def close(self) -> None:
        """Does nothing; see `Document.close`."""


def build(opening: Opening) -> ImageDocument:
    """Opens an image.

    Raises:
        MediaInvalid: It is beyond a limit or broken.
    """
    data = opening.source.whole()
    return ImageDocument(opening, probe(data, field=opening.field, limits=opening.limits.picture), data)
