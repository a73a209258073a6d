"""Room 4, pure: Replicate (https://replicate.com/docs/reference/http).

A model is `owner/name`, possibly with `:version`. Each has its own input fields. The names sent here are the
most common ones; other names can be set in `provider_options`, which take precedence.
"""

import base64
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import Media

from ringmain_server.candidate import Candidate
from ringmain_server.operations import EDIT_IMAGES, GENERATE_IMAGES, UPSCALE_IMAGE
from ringmain_server.providers.jobs.errors import told_by
from ringmain_server.providers.jobs.faults import FailureReport, Fault, FaultTable
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

RATIOS = ("21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16", "9:21")
_CODE = re.compile(r"\((E\d{3,4})\)")
_FAULTS = FaultTable(
    {
        "e003": Fault.PROVIDER,  # high demand
        "e004": Fault.PROVIDER,  # temporarily unavailable
        "e005": Fault.MODERATION,
        "e006": Fault.CALLER,  # the input is invalid
    }
)
"""Codes that official models put after their messages. Other failures are whatever a model raised."""
_FORMATS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


def _generate(request: image_pb2.GenerateImagesRequest, candidate: Candidate) -> Sequence[HttpRequest]:
    config = request.image_config
    given = {"prompt": described(request.prompt, config), **_knobs(config)}
    if ratio := nearest(config, RATIOS):
        given["aspect_ratio"] = ratio
    return _each({**given, **read_options(config, candidate.kind)}, config, candidate)


def _edit(request: image_pb2.EditImagesRequest, candidate: Candidate) -> Sequence[HttpRequest]:
    check(request, candidate, most=1)
    config = request.image_config
    given = {"prompt": described(request.prompt, config), **_knobs(config)}
    given["image"] = inline(request.images[0])
    if request.HasField("mask"):
        given["mask"] = inline(request.mask)
    return _each({**given, **read_options(config, candidate.kind)}, config, candidate)


def _upscale(request: image_pb2.UpscaleImageRequest, candidate: Candidate) -> Sequence[HttpRequest]:
    config = request.upscale_config
    given: dict[str, Any] = {"image": inline(request.image), "scale": config.factor}
    if config.prompt:
        given["prompt"] = config.prompt
    return [_prediction({**given, **read_options(config, candidate.kind)}, candidate)]


def _knobs(config: image_pb2.ImageConfig) -> dict[str, Any]:
    given: dict[str, Any] = {"output_format": _FORMATS.get(config.mime_type, "png")}
    if config.negative_prompt:
        given["negative_prompt"] = config.negative_prompt
    if config.size:
        given["width"], given["height"] = map(int, config.size.split("x"))
    return given


def _each(
    given: dict[str, Any], config: image_pb2.ImageConfig, candidate: Candidate
) -> Sequence[HttpRequest]:
    """Returns one request for each image, because models differ in how many they make at once."""
    count = max(config.image_count, 1)
    if not config.HasField("seed"):
        return [_prediction(given, candidate)] * count
    return [_prediction({"seed": config.seed + index, **given}, candidate) for index in range(count)]


def _prediction(given: dict[str, Any], candidate: Candidate) -> HttpRequest:
    name, _, version = candidate.provider_model.partition(":")
    if version:
        return HttpRequest("/predictions", {"version": version, "input": given})
    return HttpRequest(f"/models/{quote(name)}/predictions", {"input": given})


def inline(media: Media) -> str:
    """Returns the URL of a medium: its own, or a `data:` URL of its bytes."""
    if media.uri:
        return media.uri
    return f"data:{media.mime_type or 'image/png'};base64,{base64.b64encode(media.data).decode()}"


def _read(document: Json) -> Job:
    status = text_at(document, "status")
    if has_succeeded(status):
        return finished(document, document.get("output") or ())
    if has_failed(status):
        told = told_by({"error": document.get("error")})
        return Job(done=True, error=FailureReport(told.message or status, _CODE.findall(told.message)))
    return Job()


def _poll(document: Json, candidate: Candidate) -> HttpRequest:
    return HttpRequest(f"/predictions/{id_at(document, candidate, 'id')}", method="GET")


def _cancel(document: Json, candidate: Candidate) -> HttpRequest:
    return HttpRequest(f"/predictions/{id_at(document, candidate, 'id')}/cancel")


_FIELDS = Fields(
    "id model version status source data_removed created_at started_at completed_at deadline",
    free="error input logs metrics output urls",
)

SERVICE = Service(
    submits={GENERATE_IMAGES: _generate, EDIT_IMAGES: _edit, UPSCALE_IMAGE: _upscale},
    read=_read,
    fields=_FIELDS,
    headers=bearer,
    poll=_poll,
    cancel=_cancel,
    result_hosts=("replicate.delivery", "*.replicate.delivery"),
    interval=(0.5, 1.0),
    faults=_FAULTS,
)
