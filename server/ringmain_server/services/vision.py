"""Room 2: VisionService. A question about images is a chat of one turn."""

from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing
from typing import Any

from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import ROLE_USER, Media, Message, Part

from ringmain_server.assembly.active_config import ActiveConfig
from ringmain_server.backend import Backend
from ringmain_server.call import Call
from ringmain_server.media.workers import MediaWorkers
from ringmain_server.operations import CHAT, STREAM_CHAT
from ringmain_server.routing.eligibility import capable
from ringmain_server.services.document import DocumentReader, upload_file

SERVICE = vision_pb2.DESCRIPTOR.services_by_name["VisionService"]


class VisionService:
    """Questions about images and documents.

    Args:
        pipeline: Answers the requests.
        active: The active configuration.
        workers: The workers for media, which also read documents.
    """

    def __init__(self, pipeline: Backend, active: ActiveConfig, workers: MediaWorkers) -> None:
        self._pipeline = pipeline
        self._active = active
        self._workers = workers

    def AnalyzeImages(
        self, request: vision_pb2.AnalyzeImagesRequest, call: Call
    ) -> Coroutine[Any, Any, ChatResponse]:
        """Answers a question about images and returns the whole answer."""
        return self._pipeline.call(CHAT, question(request), call)

    def StreamAnalyzeImages(
        self, request: vision_pb2.AnalyzeImagesRequest, call: Call
    ) -> AsyncGenerator[ChatEvent, None]:
        """Answers a question about images as it is written."""
        return self._pipeline.stream(STREAM_CHAT, question(request), call)

    async def ReadDocument(
        self, config: vision_pb2.ReadDocumentConfig, chunks: AsyncIterator[bytes], call: Call
    ) -> AsyncGenerator[vision_pb2.ReadDocumentEvent, None]:
        """Turns a document into Markdown, page by page, with its pictures described."""
        targets = capable(config.model, self._active.models.resolve(config.model), CHAT, _SEEING)
        settings = self._active.now.settings.media
        with await upload_file(chunks, self._workers, settings.max_document_bytes) as file:
            reader = DocumentReader(
                self._pipeline, self._workers, settings, config, call, targets[0].candidate
            )
            async with aclosing(reader.read(file)) as events:
                async for event in events:
                    yield event


_SEEING = ChatRequest(
    messages=[Message(role=ROLE_USER, parts=[Part(media=Media(mime_type="image/png", data=b"-"))])]
)
"""A request that a model must be capable of to read documents."""


def question(request: vision_pb2.AnalyzeImagesRequest) -> ChatRequest:
    """Returns the question as a conversation: first the images, then the text."""
    parts = [Part(media=image, image_detail=request.image_detail) for image in request.images]
    parts.append(Part(text=request.prompt))
    chat = ChatRequest(
        request_id=request.request_id, model=request.model, messages=[Message(role=ROLE_USER, parts=parts)]
    )
    if request.HasField("attribution"):
        chat.attribution.CopyFrom(request.attribution)
    if request.HasField("generation_config"):
        chat.generation_config.CopyFrom(request.generation_config)
    if request.HasField("routing_policy"):
        chat.routing_policy.CopyFrom(request.routing_policy)
    return chat
