"""Room 2: ImageService."""

import re
from collections.abc import AsyncGenerator, Coroutine
from typing import Any

from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.model_service_pb2 import CAPABILITY_IMAGE_CLASSIFICATION

from ringmain_server.assembly.active_config import ActiveConfig
from ringmain_server.call import Call
from ringmain_server.layers.composed import Composed
from ringmain_server.layers.idempotency import Idempotency
from ringmain_server.media.inspection import inspect_image
from ringmain_server.media.workers import MediaWorkers
from ringmain_server.operations import (
    CHAT,
    CLASSIFY_IMAGE,
    EDIT_IMAGES,
    GENERATE_IMAGES,
    STREAM_EDIT_IMAGES,
    STREAM_GENERATE_IMAGES,
    UPSCALE_IMAGE,
)
from ringmain_server.operations.composed import INSPECT_IMAGE
from ringmain_server.services.classify import classification, question
from ringmain_server.services.places import named

_PLACES = {re.compile(r"messages\[0\]\.parts\[0\]\.media"): "image"}
"""The place of the image in the request, by that in the chat that is made of it."""
SERVICE = image_pb2.DESCRIPTOR.services_by_name["ImageService"]


class ImageService:
    """Images from descriptions, changed images, and inspections of image files.

    Args:
        pipeline: Answers the requests.
        active: The active configuration.
        workers: The workers for media, which inspect images.
    """

    def __init__(self, pipeline: Idempotency, active: ActiveConfig, workers: MediaWorkers) -> None:
        self._pipeline = pipeline
        self._inspections = pipeline.around(Composed({INSPECT_IMAGE: self._inspect}))
        self._active = active
        self._workers = workers

    async def GenerateImages(
        self, request: image_pb2.GenerateImagesRequest, call: Call
    ) -> image_pb2.GenerateImagesResponse:
        """Makes images from a description."""
        return await self._pipeline.call(GENERATE_IMAGES, request, call)

    async def EditImages(
        self, request: image_pb2.EditImagesRequest, call: Call
    ) -> image_pb2.EditImagesResponse:
        """Changes images as described."""
        return await self._pipeline.call(EDIT_IMAGES, request, call)

    def StreamImages(
        self, request: image_pb2.StreamImagesRequest, call: Call
    ) -> AsyncGenerator[image_pb2.ImageEvent, None]:
        """Makes or changes images, and sends previews and bytes as they come."""
        made = request.HasField("generate")
        return self._pipeline.stream(STREAM_GENERATE_IMAGES if made else STREAM_EDIT_IMAGES, request, call)

    async def UpscaleImage(
        self, request: image_pb2.UpscaleImageRequest, call: Call
    ) -> image_pb2.UpscaleImageResponse:
        """Enlarges an image."""
        return await self._pipeline.call(UPSCALE_IMAGE, request, call)

    def InspectImage(
        self, request: image_pb2.InspectImageRequest, call: Call
    ) -> Coroutine[Any, Any, image_pb2.InspectImageResponse]:
        """Inspects an image file, and asks a classifier if one is named."""
        return self._inspections.call(INSPECT_IMAGE, request, call)

    async def _inspect(
        self, request: image_pb2.InspectImageRequest, call: Call
    ) -> image_pb2.InspectImageResponse:
        image = await self._workers.inline(request.image, "image")
        found = await self._workers.pool.run(
            inspect_image,
            image.data,
            field="image.data",
            location=self._active.now.settings.media.location_allowed,
            read=self._workers.read,
        )
        response = image_pb2.InspectImageResponse(
            response_id=call.response_id,
            mime_type=found.mime_type,
            width=found.width,
            height=found.height,
            frame_count=found.frame_count,
            has_alpha=found.has_alpha,
            exif=found.exif,
            sha256=found.sha256,
            perceptual_hash=found.perceptual_hash,
            dominant_colors=found.dominant_colors,
        )
        if request.model:
            response.MergeFrom(await self._classified(request, call))
        return response

    async def _classified(
        self, request: image_pb2.InspectImageRequest, call: Call
    ) -> image_pb2.InspectImageResponse:
        """Returns the ratings of a classifier, or of a model that sees and answers in JSON."""
        targets = self._active.models.resolve(request.model)
        for one in targets:
            if CLASSIFY_IMAGE in one.operations and _classifies(one.candidate.capabilities):
                return await self._pipeline.call(CLASSIFY_IMAGE, request, call)
        with named(_PLACES):
            return classification(await self._pipeline.call(CHAT, question(request), call))


def _classifies(capabilities: frozenset[int] | None) -> bool:
    return capabilities is not None and CAPABILITY_IMAGE_CLASSIFICATION in capabilities
