"""Room 4, the sandbox, pure: writes requests for pictures on its wire."""

from collections.abc import Mapping
from types import MappingProxyType

from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import Media
from ringmain_sandbox.pictures.endpoint import EDIT_PATH, GENERATION_PATH, UPSCALE_PATH

from ringmain_server.candidate import Candidate
from ringmain_server.errors import MediaInvalid
from ringmain_server.providers.structs import read_options
from ringmain_server.providers.transport import FormField, HttpRequest

_QUALITIES: Mapping[int, str] = MappingProxyType(
    {
        image_pb2.IMAGE_QUALITY_LOW: "low",
        image_pb2.IMAGE_QUALITY_MEDIUM: "medium",
        image_pb2.IMAGE_QUALITY_HIGH: "high",
        image_pb2.IMAGE_QUALITY_EXTRA_HIGH: "high",
    }
)
_MODES: Mapping[int, str] = MappingProxyType(
    {
        image_pb2.EDIT_MODE_INPAINT: "inpaint",
        image_pb2.EDIT_MODE_OUTPAINT: "outpaint",
        image_pb2.EDIT_MODE_STYLE: "style",
    }
)


def generation(
    request: image_pb2.GenerateImagesRequest, candidate: Candidate, previews: int | None = None
) -> HttpRequest:
    """Returns a request to draw a description.

    Args:
        request: The description.
        candidate: The candidate that draws.
        previews: The number of previews of each image in a stream; None for a whole answer.
    """
    return HttpRequest(GENERATION_PATH, _fields(request.prompt, request.image_config, candidate, previews))


def edit(
    request: image_pb2.EditImagesRequest, candidate: Candidate, previews: int | None = None
) -> HttpRequest:
    """Returns a request to change images.

    Args:
        request: The images and the change.
        candidate: The candidate that changes them.
        previews: The number of previews of each image in a stream; None for a whole answer.

    Raises:
        MediaInvalid: An image is given by its address.
    """
    fields = _fields(request.prompt, request.image_config, candidate, previews)
    if request.mode:
        fields["mode"] = _MODES[request.mode]
    if request.HasField("outpaint"):
        margins = request.outpaint
        fields["outpaint"] = f"{margins.left},{margins.top},{margins.right},{margins.bottom}"
    files = [_file("image[]", image, f"images[{index}]") for index, image in enumerate(request.images)]
    if request.HasField("mask"):
        files.append(_file("mask", request.mask, "mask"))
    return HttpRequest(EDIT_PATH, form=[*_form(fields), *files])


def upscale(request: image_pb2.UpscaleImageRequest, candidate: Candidate) -> HttpRequest:
    """Returns a request to enlarge an image.

    Raises:
        MediaInvalid: The image is given by its address.
    """
    config = request.upscale_config
    fields: dict[str, object] = {"model": candidate.provider_model, "factor": config.factor}
    if config.prompt:
        fields["prompt"] = config.prompt
    fields["output_format"] = format_name(upscaled_type(request))
    fields.update(read_options(config, candidate.kind))
    return HttpRequest(UPSCALE_PATH, form=[*_form(fields), _file("image", request.image, "image")])


def upscaled_type(request: image_pb2.UpscaleImageRequest) -> str:
    """Returns the media type of an enlarged image: the requested one, or its own if that can be written."""
    own = request.image.mime_type
    return request.upscale_config.mime_type or (own if own in ("image/jpeg", "image/webp") else "image/png")


def format_name(mime_type: str) -> str:
    """Returns the wire's name of a format."""
    return mime_type.removeprefix("image/") or "png"


def inline(media: Media, path: str) -> bytes:
    """Returns the bytes of an image.

    Raises:
        MediaInvalid: The image is given by its address.
    """
    if not media.HasField("data"):
        raise MediaInvalid.at(path, "an address, which this provider does not fetch")
    return media.data


def _fields(
    prompt: str, config: image_pb2.ImageConfig, candidate: Candidate, previews: int | None
) -> dict[str, object]:
    fields: dict[str, object] = {"model": candidate.provider_model, "prompt": prompt}
    fields.update(_wishes(config))
    if previews is not None:
        fields.update(stream=True, partial_images=previews)
    fields.update(read_options(config, candidate.kind))
    return fields


def _wishes(config: image_pb2.ImageConfig) -> dict[str, object]:
    """Returns the fields that the configuration sets."""
    said = {
        "n": config.image_count,
        "aspect_ratio": config.aspect_ratio,
        "size": config.size,
        "quality": _QUALITIES.get(config.quality),
        "style": config.style,
        "output_format": format_name(config.mime_type) if config.mime_type else "",
        "background": "transparent" if config.transparent_background else "",
        "negative_prompt": config.negative_prompt,
    }
    wishes: dict[str, object] = {name: value for name, value in said.items() if value}
    if config.HasField("seed"):
        wishes["seed"] = config.seed
    return wishes


def _form(fields: Mapping[str, object]) -> list[FormField]:
    return [FormField(name, "true" if value is True else str(value)) for name, value in fields.items()]


def _file(name: str, media: Media, path: str) -> FormField:
    return FormField(name, inline(media, path), path, media.mime_type)
