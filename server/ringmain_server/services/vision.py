"""Room 2: VisionService. A question about images is a chat of one turn."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

from ringmain.v1 import vision_service_pb2 as vision_pb2
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import ROLE_USER, Media, Message, Part

from ringmain_server.assembly.active_config import ActiveConfig
from ringmain_server.call import Call
from ringmain_server.candidate import Candidate
from ringmain_server.layers.composed import Composed
from ringmain_server.layers.idempotency import Idempotency
from ringmain_server.media.workers import MediaWorkers
from ringmain_server.operations import CHAT, STREAM_CHAT
from ringmain_server.operations.composed import READ_DOCUMENT, DocumentUpload
from ringmain_server.routing.eligibility import capable, chosen
from ringmain_server.routing.models import Target
from ringmain_server.services.document import DocumentReader, document_upload
from ringmain_server.services.places import named

SERVICE = vision_pb2.DESCRIPTOR.services_by_name["VisionService"]


class VisionService:
    """Questions about images and documents.

    Args:
        pipeline: Answers the requests.
        active: The active configuration.
        workers: The workers for media, which also read documents.
    """

    def __init__(self, pipeline: Idempotency, active: ActiveConfig, workers: MediaWorkers) -> None:
        self._pipeline = pipeline
        self._documents = pipeline.around(Composed({READ_DOCUMENT: self._read}))
        self._active = active
        self._workers = workers

    async def AnalyzeImages(self, request: vision_pb2.AnalyzeImagesRequest, call: Call) -> ChatResponse:
        """Answers a question about images and returns the whole answer."""
        with named(_PLACES):
            return await self._pipeline.call(CHAT, question(request), call)

    async def StreamAnalyzeImages(
        self, request: vision_pb2.AnalyzeImagesRequest, call: Call
    ) -> AsyncGenerator[ChatEvent, None]:
        """Answers a question about images as it is written."""
        with named(_PLACES):
            async with aclosing(self._pipeline.stream(STREAM_CHAT, question(request), call)) as events:
                async for event in events:
                    yield event

    async def ReadDocument(
        self, config: vision_pb2.ReadDocumentConfig, chunks: AsyncIterator[bytes], call: Call
    ) -> AsyncGenerator[vision_pb2.ReadDocumentEvent, None]:
        """Turns a document into Markdown, page by page, with its pictures described."""
        self._first(config)
        limit = self._active.now.settings.media.max_document_bytes
        upload = await document_upload(config, chunks, self._workers, limit)
        try:
            async with aclosing(self._documents.stream(READ_DOCUMENT, upload, call)) as events:
                async for event in events:
                    yield event
        finally:
            if not upload.taken:
                upload.file.close()

    async def _read(
        self, upload: DocumentUpload, call: Call
    ) -> AsyncGenerator[vision_pb2.ReadDocumentEvent, None]:
        upload.taken = True
        settings = self._active.now.settings.media
        with upload.file as file:
            first = self._first(upload.config)
            reader = DocumentReader(self._pipeline, self._workers, settings, upload.config, call, first)
            async with aclosing(reader.read(file)) as events:
                async for event in events:
                    yield event

    def _first(self, config: vision_pb2.ReadDocumentConfig) -> Candidate:
        """Returns the candidate that is asked first.

        Raises:
            ModelNotFound: There is no such model.
            InvalidField: The routing policy names a provider that the model has not.
            CapabilityMissing: No candidate sees.
        """
        targets: Sequence[Target] = self._active.models.resolve(config.model)
        if config.routing_policy.provider_ids:
            targets = chosen(targets, config.routing_policy, "config.routing_policy.provider_ids")
        return capable(config.model, targets, CHAT, _SEEING)[0].candidate


_PLACES = {re.compile(r"messages\[0\]\.parts\[(\d+)\]\.media"): r"images[\1]"}
"""The places of a question about images, by those of the chat that is made of it."""
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
