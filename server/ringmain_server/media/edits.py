"""Media, outside the rooms: a request to change images, as a model takes it. Blocks: call it by a pool.

fit_edit(request, form, before=…)
"""

from ringmain.v1 import image_service_pb2 as image_pb2

from ringmain_server.media.canvas import EditForm, Margins, mask_for, outpaint
from ringmain_server.media.limits import READ_LIMITS, ReadLimits
from ringmain_server.media.probe import probe

_BEYOND = "Continue the picture beyond its borders, so that nobody sees where they were."
"""What is asked of a model that needs words, when the caller gave none."""


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
    """Brings mask and margins into a model's form, in place. The images are prepared already.

    Args:
        request: A copy that nobody else has. The first image has its bytes.
        form: How the model is told where to change an image.
        before: The first image's longer side in pixels as the caller sent it, by which margins are measured;
            zero where that is not known.
        prefix: Path of the request within a larger one, with its dot.
        read: What the gateway reads at all.

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
