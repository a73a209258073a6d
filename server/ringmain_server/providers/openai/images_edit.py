"""Room 4, pure: images to change, as a form of OpenAI's wire.

https://platform.openai.com/docs/api-reference/images/createEdit: gpt-image takes up to 16 images and a mask for the
first, DALL·E 2 one square PNG. There is no endpoint that draws beyond a border: the image goes on a larger canvas, whose
transparent rest is the mask. Nor is there one for styles: the description says which image is what.
"""

from collections.abc import Iterator, Mapping

import orjson
from ringmain.v1.content_pb2 import Media
from ringmain.v1.image_service_pb2 import EDIT_MODE_OUTPAINT, EDIT_MODE_STYLE, EditImagesRequest

from ringmain_server.catalog.limits import ImageLimits
from ringmain_server.errors import MediaInvalid
from ringmain_server.media.canvas import Margins, mask_for, outpaint
from ringmain_server.media.detect import detect
from ringmain_server.media.header import read_header
from ringmain_server.media.limits import ModelLimits
from ringmain_server.media.prepare import prepare
from ringmain_server.media.probe import probe
from ringmain_server.providers.transport import FormField

PATH = "/images/edits"
_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_PNG = "image/png"
_BEYOND = "Continue the picture naturally beyond its border."


def check(request: EditImagesRequest, limits: ImageLimits) -> None:
    """Refuses what no preparation makes good.

    Raises:
        MediaInvalid: An image is given by address, or there are more than the model takes.
    """
    for path, media in _media(request):
        if media.WhichOneof("source") == "uri":
            raise MediaInvalid.at(path, "this provider takes no addresses; send the bytes")
    if limits.max_inputs and len(request.images) > limits.max_inputs:
        most = f"{limits.max_inputs} image{'s' if limits.max_inputs > 1 else ''}"
        raise MediaInvalid.at("images", f"holds {len(request.images)}, and the model takes {most}")


def _media(request: EditImagesRequest) -> Iterator[tuple[str, Media]]:
    for index, image in enumerate(request.images):
        yield f"images[{index}]", image
    if request.HasField("mask"):
        yield "mask", request.mask


def needs_pixels(request: EditImagesRequest, limits: ImageLimits) -> bool:
    """Whether images must be worked upon before they are sent."""
    if request.mode == EDIT_MODE_OUTPAINT or request.HasField("mask") or limits.square_input:
        return True
    return any(not _is_taken(image.data, limits) for image in request.images)


def _is_taken(data: bytes, limits: ImageLimits) -> bool:
    fits = not limits.max_input_bytes or len(data) <= limits.max_input_bytes
    return fits and (not limits.input_types or detect(data) in limits.input_types)


def with_pixels(request: EditImagesRequest, limits: ImageLimits) -> EditImagesRequest:
    """The request with its images and its mask as the model takes them. Blocks: run it in a thread.

    Raises:
        MediaInvalid: An image cannot be read, or cannot be made to fit.
        InvalidField: A margin is out of bounds.
    """
    made = EditImagesRequest()
    made.CopyFrom(request)
    for index, image in enumerate(made.images):
        _convert(image, limits, f"images[{index}]")
    if request.mode == EDIT_MODE_OUTPAINT:
        _extend(made, made.outpaint)
    elif request.HasField("mask"):
        _fit_mask(made)
    if limits.square_input:
        _square(made)
    return made


def _convert(image: Media, limits: ImageLimits, path: str) -> None:
    if _is_taken(image.data, limits):
        return
    model = ModelLimits(mime_types=limits.input_types or tuple(_EXTENSIONS), max_bytes=limits.max_input_bytes)
    prepared = prepare(image.data, model, field=path)
    image.data, image.mime_type = prepared.data, prepared.mime_type


def _extend(made: EditImagesRequest, margins: object) -> None:
    sides = {side: getattr(margins, side) for side in ("left", "top", "right", "bottom")}
    canvas = outpaint(made.images[0].data, Margins(**sides), field="images[0]")
    made.images[0].CopyFrom(Media(data=canvas.image, mime_type=_PNG))
    made.mask.CopyFrom(Media(data=canvas.mask, mime_type=_PNG))


def _fit_mask(made: EditImagesRequest) -> None:
    found = probe(made.images[0].data, field="images[0]")
    mask = mask_for(made.mask.data, (found.width, found.height), field="mask")
    made.mask.CopyFrom(Media(data=mask, mime_type=_PNG))


def _square(made: EditImagesRequest) -> None:
    """Puts an image that is not square on a square canvas; what is around it is drawn too."""
    found = probe(made.images[0].data, field="images[0]")
    across, down = max(found.height - found.width, 0), max(found.width - found.height, 0)
    if not (across or down):
        return
    margins = Margins(across // 2, down // 2, across - across // 2, down - down // 2)
    for media in (made.images[0], *((made.mask,) if made.HasField("mask") else ())):
        canvas = outpaint(media.data, margins, field="images[0]")
        media.CopyFrom(Media(data=canvas.image, mime_type=_PNG))


def prompt_of(request: EditImagesRequest) -> str:
    """The description of a change, with what the wire has no field for."""
    if request.mode == EDIT_MODE_OUTPAINT:
        return request.prompt or _BEYOND
    if request.mode != EDIT_MODE_STYLE:
        return request.prompt
    styles = len(request.images) - 1
    if not styles:
        return f"Redraw the image, keeping its content, in this style: {request.prompt}"
    other = "the second image" if styles == 1 else f"the other {styles} images"
    words = f"Redraw the first image, keeping its content, in the style of {other}."
    return f"{words}\n\n{request.prompt}" if request.prompt else words


def canvas_size(request: EditImagesRequest) -> str:
    """The size of the picture that is wanted where a border is drawn beyond; empty elsewhere, or where it says."""
    if request.mode != EDIT_MODE_OUTPAINT or request.image_config.size or request.image_config.aspect_ratio:
        return ""
    header = read_header(request.images[0].data, _PNG, max_frames=1)
    return f"{header.width}x{header.height}" if header else ""


def form(fields: Mapping[str, object], request: EditImagesRequest, *, many: bool) -> list[FormField]:
    """The form.

    Args:
        fields: What is not a file.
        request: Has the files.
        many: Whether the model takes several images, which changes the field's name.
    """
    found = [FormField(name, _value(value)) for name, value in fields.items()]
    name = "image[]" if many else "image"
    for index, image in enumerate(request.images):
        found.append(_file(name, f"image-{index}", image))
    if request.HasField("mask"):
        found.append(_file("mask", "mask", request.mask))
    return found


def _file(name: str, stem: str, media: Media) -> FormField:
    mime_type = detect(media.data) or media.mime_type
    filename = f"{stem}.{_EXTENSIONS.get(mime_type, 'bin')}"
    return FormField(name, media.data, filename=filename, mime_type=mime_type)


def _value(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
