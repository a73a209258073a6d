"""Room 3: what image operations do with media besides fitting each by itself.

Masks and margins take the form by which a model is told where to change an image. What was drawn takes the
media type that the caller asked for, and a note where its size is another.
"""

from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import Media

from ringmain_server.candidate import Candidate
from ringmain_server.errors import MalformedAnswer, MediaInvalid
from ringmain_server.media.detect import detect
from ringmain_server.media.edits import fit_edit, needs_fitting
from ringmain_server.media.finish import DEFAULT, header_of, note
from ringmain_server.media.transform import OUTPUT_TYPES, convert
from ringmain_server.media.walk import with_media
from ringmain_server.media.workers import MediaWorkers
from ringmain_server.operations.fit import fit_each


async def fit_edit_images(
    request: image_pb2.EditImagesRequest, candidate: Candidate, workers: MediaWorkers
) -> image_pb2.EditImagesRequest:
    """Fits the images of a request to change them, then its mask and margins. See `Operation.fit`."""
    # A mask keeps to its image, whatever the model's limits.
    fitted = await fit_each(request, candidate, workers, leave=("mask",))
    if not needs_fitting(fitted, candidate.edits):
        return fitted
    if fitted is request:
        fitted = with_media(request, {})
    await _fit_edit(fitted, candidate, workers, before=_long_side(request), prefix="")
    return fitted


async def fit_stream_edit_images(
    request: image_pb2.StreamImagesRequest, candidate: Candidate, workers: MediaWorkers
) -> image_pb2.StreamImagesRequest:
    """Does the same for a request that has one inside. See `Operation.fit`."""
    fitted = await fit_each(request, candidate, workers, leave=("edit.mask",))
    if not needs_fitting(fitted.edit, candidate.edits):
        return fitted
    if fitted is request:
        fitted = with_media(request, {})
    await _fit_edit(fitted.edit, candidate, workers, before=_long_side(request.edit), prefix="edit.")
    return fitted


async def _fit_edit(
    edit: image_pb2.EditImagesRequest,
    candidate: Candidate,
    workers: MediaWorkers,
    *,
    before: int,
    prefix: str,
) -> None:
    """Fits mask and margins in place.

    Args:
        edit: A copy that nobody else has, with fitted images.
        candidate: The candidate.
        workers: Where media are worked on.
        before: The longer side of the first image as the caller sent it; see `fit_edit`.
        prefix: The path of the request within a larger one, for errors.
    """
    if not edit.images[0].data:
        raise MediaInvalid.at(f"{prefix}images[0].uri", "must be sent as bytes where a part of it is changed")
    if edit.HasField("mask"):
        edit.mask.CopyFrom(await workers.inline(edit.mask, f"{prefix}mask"))
    await workers.pool.run(fit_edit, edit, candidate.edits, before=before, prefix=prefix, read=workers.read)


def _long_side(edit: image_pb2.EditImagesRequest) -> int:
    """Returns the longer side of the first image in pixels; zero where that cannot be told."""
    data = edit.images[0].data
    header = header_of(data, detect(data)) if data else None
    return max(header.width, header.height) if header else 0


async def finish_generated(
    request: image_pb2.GenerateImagesRequest,
    response: image_pb2.GenerateImagesResponse,
    candidate: Candidate,
    workers: MediaWorkers,
) -> None:
    """Finishes images that were drawn. See `Unary.finish`."""
    for image in response.images:
        await _finish(image, request.image_config, candidate, workers)


async def finish_edited(
    request: image_pb2.EditImagesRequest,
    response: image_pb2.EditImagesResponse,
    candidate: Candidate,
    workers: MediaWorkers,
) -> None:
    """Finishes images that were changed. See `Unary.finish`."""
    for image in response.images:
        await _finish(image, request.image_config, candidate, workers)


async def _finish(
    image: image_pb2.GeneratedImage,
    config: image_pb2.ImageConfig,
    candidate: Candidate,
    workers: MediaWorkers,
) -> None:
    """Converts an image of another type than the caller asked for, and notes a size of another."""
    wanted = config.mime_type or DEFAULT
    media, data = image.media, image.media.data  # each look at a field of bytes copies it
    media.mime_type = detect(data) or media.mime_type
    if media.mime_type != wanted:
        data = await _convert(media, data, wanted, candidate, workers)
    said = note(config, header_of(data, media.mime_type))
    del data
    image.note = "; ".join(filter(None, (image.note, said)))


async def finish_upscaled(
    request: image_pb2.UpscaleImageRequest,
    response: image_pb2.UpscaleImageResponse,
    candidate: Candidate,
    workers: MediaWorkers,
) -> None:
    """Converts an enlarged image of another type than the caller asked for or sent. See `Unary.finish`."""
    media, data = response.image, response.image.data
    media.mime_type = detect(data) or media.mime_type
    own = detect(request.image.data)
    wanted = request.upscale_config.mime_type or (own if own in OUTPUT_TYPES else media.mime_type)
    if media.mime_type != wanted:
        await _convert(media, data, wanted, candidate, workers)


async def _convert(
    media: Media, data: bytes, wanted: str, candidate: Candidate, workers: MediaWorkers
) -> bytes:
    """Converts a medium in place.

    Returns:
        Its bytes.

    Raises:
        MalformedAnswer: The provider's image cannot be read.
    """
    try:
        done = await workers.pool.run(convert, data, wanted, field="image", read=workers.read)
    except MediaInvalid as exc:
        raise MalformedAnswer(candidate.provider_id, "made an image that cannot be read") from exc
    media.data, media.mime_type = done.data, done.mime_type
    return done.data
