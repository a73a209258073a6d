"""Media: puts a request to change images into the form that a model takes. Blocks: call it through a pool.

fit_edit(request, form, before=…)
"""

from ringmain.v1 import image_service_pb2 as image_pb2

from ringmain_server.media.canvas import EditForm, Margins, mask_for, outpaint
from ringmain_server.media.limits import READ_LIMITS, ReadLimits
from ringmain_server.media.probe import probe

_BEYOND = "Continue the picture beyond its borders, so that nobody sees where they were."
"""The prompt for a model that needs one, when the caller gave none."""


def needs_fitting(request: image_pb2.EditImagesRequest, form: EditForm) -> bool:
    """Whether a request has a mask, or margins that the model does not take."""
    outpaints = request.mode == image_pb2.EDIT_MODE_OUTPAINT
    return request.HasField("mask") or (outpaints and not form.outpaints)


def fit_edit(
    request: image_pb2.EditImagesRequest,
    form: EditForm,
    *,
    before: int,
    prefix: str = "",
    read: ReadLimits = READ_LIMITS,
) -> None:
    """Converts mask and margins to a model's form, in place. The images must be prepared already.

    Args:
        request: A copy that nobody else uses. Its first image has bytes.
        form: The form in which the model is told where to change an image.
        before: The longer side in pixels of the first image as the caller sent it, to which margins refer;
            zero where it is not known.
        prefix: Path of the request within a larger one, with its dot.
        read: The gateway's limits for any image.

    Raises:
        MediaInvalid: The mask cannot be read, or the canvas becomes too large.
    """
    image = request.images[0].data
    field = f"{prefix}images[0].data"
    found = probe(image, field=field, limits=read)
    if request.HasField("mask"):
        size = (found.width, found.height)
        request.mask.data = mask_for(
            request.mask.data, size, field=f"{prefix}mask.data", form=form.mask, read=read
        )
        request.mask.mime_type = "image/png"
        return
    # The image may have been scaled for the model since the caller measured its margins.
    scale = max(found.width, found.height) / before if before else 1.0
    margins = Margins(
        *(round(getattr(request.outpaint, side) * scale) for side in ("left", "top", "right", "bottom"))
    )
    canvas = outpaint(image, margins, field=field, form=form.mask, read=read)
    request.images[0].data, request.images[0].mime_type = canvas.image, "image/png"
    request.mask.data, request.mask.mime_type = canvas.mask, "image/png"
    request.mode = image_pb2.EDIT_MODE_INPAINT
    request.ClearField("outpaint")
    request.prompt = request.prompt or _BEYOND
