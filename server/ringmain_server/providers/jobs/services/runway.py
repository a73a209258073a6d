"""Room 4, pure: Runway (https://docs.dev.runwayml.com/api). Models such as `gen4_image`.

The sizes of a model, its images to change and whether it takes a seed are in the catalog. A model that the
catalog does not know is asked as `gen4_image`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ringmain.v1 import image_service_pb2 as image_pb2

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.limits import ImageLimits
from ringmain_server.operations import EDIT_IMAGES, GENERATE_IMAGES
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
from ringmain_server.providers.jobs.services.replicate import inline
from ringmain_server.providers.jobs.shape import nearest_size
from ringmain_server.providers.known_fields import Fields
from ringmain_server.providers.structs import read_options
from ringmain_server.providers.transport import HttpRequest, Json

VERSION = "2024-11-06"
SIZES = (
    "1024x1024",
    "1920x1080",
    "1080x1920",
    "1360x768",
    "1080x1080",
    "1168x880",
    "1440x1080",
    "1080x1440",
    "1808x768",
    "2112x912",
    "1280x720",
    "720x1280",
    "720x720",
    "960x720",
    "720x960",
    "1680x720",
)
MOST_REFERENCES = 3
_USUAL = ImageLimits(sizes=SIZES, max_inputs=MOST_REFERENCES)
"""The limits of a model that the catalog does not know."""
_SEEDS = 2**32


def _generate(request: image_pb2.GenerateImagesRequest, candidate: Candidate) -> Sequence[HttpRequest]:
    return _tasks(request.prompt, request.image_config, candidate, {})


def _edit(request: image_pb2.EditImagesRequest, candidate: Candidate) -> Sequence[HttpRequest]:
    check(request, candidate, most=_limits(candidate).max_inputs, masks=False)
    references = [{"uri": inline(image)} for image in request.images]
    return _tasks(request.prompt, request.image_config, candidate, {"referenceImages": references})


def _limits(candidate: Candidate) -> ImageLimits:
    return candidate.limits.image or _USUAL


def _tasks(
    prompt: str, config: image_pb2.ImageConfig, candidate: Candidate, more: Mapping[str, Any]
) -> Sequence[HttpRequest]:
    body: dict[str, Any] = {
        "model": candidate.provider_model,
        "promptText": described(prompt, config),
        "ratio": nearest_size(config, _limits(candidate).sizes).replace("x", ":"),
        **more,
        **read_options(config, candidate.kind),
    }
    count = max(config.image_count, 1)
    if not config.HasField("seed") or "seed" in candidate.knobs.lacks:
        return [HttpRequest("/text_to_image", body)] * count
    seeds = [(config.seed + index) % _SEEDS for index in range(count)]
    return [HttpRequest("/text_to_image", {**body, "seed": seed}) for seed in seeds]


def _read(document: Json) -> Job:
    status = text_at(document, "status")
    if has_succeeded(status):
        return finished(document)
    if has_failed(status):
        code = text_at(document, "failureCode")
        return Job(done=True, error=FailureReport(text_at(document, "failure"), (code,), (code.lower(),)))
    return Job()


def _poll(document: Json, candidate: Candidate) -> HttpRequest:
    return HttpRequest(f"/tasks/{id_at(document, candidate, 'id')}", method="GET")


def _cancel(document: Json, candidate: Candidate) -> HttpRequest:
    return HttpRequest(f"/tasks/{id_at(document, candidate, 'id')}", method="DELETE")


_FAULTS = FaultTable(
    {
        "safety": Fault.MODERATION,
        "input_preprocessing.safety": Fault.MODERATION,
        "input_preprocessing.internal": Fault.PROVIDER,
        "input_preprocessing": Fault.CALLER,
        "asset": Fault.CALLER,
        # Often caused by the content of the given images, such as text.
        "internal.bad_output": Fault.UNTOLD,
        "internal": Fault.PROVIDER,
    }
)
"""The error codes of Runway: https://docs.dev.runwayml.com/errors/task-failures/."""


def _headers(key: str) -> Mapping[str, str]:
    return {**bearer(key), "X-Runway-Version": VERSION}


_FIELDS = Fields(
    "id status createdAt progress progressText output failure failureCode estimatedTimeToStart", free="cost"
)

SERVICE = Service(
    submits={GENERATE_IMAGES: _generate, EDIT_IMAGES: _edit},
    read=_read,
    fields=_FIELDS,
    headers=_headers,
    poll=_poll,
    cancel=_cancel,
    result_hosts=("*.cloudfront.net", "*.runwayml.com"),
    interval=(5.0, 5.0),
    faults=_FAULTS,
)
