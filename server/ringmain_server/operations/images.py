"""Room 3: the operations of images."""

from collections.abc import Callable, Sequence
from typing import Any

from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.model_service_pb2 import (
    CAPABILITY_IMAGE_CLASSIFICATION,
    CAPABILITY_IMAGE_EDITING,
    CAPABILITY_IMAGE_GENERATION,
    CAPABILITY_IMAGE_UPSCALING,
)

from ringmain_server.call import Call
from ringmain_server.candidate import Candidate
from ringmain_server.operations.base import Accounted, Replay, Streamed, Unary, Whole
from ringmain_server.operations.identity import identify, identify_last
from ringmain_server.operations.image_events import fold, pieces, unfold
from ringmain_server.operations.image_media import (
    finish_edited,
    finish_generated,
    finish_upscaled,
    fit_edit_images,
    fit_stream_edit_images,
)
from ringmain_server.operations.needs import MEDIA_NEEDS, media_needs
from ringmain_server.operations.replay import LARGE, essence, whole

Drawing = image_pb2.GenerateImagesRequest | image_pb2.EditImagesRequest


def _passes_options(request: Drawing) -> bool:
    return bool(request.image_config.provider_options)


def _replay(response: type[Any], drawing: Callable[[Any], Drawing]) -> Replay[Any, Any, Any]:
    """Returns how drawn images are given again. A whole and a streamed operation share request ids."""
    return Replay(
        request_id=lambda request: drawing(request).request_id,
        essence=lambda request: essence(drawing(request)),
        fold=lambda events: fold(events, response),
        unfold=unfold,
        serialize=response.SerializeToString,
        parse=response.FromString,
        event_size=image_pb2.ImageEvent.ByteSize,
        keep=LARGE,
    )


GENERATE_IMAGES: Unary[image_pb2.GenerateImagesRequest, image_pb2.GenerateImagesResponse] = Unary(
    name="generate_images",
    capability=CAPABILITY_IMAGE_GENERATION,
    cacheable=True,
    routed=lambda request: request,
    accounted=lambda response: response,
    identify=identify,
    finish=finish_generated,
    passes_options=_passes_options,
    replay=_replay(image_pb2.GenerateImagesResponse, lambda request: request),
)

EDIT_IMAGES: Unary[image_pb2.EditImagesRequest, image_pb2.EditImagesResponse] = Unary(
    name="edit_images",
    capability=CAPABILITY_IMAGE_EDITING,
    cacheable=True,
    routed=lambda request: request,
    accounted=lambda response: response,
    identify=identify,
    may_need=MEDIA_NEEDS,
    needs=media_needs,
    fit=fit_edit_images,
    finish=finish_edited,
    passes_options=_passes_options,
    replay=_replay(image_pb2.EditImagesResponse, lambda request: request),
)


def _started(call: Call, candidate: Candidate, _: image_pb2.ImageEvent) -> Sequence[image_pb2.ImageEvent]:
    started = image_pb2.ImageStarted(
        response_id=call.response_id,
        provider_id=candidate.provider_id,
        provider_model=candidate.provider_model,
    )
    return (image_pb2.ImageEvent(started=started),)


def _accounted(event: image_pb2.ImageEvent) -> Accounted | None:
    return event.finished if event.HasField("finished") else None


STREAM_GENERATE_IMAGES: Streamed[image_pb2.StreamImagesRequest, image_pb2.ImageEvent] = Streamed(
    name="stream_generate_images",
    capability=CAPABILITY_IMAGE_GENERATION,
    cacheable=True,
    routed=lambda request: request.generate,
    started=_started,
    accounted=_accounted,
    identify=identify_last,
    passes_options=lambda request: _passes_options(request.generate),
    replay=_replay(image_pb2.GenerateImagesResponse, lambda request: request.generate),
    slow_first_event=True,
    whole=Whole(op=GENERATE_IMAGES, request=lambda request: request.generate, events=pieces),
)

STREAM_EDIT_IMAGES: Streamed[image_pb2.StreamImagesRequest, image_pb2.ImageEvent] = Streamed(
    name="stream_edit_images",
    capability=CAPABILITY_IMAGE_EDITING,
    cacheable=True,
    routed=lambda request: request.edit,
    started=_started,
    accounted=_accounted,
    identify=identify_last,
    may_need=MEDIA_NEEDS,
    needs=media_needs,
    fit=fit_stream_edit_images,
    passes_options=lambda request: _passes_options(request.edit),
    replay=_replay(image_pb2.EditImagesResponse, lambda request: request.edit),
    slow_first_event=True,
    whole=Whole(op=EDIT_IMAGES, request=lambda request: request.edit, events=pieces),
)

UPSCALE_IMAGE: Unary[image_pb2.UpscaleImageRequest, image_pb2.UpscaleImageResponse] = Unary(
    name="upscale_image",
    capability=CAPABILITY_IMAGE_UPSCALING,
    cacheable=True,
    routed=lambda request: request,
    accounted=lambda response: response,
    identify=identify,
    may_need=MEDIA_NEEDS,
    needs=media_needs,
    finish=finish_upscaled,
    passes_options=lambda request: bool(request.upscale_config.provider_options),
    replay=whole(image_pb2.UpscaleImageResponse),
)


CLASSIFY_IMAGE: Unary[image_pb2.InspectImageRequest, image_pb2.InspectImageResponse] = Unary(
    name="classify_image",
    capability=CAPABILITY_IMAGE_CLASSIFICATION,
    cacheable=True,
    routed=lambda request: request,
    accounted=lambda response: response,
    may_need=MEDIA_NEEDS,
    needs=media_needs,
)
