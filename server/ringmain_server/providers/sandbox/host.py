"""Room 4: what the gateway provides to the sandbox's upstream: see `ringmain_sandbox.host`."""

from ringmain_sandbox.host import Host, ImageHeader

from ringmain_server.media.detect import detect
from ringmain_server.media.header import read_header
from ringmain_server.media.work import checkpoint

_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WebP"}


def image_header(data: bytes) -> ImageHeader | None:
    """Reads format and size of an image; None for one that is not PNG, JPEG, GIF or WebP, or is cut short."""
    mime_type = detect(data)
    if mime_type not in _FORMATS:
        return None
    header = read_header(data, mime_type, max_frames=1)
    return ImageHeader(_FORMATS[mime_type], header.width, header.height) if header else None


HOST = Host(checkpoint, image_header)
