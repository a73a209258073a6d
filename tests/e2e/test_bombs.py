"""Bombs at the gateway: refused by name, whichever method they are sent to."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc.aio
import pytest
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1 import chat_service_pb2_grpc as chat_grpc
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import image_service_pb2_grpc as image_grpc
from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1 import vision_service_pb2_grpc as vision_grpc
from ringmain.v1.content_pb2 import ROLE_USER, Media, Message, Part

from tests.e2e.gateway import gateway
from tests.edge.serving import details
from tests.fakes.image_bombs import GIF
from tests.fakes.pdf_bombs import PDF_BOMBS

_GIF = Media(data=GIF["frame, disposal 2"]())
_PDF = PDF_BOMBS["content"]()
Channel = grpc.aio.Channel


async def _inspect(channel: Channel) -> object:
    stub: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(channel)
    return await stub.InspectImage(image_pb2.InspectImageRequest(image=_GIF))


async def _edit(channel: Channel) -> object:
    stub: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(channel)
    request = image_pb2.EditImagesRequest(model="sandbox/image", images=[_GIF], prompt="x")
    return await stub.EditImages(request)


async def _analyze(channel: Channel) -> object:
    stub: vision_grpc.VisionServiceAsyncStub = vision_grpc.VisionServiceStub(channel)
    request = vision_pb2.AnalyzeImagesRequest(model="sandbox/chat", images=[_GIF], prompt="x")
    return await stub.AnalyzeImages(request)


async def _chat(channel: Channel) -> object:
    stub: chat_grpc.ChatServiceAsyncStub = chat_grpc.ChatServiceStub(channel)
    media = Media(data=_PDF, mime_type="application/pdf")
    message = Message(role=ROLE_USER, parts=[Part(media=media), Part(text="x")])
    return await stub.Chat(chat_pb2.ChatRequest(model="sandbox/chat", messages=[message]))


async def _read(channel: Channel) -> object:
    stub: vision_grpc.VisionServiceAsyncStub = vision_grpc.VisionServiceStub(channel)
    config = vision_pb2.ReadDocumentRequest(config=vision_pb2.ReadDocumentConfig(model="sandbox/chat"))
    calling = stub.ReadDocument(iter([config, vision_pb2.ReadDocumentRequest(chunk=_PDF)]))
    return [event async for event in calling]


@pytest.mark.parametrize("ask", [_inspect, _edit, _analyze, _chat, _read])
async def test_a_bomb_is_refused(ask: Callable[[Channel], Awaitable[object]]) -> None:
    """The caller is told what is inside and what is allowed."""
    async with gateway() as ringmain:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await ask(ringmain.channel)
    assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    found: Any = details(failed.value)
    assert found["ErrorInfo"].reason == "MEDIA_INVALID"
    assert "; allowed: at most" in (failed.value.details() or "")
