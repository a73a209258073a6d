"""Room 4, pure: Luma (https://docs.lumalabs.ai/docs/image-generation).

Its models are `photon-1` and `photon-flash-1`.
"""

from collections.abc import Sequence
from typing import Any

from ringmain.v1 import image_service_pb2 as image_pb2

from ringmain_server.candidate import Candidate
from ringmain_server.errors import MediaInvalid
from ringmain_server.operations import EDIT_IMAGES, GENERATE_IMAGES
from ringmain_server.providers.jobs.faults import FailureReport
from ringmain_server.providers.jobs.inputs import check, described
from ringmain_server.providers.jobs.service import (
    Job,
    Service,
    bearer,
    finished,
    has_failed,
    has_succeeded,
    id_at,
    text_at,
)
from ringmain_server.providers.jobs.shape import nearest
from ringmain_server.providers.known_fields import Fields
from ringmain_server.providers.structs import read_options
from ringmain_server.providers.transport import HttpRequest, Json

RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16", "9:21")
_FORMATS = {"image/png": "png", "image/jpeg": "jpg"}


def _generate(request: image_pb2.GenerateImagesRequest, candidate: Candidate) -> Sequence[HttpRequest]:
    return _generations(request.prompt, request.image_config, candidate, {})


def _edit(request: image_pb2.EditImagesRequest, candidate: Candidate) -> Sequence[HttpRequest]:
    """Builds the requests to change an image, which Luma accepts only by URL."""
    for index, image in enumerate(request.images):
        if not image.uri:
            raise MediaInvalid.at(
                f"images[{index}].data", "cannot be given to this provider: give an address"
            )
    check(request, candidate, masks=False)
    first, *others = [{"url": image.uri} for image in request.images]
    more: dict[str, Any] = {"modify_image_ref": first}
    if request.mode == image_pb2.EDIT_MODE_STYLE and others:
        more["style_ref"] = others
    return _generations(request.prompt, request.image_config, candidate, more)


def _generations(
    prompt: str, config: image_pb2.ImageConfig, candidate: Candidate, more: dict[str, Any]
) -> Sequence[HttpRequest]:
    body: dict[str, Any] = {"model": candidate.provider_model, "prompt": described(prompt, config), **more}
    body["format"] = _FORMATS.get(config.mime_type, "png")
    if ratio := nearest(config, RATIOS):
        body["aspect_ratio"] = ratio
    body.update(read_options(config, candidate.kind))
    return [HttpRequest("/generations/image", body)] * max(config.image_count, 1)


def _read(document: Json) -> Job:
    state = text_at(document, "state")
    if has_succeeded(state):
        return finished(document)
    if has_failed(state):
        return Job(done=True, error=FailureReport(text_at(document, "failure_reason") or state))
    return Job()


def _poll(document: Json, candidate: Candidate) -> HttpRequest:
    return HttpRequest(f"/generations/{id_at(document, candidate, 'id')}", method="GET")


def _cancel(document: Json, candidate: Candidate) -> HttpRequest:
    return HttpRequest(f"/generations/{id_at(document, candidate, 'id')}", method="DELETE")


_FIELDS = Fields(
    "id type generation_type state failure_reason created_at model",
    free="request",
    assets=Fields("image video progress_video"),
)

SERVICE = Service(
    submits={GENERATE_IMAGES: _generate, EDIT_IMAGES: _edit},
    read=_read,
    fields=_FIELDS,
    headers=bearer,
    poll=_poll,
    cancel=_cancel,
    result_hosts=("*.lumalabs.ai", "*.cdn-luma.com"),
    interval=(2.0, 2.0),
)
