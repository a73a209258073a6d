"""Room 4, the pure side of `anthropic`: writes media as content blocks.

Images are JPEG, PNG, GIF or WebP (https://platform.claude.com/docs/en/build-with-claude/vision), documents
are PDF or plain text (https://platform.claude.com/docs/en/build-with-claude/pdf-support). The provider
fetches URLs itself, but only those of images and PDFs. `Part.image_detail` has no counterpart on this wire.
"""

import mimetypes
from urllib.parse import urlsplit

from ringmain.v1.content_pb2 import Media

from ringmain_server.errors import MediaInvalid
from ringmain_server.media.detect import detect
from ringmain_server.providers.anthropic.blocks import Block
from ringmain_server.providers.json_base64 import Base64

_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_PDF = "application/pdf"
_TEXTUAL = frozenset({"application/json", "application/xml", "application/yaml", "application/x-yaml"})


def block(media: Media, path: str) -> Block:
    """Returns the content block of an image or a document.

    Args:
        media: The caller's media.
        path: The media's place in the request, for error messages.

    Raises:
        MediaInvalid: This wire cannot carry it.
    """
    mime_type = _mime_type(media)
    if mime_type in _IMAGES or (not mime_type and media.uri):
        return {"type": "image", "source": _source(media, mime_type)}
    if mime_type == _PDF:
        return _document(media, _source(media, mime_type))
    if _is_text(mime_type):
        return _document(media, _text(media, path))
    kind = mime_type or "of an unknown kind"
    raise MediaInvalid.at(path, f"is {kind}; this provider takes JPEG, PNG, GIF, WebP, PDF and text")


def _source(media: Media, mime_type: str) -> Block:
    if media.uri:
        return {"type": "url", "url": media.uri}
    return {"type": "base64", "media_type": mime_type, "data": Base64(media.data)}


def _document(media: Media, source: Block) -> Block:
    title = {"title": media.filename} if media.filename else {}
    return {"type": "document", "source": source, **title}


def _text(media: Media, path: str) -> Block:
    if media.uri:
        raise MediaInvalid.at(path, "is a text by address; this provider takes the bytes of a text only")
    try:
        text = media.data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise MediaInvalid.at(path, "is not UTF-8") from exc
    return {"type": "text", "media_type": "text/plain", "data": text}


def _mime_type(media: Media) -> str:
    """Returns the stated type, or else the type that the bytes or the name suggest, or else nothing."""
    if media.mime_type:
        stated = media.mime_type.partition(";")[0].strip().lower()
        return "image/jpeg" if stated == "image/jpg" else stated
    if media.data:
        return detect(media.data) or ""
    name = media.filename or urlsplit(media.uri).path
    return mimetypes.guess_type(name)[0] or ""


def _is_text(mime_type: str) -> bool:
    return mime_type.startswith("text/") or mime_type in _TEXTUAL or mime_type.endswith(("+json", "+xml"))
