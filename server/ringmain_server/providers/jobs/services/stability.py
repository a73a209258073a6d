"""Room 4, pure: Stability AI's Stable Image services (https://platform.stability.ai/docs/api-reference).

All of them answer at once, except the creative upscaler. Requests are multipart forms; with `Accept:
application/json` an image comes as base64 with the reason why the model stopped.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence

import orjson
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import Media

from ringmain_server.candidate import Candidate
from ringmain_server.errors import InvalidField, MediaInvalid
from ringmain_server.media.canvas import EditForm
from ringmain_server.operations import EDIT_IMAGES, GENERATE_IMAGES, UPSCALE_IMAGE
from ringmain_server.providers.jobs.errors import told_by
from ringmain_server.providers.jobs.faults import Fault, FaultTable
from ringmain_server.providers.jobs.found import Picture
from ringmain_server.providers.jobs.inputs import check, described
from ringmain_server.providers.jobs.service import (
    Job,
    Service,
    bearer,
    finished,
    has_succeeded,
    id_at,
    items_at,
    text_at,
)
from ringmain_server.providers.jobs.shape import nearest
from ringmain_server.providers.known_fields import Fields
from ringmain_server.providers.structs import HasOptions, read_options
from ringmain_server.providers.transport import FormField, HttpRequest, Json

RATIOS = ("21:9", "16:9", "3:2", "5:4", "1:1", "4:5", "2:3", "9:16", "9:21")
LARGEST_SEED = 4_294_967_294
_FORMATS = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}
_SD3 = "/generate/sd3"
_OBJECTIONS = ("FILTER", "SAFETY", "MODERAT", "NSFW", "BLOCK")
"""Words in the finish reason of a picture that was blurred for safety."""
_GENERATE = {"core": "/generate/core", "ultra": "/generate/ultra"}
_UPSCALE = {"fast": "/upscale/fast", "conservative": "/upscale/conservative", "creative": "/upscale/creative"}
_EDIT = {
    image_pb2.EDIT_MODE_INPAINT: "/edit/inpaint",
    image_pb2.EDIT_MODE_OUTPAINT: "/edit/outpaint",
    image_pb2.EDIT_MODE_STYLE: "/control/style",
}
_FAST_FACTOR = 4


def _generate(request: image_pb2.GenerateImagesRequest, candidate: Candidate) -> Sequence[HttpRequest]:
    config, model = request.image_config, candidate.provider_model
    path = _GENERATE.get(model, _SD3)
    fields = {"prompt": request.prompt, **_knobs(config)}
    if ratio := nearest(config, RATIOS):
        fields["aspect_ratio"] = ratio
    if model == "core" and config.style:
        fields["style_preset"] = config.style
    else:
        fields["prompt"] = described(request.prompt, config)
    if path == _SD3:
        fields["model"] = model
    return _each(path, {**fields, **dict(_options(config, candidate))}, (), config)


def _edit(request: image_pb2.EditImagesRequest, candidate: Candidate) -> Sequence[HttpRequest]:
    config = request.image_config
    mode = request.mode
    check(request, candidate, most=2 if mode == image_pb2.EDIT_MODE_STYLE else 1)
    path = _EDIT.get(mode, _SD3)
    fields = _knobs(config)
    if prompt := described(request.prompt, config):
        fields["prompt"] = prompt
    files = [_file("image", request.images[0], "images[0]")]
    if mode == image_pb2.EDIT_MODE_INPAINT:
        files.append(_file("mask", request.mask, "mask"))
    elif mode == image_pb2.EDIT_MODE_OUTPAINT:
        fields |= _margins(request.outpaint)
    elif mode == image_pb2.EDIT_MODE_STYLE and len(request.images) > 1:
        path = "/control/style-transfer"
        files = [
            _file("init_image", request.images[0], "images[0]"),
            _file("style_image", request.images[1], "images[1]"),
        ]
    elif path == _SD3:
        fields |= {"mode": "image-to-image", "strength": "0.7", "model": candidate.provider_model}
    return _each(path, {**fields, **dict(_options(config, candidate))}, files, config)


def _margins(margins: image_pb2.Margins) -> dict[str, str]:
    sides = {"left": margins.left, "right": margins.right, "up": margins.top, "down": margins.bottom}
    return {name: str(pixels) for name, pixels in sides.items() if pixels}


def _upscale(request: image_pb2.UpscaleImageRequest, candidate: Candidate) -> Sequence[HttpRequest]:
    config = request.upscale_config
    path = _UPSCALE.get(candidate.provider_model, "/upscale/fast")
    if path == "/upscale/fast" and config.factor != _FAST_FACTOR:
        problem = f"is {config.factor}, and this model enlarges {_FAST_FACTOR} times"
        raise InvalidField.at("upscale_config.factor", problem)
    fields = {"output_format": _FORMATS.get(config.mime_type, "png")}
    if path != "/upscale/fast":
        fields["prompt"] = config.prompt or "a detailed image"
    fields.update(_options(config, candidate))
    return [HttpRequest(path, form=_form(fields, [_file("image", request.image, "image")]))]


def _knobs(config: image_pb2.ImageConfig) -> dict[str, str]:
    found = {"output_format": _FORMATS.get(config.mime_type, "png")}
    if config.negative_prompt:
        found["negative_prompt"] = config.negative_prompt
    return found


def _options(config: HasOptions, candidate: Candidate) -> Iterator[tuple[str, str]]:
    """Yields the passed-through options as a form writes them: text unchanged, anything else as JSON."""
    for name, value in sorted(read_options(config, candidate.kind).items()):
        yield name, value if isinstance(value, str) else orjson.dumps(value).decode()


def _each(
    path: str, fields: Mapping[str, str], files: Sequence[FormField], config: image_pb2.ImageConfig
) -> Sequence[HttpRequest]:
    """Returns one request for each image, with increasing seeds, so that the images differ."""
    count = max(config.image_count, 1)
    if not config.HasField("seed"):
        return [HttpRequest(path, form=_form(fields, files))] * count
    seeds = [(config.seed + index) % (LARGEST_SEED + 1) for index in range(count)]
    return [HttpRequest(path, form=_form({"seed": str(seed), **fields}, files)) for seed in seeds]


def _form(fields: Mapping[str, str], files: Sequence[FormField]) -> Sequence[FormField]:
    return (*(FormField(name, value) for name, value in fields.items()), *files)


def _file(name: str, media: Media, field: str) -> FormField:
    if not media.data:
        raise MediaInvalid.at(f"{field}.uri", "cannot be given to this provider: send the bytes")
    return FormField(name, media.data, filename=name, mime_type=media.mime_type or "image/png")


def _read(document: Json) -> Job:
    reason = (text_at(document, "finish_reason") or text_at(document, "finishReason")).upper()
    if any(word in reason for word in _OBJECTIONS):
        return Job(done=True, filtered="content")
    if reason == "ERROR" or items_at(document, "errors"):
        return Job(done=True, error=told_by(document))
    job = finished(document)
    if job.pictures or job.filtered is not None:
        return job
    if image := text_at(document, "image") or text_at(document, "result"):
        return Job(done=True, pictures=(_bytes(image),))
    if reason or has_succeeded(text_at(document, "status")):
        return job
    # The creative upscaler first answers an id, and then a status until it is done.
    return Job(done=False)


def _bytes(image: str) -> Picture:
    """Returns what the service calls an image; the engine reports it if it is none."""
    try:
        return base64.b64decode(image, validate=True)
    except ValueError:
        return f"data:;base64,{image}"


def _poll(document: Json, candidate: Candidate) -> HttpRequest:
    """Builds the request for a result, which is not below the image services: `/v2beta/results/{id}`."""
    return HttpRequest(f"/results/{id_at(document, candidate, 'id')}", method="GET")


_FIELDS = Fields(
    "id name status image result seed finish_reason finishReason",
    free="errors",
    artifacts=Fields("base64 seed finishReason"),
)

SERVICE = Service(
    submits={GENERATE_IMAGES: _generate, EDIT_IMAGES: _edit, UPSCALE_IMAGE: _upscale},
    read=_read,
    fields=_FIELDS,
    headers=bearer,
    poll=_poll,
    edits=EditForm("luminance", outpaints=True),
    interval=(5.0, 5.0),
    faults=FaultTable({"unauthorized": Fault.CREDENTIALS, "internal_error": Fault.PROVIDER}),
    beside="/stable-image",
)
