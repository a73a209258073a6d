"""Room 4, pure: fal's queue (https://docs.fal.ai/model-apis/model-endpoints/queue). A model is `owner/app/…`.

As at Replicate, each model has its own input fields; `provider_options` take precedence.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ringmain.v1 import image_service_pb2 as image_pb2

from ringmain_server.candidate import Candidate
from ringmain_server.operations import EDIT_IMAGES, GENERATE_IMAGES, UPSCALE_IMAGE
from ringmain_server.providers.jobs.errors import told_by
from ringmain_server.providers.jobs.faults import FailureReport, Fault, FaultTable
from ringmain_server.providers.jobs.inputs import described
from ringmain_server.providers.jobs.service import (
    Job,
    Service,
    finished,
    has_failed,
    has_succeeded,
    id_at,
    text_at,
)
from ringmain_server.providers.jobs.services.replicate import inline
from ringmain_server.providers.jobs.shape import fitted_size
from ringmain_server.providers.known_fields import Fields
from ringmain_server.providers.structs import read_options
from ringmain_server.providers.transport import HttpRequest, Json

MOST_AT_ONCE = 4
_AREA = 1024 * 1024
_PLACES = frozenset({"images", "image", "data", "output"})
"""Fields that identify a result even if they hold no pictures."""
_FORMATS = {"image/png": "png", "image/jpeg": "jpeg"}


def _generate(request: image_pb2.GenerateImagesRequest, candidate: Candidate) -> Sequence[HttpRequest]:
    config = request.image_config
    given = {"prompt": described(request.prompt, config), **_knobs(config)}
    return _each(given, config, candidate)


def _edit(request: image_pb2.EditImagesRequest, candidate: Candidate) -> Sequence[HttpRequest]:
    config = request.image_config
    given = {"prompt": described(request.prompt, config), **_knobs(config)}
    given["image_url"] = inline(request.images[0])
    if len(request.images) > 1:
        given["image_urls"] = [inline(image) for image in request.images]
    if request.HasField("mask"):
        given["mask_url"] = inline(request.mask)
    return _each(given, config, candidate)


def _upscale(request: image_pb2.UpscaleImageRequest, candidate: Candidate) -> Sequence[HttpRequest]:
    config = request.upscale_config
    given = {"image_url": inline(request.image), "upscale_factor": config.factor}
    given.update(read_options(config, candidate.kind))
    return [HttpRequest(f"/{quote(candidate.provider_model)}", given)]


def _knobs(config: image_pb2.ImageConfig) -> dict[str, Any]:
    given: dict[str, Any] = {"output_format": _FORMATS.get(config.mime_type, "png")}
    size = fitted_size(config, step=8, least=64, most=2048, area=_AREA)
    if size is not None:
        given["image_size"] = {"width": size[0], "height": size[1]}
    if config.negative_prompt:
        given["negative_prompt"] = config.negative_prompt
    return given


def _each(
    given: dict[str, Any], config: image_pb2.ImageConfig, candidate: Candidate
) -> Sequence[HttpRequest]:
    count = max(config.image_count, 1)
    options = read_options(config, candidate.kind)
    requests = []
    for drawn in range(0, count, MOST_AT_ONCE):
        body = {**given, "num_images": min(count - drawn, MOST_AT_ONCE)}
        if config.HasField("seed"):
            body["seed"] = config.seed + drawn
        requests.append(HttpRequest(f"/{quote(candidate.provider_model)}", {**body, **options}))
    return requests


def _read(document: Json) -> Job:
    """Reads an answer: those of the queue have a status or a request id, and a result only its pictures."""
    job = finished(document, text=text_at(document, "revised_prompt"))
    if job.pictures or job.filtered is not None:
        return job
    status = text_at(document, "status")
    if document.get("error") is not None or has_failed(status):
        told = told_by(document)
        return Job(
            done=True, error=told if told.message else FailureReport(status, told.codes, told.categories)
        )
    if status or document.get("request_id"):
        return Job(done=has_succeeded(status))
    return job if document.keys() & _PLACES else Job()


def _poll(document: Json, candidate: Candidate) -> HttpRequest:
    return HttpRequest(_address(document, candidate) + "/status", method="GET")


def _result(document: Json, candidate: Candidate) -> HttpRequest:
    return HttpRequest(_address(document, candidate), method="GET")


def _cancel(document: Json, candidate: Candidate) -> HttpRequest:
    return HttpRequest(_address(document, candidate) + "/cancel", method="PUT")


def _address(document: Json, candidate: Candidate) -> str:
    """Returns the path of a request, which is below the app, without the rest of the model's name."""
    app = quote("/".join(candidate.provider_model.split("/")[:2]))
    return f"/{app}/requests/{id_at(document, candidate, 'request_id')}"


_FAULTS = FaultTable(
    {
        "content_policy_violation": Fault.MODERATION,
        "internal_server_error": Fault.PROVIDER,
        "downstream_service": Fault.PROVIDER,
        "runner_": Fault.PROVIDER,
        "startup_timeout": Fault.PROVIDER,
        # The work took too long, which may be due to the request or to the provider.
        "request_timeout": Fault.UNTOLD,
        "generation_timeout": Fault.UNTOLD,
        "no_media_generated": Fault.UNTOLD,
    }
)
"""The error types of fal that are not about the request.

https://docs.fal.ai/errors and https://fal.ai/docs/documentation/model-apis/request-errors
"""


def _headers(key: str) -> Mapping[str, str]:
    return {"Authorization": f"Key {key}", "Accept": "application/json"}


_FILE = Fields("url content_type file_name file_size file_data width height", free="metadata")
_FIELDS = Fields(
    "status request_id gateway_request_id response_url status_url cancel_url queue_position"
    " prompt revised_prompt seed has_nsfw_concepts nsfw_content_detected error_type",
    free="detail error logs metrics timings",
    data=_FILE,
    image=_FILE,
    images=_FILE,
    output=_FILE,
)
"""The fields of the queue and of the usual results; each model has its own besides."""

SERVICE = Service(
    submits={GENERATE_IMAGES: _generate, EDIT_IMAGES: _edit, UPSCALE_IMAGE: _upscale},
    read=_read,
    fields=_FIELDS,
    headers=_headers,
    poll=_poll,
    result=_result,
    cancel=_cancel,
    result_hosts=("*.fal.media", "fal.media", "*.fal.ai"),
    interval=(0.5, 1.0),
    faults=_FAULTS,
)
