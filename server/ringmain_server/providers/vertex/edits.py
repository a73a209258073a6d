"""Room 4, pure: translates a request to change images into the pictures and words that Gemini expects.

https://ai.google.dev/gemini-api/docs/image-generation#gemini-image-editing. There is no field for a mask, so
it is sent as another picture, which the words explain.
"""

from collections.abc import Iterator

from ringmain.v1 import image_service_pb2 as image_pb2

from ringmain_server.providers.vertex import media, wire

_MASKED = (
    "The last picture is a mask of the first one. Change the first picture only where the mask is white, "
    "keep everything else exactly as it is, and answer with the whole picture."
)
_BEYOND = "Continue the picture beyond its borders, so that nobody sees where they were."
_STYLED = "Redraw the first picture in the style of the other pictures, and keep what it shows."
_RESTYLED = "Redraw the picture in the style that is described, and keep what it shows."


def parts(request: image_pb2.EditImagesRequest) -> Iterator[wire.Part]:
    """Yields the parts of a request: the pictures, the mask and the instructions.

    Args:
        request: The request. Its mask, if it has one, is white where the picture is to change.

    Raises:
        MediaInvalid: This wire cannot carry a picture.
    """
    for index, image in enumerate(request.images):
        yield media.part(image, f"images[{index}]")
    if request.HasField("mask"):
        yield media.part(request.mask, "mask")
    yield wire.Part(text="\n\n".join(_words(request)))


def _words(request: image_pb2.EditImagesRequest) -> Iterator[str]:
    if request.mode == image_pb2.EDIT_MODE_OUTPAINT:
        yield _BEYOND
        if not request.HasField("mask"):
            yield _margins(request.outpaint)
    if request.mode == image_pb2.EDIT_MODE_STYLE:
        yield _STYLED if len(request.images) > 1 else _RESTYLED
    if request.HasField("mask"):
        yield _MASKED
    if request.prompt:
        yield request.prompt
    if request.image_config.style:
        yield f"Style: {request.image_config.style}"


def _margins(margins: image_pb2.Margins) -> str:
    sides = {"left": margins.left, "top": margins.top, "right": margins.right, "bottom": margins.bottom}
    wanted = [f"{pixels} pixels at the {side}" for side, pixels in sides.items() if pixels]
    return f"Add {', '.join(wanted)}."
