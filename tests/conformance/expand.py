r"""Conformance: a case's request as the bytes of its message. Pure.

Media that are too large to be written down are told in shorthand, wherever proto JSON wants base64 or text:

    data: {$png: {width: 2, height: 1}}        # a picture of noise, which no compression makes smaller
    data: {$png: {width: 1024, height: 768, bits: 16}}
    text: {$text: {byte_count: 5000000}}       # the letter x
    data: {$bytes: {byte_count: 5000000, prefix: "%PDF-1.7\n"}}
"""

import base64
import random
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from ringmain.v1 import (
    chat_service_pb2,
    embedding_service_pb2,
    image_service_pb2,
    model_service_pb2,
    vision_service_pb2,
)
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse

METHODS: Mapping[str, tuple[str, type[Message], type[Message]]] = {
    "Chat": ("ChatService", chat_service_pb2.ChatRequest, chat_service_pb2.ChatResponse),
    "StreamChat": ("ChatService", chat_service_pb2.ChatRequest, chat_service_pb2.ChatEvent),
    "CountTokens": (
        "ChatService",
        chat_service_pb2.CountTokensRequest,
        chat_service_pb2.CountTokensResponse,
    ),
    "AnalyzeImages": (
        "VisionService",
        vision_service_pb2.AnalyzeImagesRequest,
        chat_service_pb2.ChatResponse,
    ),
    "StreamAnalyzeImages": (
        "VisionService",
        vision_service_pb2.AnalyzeImagesRequest,
        chat_service_pb2.ChatEvent,
    ),
    "GenerateImages": (
        "ImageService",
        image_service_pb2.GenerateImagesRequest,
        image_service_pb2.GenerateImagesResponse,
    ),
    "StreamImages": ("ImageService", image_service_pb2.StreamImagesRequest, image_service_pb2.ImageEvent),
    "Embed": ("EmbeddingService", embedding_service_pb2.EmbedRequest, embedding_service_pb2.EmbedResponse),
    "ListModels": (
        "ModelService",
        model_service_pb2.ListModelsRequest,
        model_service_pb2.ListModelsResponse,
    ),
    "GetServerInfo": (
        "ModelService",
        model_service_pb2.GetServerInfoRequest,
        model_service_pb2.GetServerInfoResponse,
    ),
}
"""By the name of the method: its service, what it takes and what it gives (each message of a stream)."""


def message(method: str, request: Mapping[str, Any], model: str) -> Message:
    """The request of a case.

    Args:
        method: Its name.
        request: In proto JSON, with shorthands.
        model: Asked for where the request has a model and names none.

    Raises:
        ParseError: It is not a request of this method.
    """
    made = ParseDict(expanded(request), METHODS[method][1]())
    _name_model(made, model)
    return made


def goes_on(request: Message, answer: ChatResponse, messages: Sequence[Mapping[str, Any]]) -> ChatRequest:
    """The request that goes on with an answer: its message is sent back.

    Args:
        request: That was answered.
        answer: To it.
        messages: Those that follow the answer's, in proto JSON with shorthands.
    """
    assert isinstance(request, ChatRequest)
    made = ChatRequest()
    made.CopyFrom(request)
    made.messages.append(answer.message)
    for one in messages:
        ParseDict(expanded(one), made.messages.add())
    return made


def _name_model(request: Any, model: str) -> None:
    fields = request.DESCRIPTOR.fields_by_name
    if "model" in fields:
        request.model = request.model or model
    elif "chat" in fields:
        _name_model(request.chat, model)
    elif "generate" in fields:
        _name_model(getattr(request, request.WhichOneof("request")), model)


def expanded(value: Any) -> Any:
    """A value with its shorthands written out."""
    if isinstance(value, Mapping):
        if len(value) == 1 and (name := next(iter(value))) in _SHORTHANDS:
            return _SHORTHANDS[name](**value[name])
        return {key: expanded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [expanded(inner) for inner in value]
    return value


def _text(byte_count: int) -> str:
    return "x" * byte_count


def _bytes(byte_count: int, prefix: str = "") -> str:
    return base64.b64encode(prefix.encode().ljust(byte_count, b"\0")).decode()


def _png(width: int, height: int, bits: int = 8) -> str:
    return base64.b64encode(png(width, height, bits)).decode()


_SHORTHANDS: Mapping[str, Callable[..., str]] = {"$text": _text, "$bytes": _bytes, "$png": _png}


def png(width: int, height: int, bits: int = 8) -> bytes:
    """A picture of noise in red, green and blue, always the same (https://www.w3.org/TR/png-3/).

    Args:
        width: In pixels.
        height: In pixels.
        bits: Of each colour of a pixel: 8 or 16.
    """
    noise = random.Random(width * height)
    line = width * 3 * bits // 8
    pixels = b"".join(b"\0" + noise.randbytes(line) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
