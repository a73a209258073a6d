"""Room 4, pure: reads Imagen's answers.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api#response-body: a prediction
is an image in base64, or the reason why it was left out.
"""

from base64 import b64decode
from collections.abc import Sequence

from ringmain.v1 import image_service_pb2 as image_pb2

from ringmain_server.errors import MalformedAnswer
from ringmain_server.providers.patience import missing
from ringmain_server.providers.vertex import safety
from ringmain_server.providers.vertex.port import Object


def images(
    answers: Sequence[Sequence[Object]], provider_id: str, prompt: str
) -> list[image_pb2.GeneratedImage]:
    """Returns the images of all answers, without those that were withheld or that cannot be read.

    Args:
        answers: The predictions of each answer.
        provider_id: The provider that answered.
        prompt: The prompt that was sent, to find out whether it was revised.

    Raises:
        ContentFiltered: A safety system withheld all images.
        MalformedAnswer: There are no images, and a prediction is neither an image nor a reason.
    """
    found, reasons, faults = [], [], []
    for prediction in (one for answer in answers for one in answer):
        # A prediction may also hold the prompt's safety ratings, and is then no fault.
        if isinstance(reason := prediction.get("raiFilteredReason"), str):
            reasons.append(reason)
        elif "bytesBase64Encoded" in prediction:
            try:
                found.append(_image(prediction, provider_id, prompt))
            except MalformedAnswer as exc:
                faults.append(exc.with_traceback(None))
        elif "safetyAttributes" not in prediction:
            faults.append(MalformedAnswer(provider_id, "answered a prediction that is no image"))
    if not found and faults:
        raise faults[0]
    if not found:
        # Unless it gives reasons, Google just leaves images out.
        raise safety.filtered(provider_id, "withheld every image", *reasons)
    for image in found:
        image.note = missing(faults, len(reasons))
    return found


def _image(prediction: Object, provider_id: str, prompt: str) -> image_pb2.GeneratedImage:
    try:
        data = b64decode(str(prediction["bytesBase64Encoded"]), validate=True)
    except ValueError as exc:
        raise MalformedAnswer(provider_id, "answered an image that is not base64") from exc
    if not data:
        raise MalformedAnswer(provider_id, "answered an empty image")
    image = image_pb2.GeneratedImage()
    image.media.data = data
    image.media.mime_type = str(prediction.get("mimeType") or "image/png")
    revised = prediction.get("prompt")
    if isinstance(revised, str) and revised != prompt:
        image.revised_prompt = revised
    return image
