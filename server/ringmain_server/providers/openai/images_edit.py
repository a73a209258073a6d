"""Room 4, pure: writes images to change as a form of OpenAI's wire.

https://platform.openai.com/docs/api-reference/images/createEdit: gpt-image accepts up to 16 images and a mask
for the first one; DALL·E 2 accepts one square PNG. By now, an extension of an image beyond its border has
become a larger canvas with a mask. There is no endpoint for styles, so the prompt explains which image is
which.
"""

from collections.abc import Iterator, Mapping

import orjson
from ringmain.v1.content_pb2 import Media
from ringmain.v1.image_service_pb2 import EDIT_MODE_STYLE, EditImagesRequest

from ringmain_server.catalog.limits import ImageLimits
from ringmain_server.errors import MediaInvalid
from ringmain_server.media.detect import detect
from ringmain_server.media.finish import header_of
from ringmain_server.providers.transport import FormField

PATH = "/images/edits"
_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


def check(request: EditImagesRequest, limits: ImageLimits) -> None:
    """Refuses images that the model does not accept.

    Raises:
        MediaInvalid: An image is given by URL, is not square where it must be, or is one too many.
    """
    for path, media in _media(request):
        if media.WhichOneof("source") == "uri":
            raise MediaInvalid.at(path, "this provider takes no addresses; send the bytes")
    if limits.max_inputs and len(request.images) > limits.max_inputs:
        most = f"{limits.max_inputs} image{'s' if limits.max_inputs > 1 else ''}"
        raise MediaInvalid.at("images", f"holds {len(request.images)}, and the model takes {most}")
    header = header_of(request.images[0].data, detect(request.images[0].data))
    if limits.square_input and header is not None and header.width != header.height:
        found = f"is {header.width}x{header.height} pixels"
        raise MediaInvalid.at("images[0]", f"{found}, and the model takes only square images")


def _media(request: EditImagesRequest) -> Iterator[tuple[str, Media]]:
    for index, image in enumerate(request.images):
        yield f"images[{index}]", image
    if request.HasField("mask"):
        yield "mask", request.mask


def prompt_of(request: EditImagesRequest) -> str:
    """Returns the description of a change, extended by what the wire has no field for."""
    if request.mode != EDIT_MODE_STYLE:
        return request.prompt
    styles = len(request.images) - 1
    if not styles:
        return f"Redraw the image, keeping its content, in this style: {request.prompt}"
    other = "the second image" if styles == 1 else f"the other {styles} images"
    words = f"Redraw the first image, keeping its content, in the style of {other}."
    return f"{words}\n\n{request.prompt}" if request.prompt else words


def masked_size(request: EditImagesRequest) -> str:
    """Returns the size of a masked image; empty if there is no mask or the request sets a size or ratio.

    The result has the shape of the original unless the request says otherwise.
    """
    if not request.HasField("mask") or request.image_config.size or request.image_config.aspect_ratio:
        return ""
    data = request.images[0].data
    header = header_of(data, detect(data))
    return f"{header.width}x{header.height}" if header else ""


def form(fields: Mapping[str, object], request: EditImagesRequest, *, many: bool) -> list[FormField]:
    """Returns the fields of the form.

    Args:
        fields: The fields that are not files.
        request: Holds the files.
        many: Whether the model accepts several images, which changes the field's name.
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
    return FormField(name, lambda: media.data, filename=filename, mime_type=mime_type)


def _value(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
