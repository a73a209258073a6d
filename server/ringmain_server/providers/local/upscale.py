"""Room 4, local, pure: describes the enlargement of an image as a job for a thread."""

from dataclasses import dataclass
from typing import get_args

from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.usage_pb2 import Usage

from ringmain_server.candidate import Candidate
from ringmain_server.errors import MediaInvalid, UnknownProviderModel
from ringmain_server.media.prepare import Prepared
from ringmain_server.media.transform import Method
from ringmain_server.providers.translator import UnaryTranslator

METHODS: tuple[Method, ...] = get_args(Method)
"""The models, each of which is a filter."""


@dataclass(frozen=True, slots=True)
class UpscaleJob:
    """An image to enlarge.

    Attributes:
        data: The image file.
        factor: The factor for width and height.
        method: The filter.
        mime_type: The wanted media type; empty for the image's own.
    """

    data: bytes
    factor: int
    method: Method
    mime_type: str


class LocalUpscaleTranslator(
    UnaryTranslator[image_pb2.UpscaleImageRequest, image_pb2.UpscaleImageResponse, UpscaleJob, Prepared]
):
    """A translator of requests to enlarge an image. See `UnaryTranslator`."""

    def request(self, request: image_pb2.UpscaleImageRequest, candidate: Candidate) -> UpscaleJob:
        """Builds the job.

        Raises:
            UnknownProviderModel: There is no such filter.
            MediaInvalid: The image is at a URL that is not fetched.
        """
        method = next((one for one in METHODS if one == candidate.provider_model), None)
        if method is None:
            raise UnknownProviderModel(candidate.provider_id, "has no such model")
        if not request.image.data:
            problem = "is at a host that the gateway does not fetch from: send the bytes"
            raise MediaInvalid.at("image.uri", problem)
        config = request.upscale_config
        return UpscaleJob(request.image.data, config.factor, method, config.mime_type)

    def response(
        self, raw: Prepared, request: image_pb2.UpscaleImageRequest, candidate: Candidate
    ) -> image_pb2.UpscaleImageResponse:
        """Returns the response of the contract."""
        response = image_pb2.UpscaleImageResponse(usage=Usage(image_count=1))
        response.image.mime_type, response.image.data = raw.mime_type, raw.data
        return response
