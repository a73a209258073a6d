"""Room 4, pure: Leonardo.Ai (https://docs.leonardo.ai/reference/creategeneration).

A model is named by its id.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from ringmain.v1 import image_service_pb2 as image_pb2

from ringmain_server.candidate import Candidate
from ringmain_server.operations import GENERATE_IMAGES
from ringmain_server.providers.flags import objects
from ringmain_server.providers.jobs.faults import FailureReport, Fault, FaultTable
from ringmain_server.providers.jobs.service import (
    Job,
    Service,
    bearer,
    finished,
    has_failed,
    has_succeeded,
    id_at,
    items_at,
    text_at,
    texts_at,
)
from ringmain_server.providers.jobs.shape import fitted_size
from ringmain_server.providers.known_fields import Fields
from ringmain_server.providers.structs import read_options
from ringmain_server.providers.transport import HttpRequest, Json

MOST_AT_ONCE, MOST_LARGE = 8, 4
"""Most images of one request; fewer if a side is longer than `_LARGE` pixels, as it is by default."""
_LARGE = 768
_AREA = 1024 * 1024


def _generate(request: image_pb2.GenerateImagesRequest, candidate: Candidate) -> Sequence[HttpRequest]:
    config = request.image_config
    body: dict[str, Any] = {"prompt": request.prompt, "modelId": candidate.provider_model, "public": False}
    size = fitted_size(config, step=8, least=32, most=1536, area=_AREA)
    if size is not None:
        body["width"], body["height"] = size
    if config.negative_prompt:
        body["negative_prompt"] = config.negative_prompt
    if config.style:
        body["presetStyle"] = config.style.upper()
    if config.transparent_background:
        body["transparency"] = "foreground_only"
    body.update(read_options(config, candidate.kind))
    return list(_each(body, config))


def _each(body: dict[str, Any], config: image_pb2.ImageConfig) -> Iterator[HttpRequest]:
    """Yields as many requests as are needed, with increasing seeds, so that the images differ."""
    count = max(config.image_count, 1)
    small = all(body.get(side, math.inf) <= _LARGE for side in ("width", "height"))
    most = MOST_AT_ONCE if small else MOST_LARGE
    for drawn in range(0, count, most):
        seed = {"seed": config.seed + drawn} if config.HasField("seed") else {}
        yield HttpRequest("/generations", {**seed, **body, "num_images": min(count - drawn, most)})


def _read(document: Json) -> Job:
    status = text_at(document, "generations_by_pk", "status")
    job = finished(document) if has_succeeded(status) else Job()
    if job.pictures:
        return job
    if (job.done or has_failed(status)) and (objections := _objections(document)):
        return Job(done=True, withheld=job.withheld, filtered=",".join(objections))
    if job.done:
        return job
    if has_failed(status):
        return Job(done=True, error=FailureReport("the generation failed"))
    return Job()


def _objections(document: Json) -> Sequence[str]:
    """Returns what the moderation objects to in the description, if that is why the generation failed."""
    moderations = [
        one
        for name in ("prompt_moderations", "promptModerations")
        for one in items_at(document, "generations_by_pk", name)
    ]
    found = [kind for one in moderations for kind in texts_at(one, "moderationClassification")]
    return sorted(
        {kind.lower() for kind in found} or ({"unspecified"} if any(map(objects, moderations)) else ())
    )


def _poll(document: Json, candidate: Candidate) -> HttpRequest:
    return HttpRequest(_address(document, candidate), method="GET")


def _cancel(document: Json, candidate: Candidate) -> HttpRequest:
    return HttpRequest(_address(document, candidate), method="DELETE")


def _address(document: Json, candidate: Candidate) -> str:
    return f"/generations/{id_at(document, candidate, 'sdGenerationJob', 'generationId')}"


_FIELDS = Fields(
    generations_by_pk=Fields(
        "id status createdAt modelId prompt negativePrompt seed imageHeight imageWidth inferenceSteps"
        " guidanceScale initStrength presetStyle public scheduler sdVersion photoReal photoRealStrength"
        " promptMagic promptMagicStrength promptMagicVersion ultra fantasyAvatar contrastRatio",
        free="generation_elements prompt_moderations promptModerations",
        generated_images=Fields(
            "id url nsfw likeCount fantasyAvatar imageToVideo motion motionMP4URL motionModel motionStrength",
            free="generated_image_variation_generics",
        ),
    ),
    sdGenerationJob=Fields("generationId apiCreditCost", free="cost"),
)

SERVICE = Service(
    submits={GENERATE_IMAGES: _generate},
    read=_read,
    fields=_FIELDS,
    headers=bearer,
    poll=_poll,
    cancel=_cancel,
    result_hosts=("cdn.leonardo.ai",),
    interval=(2.0, 2.0),
    faults=FaultTable({"access-denied": Fault.CREDENTIALS}),
)
