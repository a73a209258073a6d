"""Room 2: ImageService."""

from collections.abc import AsyncGenerator

from ringmain.v1 import image_service_pb2 as image_pb2

from ringmain_server.backend import Backend, Call
from ringmain_server.operations import (
    EDIT_IMAGES,
    GENERATE_IMAGES,
    STREAM_EDIT_IMAGES,
    STREAM_GENERATE_IMAGES,
    UPSCALE_IMAGE,
)

SERVICE = image_pb2.DESCRIPTOR.services_by_name["ImageService"]


class ImageService:
    """Images from words, and changed images.

    Args:
        pipeline: What answers.
    """

    def __init__(self, pipeline: Backend) -> None:
        self._pipeline = pipeline

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
        """Makes or changes images and sends previews and bytes as they come."""
        made = request.HasField("generate")
        inner = request.generate if made else request.edit
        call.model, call.request_id = inner.model, inner.request_id
        return self._pipeline.stream(STREAM_GENERATE_IMAGES if made else STREAM_EDIT_IMAGES, request, call)

    async def UpscaleImage(
        self, request: image_pb2.UpscaleImageRequest, call: Call
    ) -> image_pb2.UpscaleImageResponse:
        """Enlarges an image."""
        return await self._pipeline.call(UPSCALE_IMAGE, request, call)
