"""Room 1, pure: rules for making, changing and inspecting images."""

import re
from itertools import islice

from ringmain.v1 import image_service_pb2 as image_pb2

from ringmain_server.edge.rules.common import TEXT_LIMIT, Rules, found, media, short
from ringmain_server.edge.rules.options import options
from ringmain_server.edge.rules.spending import spending
from ringmain_server.errors import Violation

COUNT_LIMIT = 10
PREVIEW_LIMIT = 3
IMAGE_LIMIT = 16
MARGIN_LIMIT = 4096
SIDE_LIMIT = 16_384
FORMATS = ("image/png", "image/jpeg", "image/webp")
FACTORS = (2, 8)

_RATIO = re.compile(r"([1-9][0-9]{0,3}):([1-9][0-9]{0,3})")
_SIZE = re.compile(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})")
_SIDES = ("left", "top", "right", "bottom")


def generate(request: image_pb2.GenerateImagesRequest) -> list[Violation]:
    """Returns what is wrong with a request to draw images."""
    return found(_generate(request))


def edit(request: image_pb2.EditImagesRequest) -> list[Violation]:
    """Returns what is wrong with a request to change images."""
    return found(_edit(request))


def stream(request: image_pb2.StreamImagesRequest) -> list[Violation]:
    """Returns what is wrong with a request to make or change images as a stream."""
    return found(_stream(request))


def upscale(request: image_pb2.UpscaleImageRequest) -> list[Violation]:
    """Returns what is wrong with a request to enlarge an image."""
    return found(_upscale(request))


def inspect(request: image_pb2.InspectImageRequest) -> list[Violation]:
    """Returns what is wrong with a request to inspect an image."""
    return found(_inspect(request))


def _inspect(request: image_pb2.InspectImageRequest) -> Rules:
    yield from spending(request, model_required=False)
    yield from media(request.image, "image")


def _generate(request: image_pb2.GenerateImagesRequest) -> Rules:
    yield from spending(request)
    yield from _prompt(request.prompt, required=True)
    yield from _config(request.image_config)


def _edit(request: image_pb2.EditImagesRequest) -> Rules:
    yield from spending(request)
    # Extending an image or applying the style of other images needs no prompt.
    wordless = (image_pb2.EDIT_MODE_OUTPAINT, image_pb2.EDIT_MODE_STYLE)
    yield from _prompt(request.prompt, required=request.mode not in wordless)
    if not 1 <= len(request.images) <= IMAGE_LIMIT:
        yield Violation("images", f"holds {len(request.images)} images, and 1 to {IMAGE_LIMIT} are allowed")
    for index, image in enumerate(islice(request.images, IMAGE_LIMIT)):
        yield from media(image, f"images[{index}]")
    yield from _mode(request)
    yield from _config(request.image_config)


def _mode(request: image_pb2.EditImagesRequest) -> Rules:
    mode = request.mode
    if mode not in image_pb2.EditMode.values():
        yield Violation("mode", "is unknown")
    if request.HasField("mask"):
        yield from media(request.mask, "mask")
        if mode not in (image_pb2.EDIT_MODE_UNSPECIFIED, image_pb2.EDIT_MODE_INPAINT):
            yield Violation("mask", "belongs to EDIT_MODE_INPAINT")
    elif mode == image_pb2.EDIT_MODE_INPAINT:
        yield Violation("mask", "is not set, and EDIT_MODE_INPAINT needs it")
    if mode == image_pb2.EDIT_MODE_OUTPAINT:
        yield from _margins(request.outpaint)
    elif request.HasField("outpaint"):
        yield Violation("outpaint", "belongs to EDIT_MODE_OUTPAINT")
    if mode == image_pb2.EDIT_MODE_STYLE and len(request.images) < 2 and not request.prompt:
        yield Violation("images", "holds no style, and the prompt describes none")


def _margins(margins: image_pb2.Margins) -> Rules:
    for side in _SIDES:
        if not 0 <= getattr(margins, side) <= MARGIN_LIMIT:
            yield Violation(f"outpaint.{side}", f"is not from 0 to {MARGIN_LIMIT} pixels")
    if not any(getattr(margins, side) for side in _SIDES):
        yield Violation("outpaint", "has no margin, and EDIT_MODE_OUTPAINT needs one")


def _stream(request: image_pb2.StreamImagesRequest) -> Rules:
    kind = request.WhichOneof("request")
    if kind is None:
        yield Violation("request", "is neither generate nor edit")
    else:
        rules = _generate(request.generate) if kind == "generate" else _edit(request.edit)
        for one in rules:
            yield one.within(f"{kind}.")
    if not 0 <= request.preview_count <= PREVIEW_LIMIT:
        yield Violation("preview_count", f"is not from 0 to {PREVIEW_LIMIT}")


def _upscale(request: image_pb2.UpscaleImageRequest) -> Rules:
    yield from spending(request)
    if request.HasField("image"):
        yield from media(request.image, "image")
    else:
        yield Violation("image", "is not set")
    config, path = request.upscale_config, "upscale_config"
    if not FACTORS[0] <= config.factor <= FACTORS[1]:
        yield Violation(f"{path}.factor", f"is not from {FACTORS[0]} to {FACTORS[1]}")
    yield from short(config.prompt, f"{path}.prompt", TEXT_LIMIT)
    yield from _format(config.mime_type, f"{path}.mime_type")
    yield from options(config.provider_options, f"{path}.provider_options")


def _prompt(prompt: str, *, required: bool) -> Rules:
    if required and not prompt.strip():
        yield Violation("prompt", "describes nothing")
    yield from short(prompt, "prompt", TEXT_LIMIT)


def _config(config: image_pb2.ImageConfig) -> Rules:
    path = "image_config"
    if not 0 <= config.image_count <= COUNT_LIMIT:
        yield Violation(f"{path}.image_count", f"is not from 1 to {COUNT_LIMIT}")
    yield from short(config.style, f"{path}.style")
    yield from short(config.negative_prompt, f"{path}.negative_prompt", TEXT_LIMIT)
    yield from options(config.provider_options, f"{path}.provider_options")
    if config.aspect_ratio and not _RATIO.fullmatch(config.aspect_ratio):
        yield Violation(f"{path}.aspect_ratio", "is not width:height such as 16:9")
    if config.size:
        sides = _SIZE.fullmatch(config.size)
        if sides is None or max(int(sides[1]), int(sides[2])) > SIDE_LIMIT:
            yield Violation(f"{path}.size", f"is not WIDTHxHEIGHT such as 1024x1536, up to {SIDE_LIMIT} each")
    if config.quality not in image_pb2.ImageQuality.values():
        yield Violation(f"{path}.quality", "is unknown")
    yield from _format(config.mime_type, f"{path}.mime_type")
    if config.transparent_background and config.mime_type == "image/jpeg":
        yield Violation(f"{path}.transparent_background", "cannot be had as image/jpeg")


def _format(mime_type: str, path: str) -> Rules:
    if mime_type and mime_type not in FORMATS:
        yield Violation(path, f"is not one of {', '.join(FORMATS)}")
