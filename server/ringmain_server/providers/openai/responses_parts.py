"""Room 4, pure: translates media of the contract into content parts of OpenAI's responses wire.

https://platform.openai.com/docs/api-reference/responses/create#responses-create-input: images are URLs or
data URLs, documents are bytes or URLs. Text files are sent as text, which every model reads.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from ringmain.v1.content_pb2 import Media, Part

from ringmain_server.errors import MediaInvalid
from ringmain_server.kinds.openai import Dialect
from ringmain_server.media.detect import detect
from ringmain_server.providers.json_base64 import Base64
from ringmain_server.providers.openai.chat_parts import (
    DETAILS,
    TEXT_TYPES,
    Object,
    data_url,
    file_text,
)

_OFFICE = "application/vnd.openxmlformats-officedocument"
_DOCUMENTS: Mapping[str, object] = {
    "application/pdf": ".pdf",
    "application/rtf": ".rtf",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.oasis.opendocument.text": ".odt",
    f"{_OFFICE}.wordprocessingml.document": ".docx",
    f"{_OFFICE}.spreadsheetml.sheet": ".xlsx",
    f"{_OFFICE}.presentationml.presentation": ".pptx",
}
"""File extension by media type: https://platform.openai.com/docs/guides/file-inputs."""
_READ_AS_FILES = frozenset(_DOCUMENTS.values()) | {".txt", ".md", ".csv", ".tsv", ".json", ".html", ".xml"}
_NO_FILES = frozenset({"audio", "video"})


def input_text(text: str) -> Object:
    """Returns a text part for a message that is not the model's."""
    return {"type": "input_text", "text": text}


def media_part(given: Part, dialect: Dialect, path: str) -> Object:
    """Returns an image or document as a content part.

    Args:
        given: The part with the media.
        dialect: The form of the wire that the server accepts.
        path: The media's place in the request, for error messages.

    Raises:
        MediaInvalid: The server does not accept this kind of media, or not in this form.
    """
    media, detail = given.media, given.image_detail
    if media.WhichOneof("source") == "uri":
        return _by_address(media, detail, dialect, path)
    mime_type = media.mime_type.lower() or detect(media.data)
    family = mime_type.partition("/")[0]
    if family == "image":
        return _image(data_url(media.data, mime_type), detail)
    if family == "text" or mime_type in TEXT_TYPES:
        return input_text(file_text(media, path))
    if mime_type in _DOCUMENTS:
        name = media.filename or f"document{_DOCUMENTS[mime_type]}"
        file = {"filename": name, "file_data": data_url(media.data, mime_type)}
        return _file(file, detail, dialect, path)
    raise MediaInvalid.at(path, f"{mime_type or 'media of unknown type'} is not taken by this provider")


def _by_address(media: Media, detail: int, dialect: Dialect, path: str) -> Object:
    """Returns media given by URL: a document if its type or name says so, otherwise an image."""
    mime_type = media.mime_type.lower()
    ending = PurePosixPath(media.filename or urlsplit(media.uri).path).suffix.lower()
    family = mime_type.partition("/")[0]
    if family in _NO_FILES:
        raise MediaInvalid.at(path, f"{mime_type} is not taken by this provider")
    if family != "image" and (mime_type or ending in _READ_AS_FILES):
        return _file({"file_url": media.uri}, detail, dialect, path)
    if not dialect.image_uris:
        raise MediaInvalid.at(path, "this provider takes no addresses; send the bytes")
    return _image(media.uri, detail)


def _image(url: str | Base64, detail: int) -> Object:
    return {"type": "input_image", "image_url": url, "detail": DETAILS.get(detail, "auto")}


def _file(given: Mapping[str, object], detail: int, dialect: Dialect, path: str) -> Object:
    if not dialect.documents:
        raise MediaInvalid.at(path, "this provider takes no documents in a chat")
    part: Object = {"type": "input_file", **given}
    if detail in DETAILS:
        part["detail"] = DETAILS[detail]
    return part
