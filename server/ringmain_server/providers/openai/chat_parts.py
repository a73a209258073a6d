"""Room 4, pure: translates media of the contract into content parts of OpenAI's wire.

https://platform.openai.com/docs/api-reference/chat/create#chat_create-messages: images are URLs or data URLs,
audio is `input_audio`, and documents are `file`. Text files are sent as text, which every model reads.
"""

from collections.abc import Mapping

from ringmain.v1.content_pb2 import IMAGE_DETAIL_HIGH, IMAGE_DETAIL_LOW, Media, Part

from ringmain_server.errors import MediaInvalid
from ringmain_server.kinds.openai import Dialect
from ringmain_server.media.detect import detect
from ringmain_server.providers.json_base64 import Base64

Object = dict[str, object]

DETAILS: Mapping[int, str] = {IMAGE_DETAIL_LOW: "low", IMAGE_DETAIL_HIGH: "high"}
_AUDIO_FORMATS = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/vnd.wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}
TEXT_TYPES = frozenset({"application/json", "application/xml", "application/yaml", "application/x-yaml"})
_PDF = "application/pdf"


def text_part(text: str) -> Object:
    """Returns a text part."""
    return {"type": "text", "text": text}


def media_part(part: Part, dialect: Dialect, path: str) -> Object:
    """Returns an image, audio clip or document as a content part.

    Args:
        part: The part with the media.
        dialect: The form of the wire that the server accepts.
        path: The media's place in the request, for error messages.

    Raises:
        MediaInvalid: The server does not accept this kind of media, or not in this form.
    """
    media, detail = part.media, part.image_detail
    if media.WhichOneof("source") == "uri":
        return _by_address(media, detail, dialect, path)
    mime_type = media.mime_type.lower() or detect(media.data)
    family = mime_type.partition("/")[0]
    if family == "image":
        return _image(data_url(media.data, mime_type), detail)
    if family == "audio":
        return _audio(media, mime_type, dialect, path)
    if family == "text" or mime_type in TEXT_TYPES:
        return text_part(file_text(media, path))
    if mime_type == _PDF:
        return _document(media, dialect, path)
    raise MediaInvalid.at(path, f"{mime_type or 'media of unknown type'} is not taken by this provider")


def _by_address(media: Media, detail: int, dialect: Dialect, path: str) -> Object:
    mime_type = media.mime_type.lower()
    if mime_type == _PDF and dialect.documents == "document_url":
        return _document_url(media.uri, media.filename)
    if mime_type and not mime_type.startswith("image/"):
        raise MediaInvalid.at(path, "this provider takes only images by address; send the bytes")
    if not dialect.image_uris:
        raise MediaInvalid.at(path, "this provider takes no addresses; send the bytes")
    return _image(media.uri, detail)


def _image(url: str | Base64, detail: int) -> Object:
    image: Object = {"url": url}
    if detail in DETAILS:
        image["detail"] = DETAILS[detail]
    return {"type": "image_url", "image_url": image}


def _audio(media: Media, mime_type: str, dialect: Dialect, path: str) -> Object:
    name = _AUDIO_FORMATS.get(mime_type)
    if not dialect.audio:
        raise MediaInvalid.at(path, "this provider takes no audio in a chat")
    if name is None:
        raise MediaInvalid.at(path, f"{mime_type} is not taken by this provider; send WAV or MP3")
    if dialect.audio == "bare":
        return {"type": "input_audio", "input_audio": Base64(media.data)}
    return {"type": "input_audio", "input_audio": {"data": Base64(media.data), "format": name}}


def _document(media: Media, dialect: Dialect, path: str) -> Object:
    if not dialect.documents:
        raise MediaInvalid.at(path, "this provider takes no documents in a chat")
    data = data_url(media.data, _PDF)
    if dialect.documents == "document_url":
        return _document_url(data, media.filename)
    return {"type": "file", "file": {"filename": media.filename or "document.pdf", "file_data": data}}


def _document_url(url: str | Base64, name: str) -> Object:
    found: Object = {"type": "document_url", "document_url": url}
    if name:
        found["document_name"] = name
    return found


def file_text(media: Media, path: str) -> str:
    """Returns the content of a text file, preceded by its name.

    Raises:
        MediaInvalid: The file is not text.
    """
    try:
        text = media.data.decode()
    except UnicodeDecodeError as exc:
        raise MediaInvalid.at(path, "is not text in UTF-8") from exc
    return f"{media.filename}:\n\n{text}" if media.filename else text


def data_url(data: bytes, mime_type: str) -> Base64:
    """Returns bytes as a `data:` URL."""
    return Base64(data, f"data:{mime_type};base64,")
