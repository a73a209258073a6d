"""Room 4, pure: writes images to change as Imagen refers to them.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api-edit,
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api-customization: a prompt names
an image by its number in brackets.
"""

from base64 import b64encode
from collections.abc import Mapping

from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import Media

from ringmain_server.errors import InvalidField, MediaInvalid

_DILATION = {image_pb2.EDIT_MODE_OUTPAINT: 0.03}
"""The width by which Imagen draws into the area to keep, as a share of the image's, to hide the seam."""


def instance(request: image_pb2.EditImagesRequest) -> Mapping[str, object]:
    """Returns the description of a change and its images.

    Args:
        request: The request. Its mask, if it has one, is white where the image is to change.

    Raises:
        MediaInvalid: An image has no bytes.
    """
    raw = _reference(1, "RAW", request.images[0], "images[0]")
    others: list[Mapping[str, object]] = []
    if request.mode == image_pb2.EDIT_MODE_STYLE:
        others = [
            {
                **_reference(number, "STYLE", image, f"images[{number - 1}]"),
                "styleImageConfig": {"styleDescription": request.image_config.style},
            }
            for number, image in enumerate(request.images[1:], 2)
        ]
    elif request.HasField("mask"):
        config = {"maskMode": "MASK_MODE_USER_PROVIDED", "dilation": _DILATION.get(request.mode, 0.01)}
        others = [{**_reference(2, "MASK", request.mask, "mask"), "maskImageConfig": config}]
    return {"prompt": _prompt(request), "referenceImages": [raw, *others]}


def mode(request: image_pb2.EditImagesRequest) -> str:
    """Returns the name of the kind of change.

    Raises:
        InvalidField: The request has margins but no larger canvas, which this wire requires.
    """
    if request.mode == image_pb2.EDIT_MODE_OUTPAINT:
        if not request.HasField("mask"):
            raise InvalidField.at(
                "outpaint", "is not known to this model: it needs a larger image and a mask"
            )
        return "EDIT_MODE_OUTPAINT"
    if request.HasField("mask"):
        return "EDIT_MODE_INPAINT_INSERTION"
    return "EDIT_MODE_DEFAULT"


def inline(media: Media, path: str) -> Mapping[str, object]:
    """Returns an image in the JSON of this wire.

    Raises:
        MediaInvalid: The image is at a URL that Google cannot read.
    """
    kind = {"mimeType": media.mime_type} if media.mime_type else {}
    if media.data:
        return {"bytesBase64Encoded": b64encode(media.data).decode("ascii"), **kind}
    if media.uri.startswith("gs://"):
        return {"gcsUri": media.uri, **kind}
    raise MediaInvalid.at(path, "has no bytes, and this model fetches from gs:// alone")


def _reference(number: int, kind: str, media: Media, path: str) -> Mapping[str, object]:
    return {
        "referenceType": f"REFERENCE_TYPE_{kind}",
        "referenceId": number,
        "referenceImage": inline(media, path),
    }


def _prompt(request: image_pb2.EditImagesRequest) -> str:
    style = request.image_config.style
    if request.mode != image_pb2.EDIT_MODE_STYLE:
        return f"{request.prompt}\n\nStyle: {style}" if style else request.prompt
    shown = " and ".join(f"[{number}]" for number in range(2, len(request.images) + 1))
    like = " ".join(filter(None, (f"in the style of {shown}" if shown else "", style)))
    words = request.prompt or "Keep what it shows."
    return f"Redraw the image [1] {like}: {words}" if like else f"Redraw the image [1]: {words}"
