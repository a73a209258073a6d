"""Room 4, the sandbox, pure: the translators of pictures, whole and streamed."""

import base64
from collections.abc import Iterator, Sequence
from typing import TypeVar

import orjson
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.usage_pb2 import Usage
from ringmain_sandbox.pictures.endpoint import CLASSIFY_PATH

from ringmain_server.candidate import Candidate
from ringmain_server.errors import StreamBroken
from ringmain_server.media.detect import detect
from ringmain_server.operations.image_events import chunks
from ringmain_server.providers.sandbox import image_requests as requests
from ringmain_server.providers.sandbox.answers import count, decoded, document, malformed, objects
from ringmain_server.providers.sse import EventTooLarge, SseDecoder
from ringmain_server.providers.translator import Decoder, StreamTranslator, UnaryTranslator
from ringmain_server.providers.transport import HttpRequest, Json

_EVENT_LIMIT = 256 << 20
"""The most bytes of an event, which holds a picture."""

DrawnT = TypeVar("DrawnT", image_pb2.GenerateImagesResponse, image_pb2.EditImagesResponse)


class GenerateTranslator(
    UnaryTranslator[image_pb2.GenerateImagesRequest, image_pb2.GenerateImagesResponse, HttpRequest, bytes]
):
    """The translator of descriptions to images. See `UnaryTranslator`."""

    def request(self, request: image_pb2.GenerateImagesRequest, candidate: Candidate) -> HttpRequest:
        """Returns the request on the wire."""
        return requests.generation(request, candidate)

    def response(
        self, raw: bytes, request: image_pb2.GenerateImagesRequest, candidate: Candidate
    ) -> image_pb2.GenerateImagesResponse:
        """Returns the response of the contract."""
        return _drawn(raw, candidate, image_pb2.GenerateImagesResponse())


class EditTranslator(
    UnaryTranslator[image_pb2.EditImagesRequest, image_pb2.EditImagesResponse, HttpRequest, bytes]
):
    """The translator of changes to images. See `UnaryTranslator`."""

    def request(self, request: image_pb2.EditImagesRequest, candidate: Candidate) -> HttpRequest:
        """Returns the request on the wire."""
        return requests.edit(request, candidate)

    def response(
        self, raw: bytes, request: image_pb2.EditImagesRequest, candidate: Candidate
    ) -> image_pb2.EditImagesResponse:
        """Returns the response of the contract."""
        return _drawn(raw, candidate, image_pb2.EditImagesResponse())


class SandboxStreamImagesTranslator(
    StreamTranslator[image_pb2.StreamImagesRequest, image_pb2.ImageEvent, HttpRequest, bytes]
):
    """The translator of streamed images, drawn or changed. See `StreamTranslator`."""

    def request(self, request: image_pb2.StreamImagesRequest, candidate: Candidate) -> HttpRequest:
        """Returns the request on the wire."""
        if request.HasField("generate"):
            return requests.generation(request.generate, candidate, request.preview_count)
        return requests.edit(request.edit, candidate, request.preview_count)

    def decoder(self, request: image_pb2.StreamImagesRequest, candidate: Candidate) -> "ImageDecoder":
        """Returns a decoder for one stream."""
        return ImageDecoder(candidate)


class ImageDecoder(Decoder[image_pb2.ImageEvent, bytes]):
    """The decoder of one stream of pictures. See `Decoder`.

    Previews come before their image, and the event of the last image has the counts
    (https://platform.openai.com/docs/api-reference/images-streaming).

    Args:
        candidate: The candidate that draws.
        limit: The most bytes of an event.
    """

    def __init__(self, candidate: Candidate, limit: int = _EVENT_LIMIT) -> None:
        self._candidate = candidate
        self._sse = SseDecoder(limit)
        self._usage = Usage(estimated=True)
        self.complete = False

    def feed(self, chunk: bytes) -> Sequence[image_pb2.ImageEvent]:
        """Returns the events of one network read."""
        try:
            found = self._sse.feed(chunk)
        except EventTooLarge as exc:
            raise malformed(self._candidate, "an event larger than any picture") from exc
        return [event for data in found for event in self._events(data)]

    def end(self) -> Sequence[image_pb2.ImageEvent]:
        """Checks that the stream was complete; its closing completes no events."""
        if not self.complete:
            raise StreamBroken(self._candidate.provider_id, "closed the stream before its end")
        return ()

    def usage(self) -> Usage:
        """Returns the usage so far."""
        return self._usage

    def _events(self, data: bytes) -> Iterator[image_pb2.ImageEvent]:
        try:
            told: Json = orjson.loads(data)
            kind = str(told["type"])
        except (orjson.JSONDecodeError, KeyError, TypeError) as exc:
            raise malformed(self._candidate, "an event that is not one") from exc
        position = told.get("image_index")
        index = position if isinstance(position, int) else 0
        image = _image(told, self._candidate)
        if kind.endswith(".partial_image"):
            preview = image_pb2.ImagePreview(image_index=index)
            preview.media.mime_type, preview.media.data = detect(image), image
            yield image_pb2.ImageEvent(preview=preview)
        elif kind.endswith(".completed"):
            self._usage.image_count += 1
            yield from chunks(index, detect(image), image)
            if "usage" in told:
                yield self._finished(told)

    def _finished(self, told: Json) -> image_pb2.ImageEvent:
        self.complete = True
        self._usage = _usage(told, self._usage.image_count)
        return image_pb2.ImageEvent(finished=image_pb2.ImageFinished(usage=self._usage))


class UpscaleTranslator(
    UnaryTranslator[image_pb2.UpscaleImageRequest, image_pb2.UpscaleImageResponse, HttpRequest, bytes]
):
    """The translator of enlarged images. See `UnaryTranslator`."""

    def request(self, request: image_pb2.UpscaleImageRequest, candidate: Candidate) -> HttpRequest:
        """Returns the request on the wire."""
        return requests.upscale(request, candidate)

    def response(
        self, raw: bytes, request: image_pb2.UpscaleImageRequest, candidate: Candidate
    ) -> image_pb2.UpscaleImageResponse:
        """Returns the response of the contract."""
        answer = document(raw, candidate)
        data = _image(objects(answer.get("data"), candidate)[0], candidate)
        response = image_pb2.UpscaleImageResponse(usage=_usage(answer, 1))
        response.image.mime_type, response.image.data = detect(data), data
        return response


class ClassifyTranslator(
    UnaryTranslator[image_pb2.InspectImageRequest, image_pb2.InspectImageResponse, HttpRequest, bytes]
):
    """The translator of ratings and labels of an image. See `UnaryTranslator`."""

    def request(self, request: image_pb2.InspectImageRequest, candidate: Candidate) -> HttpRequest:
        """Returns the request on the wire."""
        data = base64.b64encode(requests.inline(request.image, "image")).decode()
        url = f"data:{request.image.mime_type or 'image/png'};base64,{data}"
        given = [{"type": "image_url", "image_url": {"url": url}}]
        return HttpRequest(CLASSIFY_PATH, {"model": candidate.provider_model, "input": given})

    def response(
        self, raw: bytes, request: image_pb2.InspectImageRequest, candidate: Candidate
    ) -> image_pb2.InspectImageResponse:
        """Returns the part of the contract's response that the classifier adds."""
        result = objects(document(raw, candidate).get("results"), candidate)[0]
        scores, flags, labels = (result.get(name) for name in ("category_scores", "categories", "labels"))
        if not (isinstance(scores, dict) and isinstance(flags, dict) and isinstance(labels, list)):
            raise malformed(candidate, "a rating that is not one")
        ratings = [
            image_pb2.SafetyRating(category=name, score=score, flagged=bool(flags.get(name)))
            for name, score in scores.items()
        ]
        usage = Usage(input_token_count=1)
        return image_pb2.InspectImageResponse(safety_ratings=ratings, labels=labels, usage=usage)


def _drawn(raw: bytes, candidate: Candidate, response: DrawnT) -> DrawnT:
    answer = document(raw, candidate)
    for one in objects(answer.get("data"), candidate):
        data = _image(one, candidate)
        media = response.images.add().media
        media.mime_type, media.data = detect(data), data
    response.usage.CopyFrom(_usage(answer, len(response.images)))
    return response


def _image(told: Json, candidate: Candidate) -> bytes:
    return decoded(told.get("b64_json"), candidate)


def _usage(answer: Json, images: int) -> Usage:
    return Usage(
        input_token_count=count(answer, "input_tokens"),
        output_token_count=count(answer, "output_tokens"),
        image_count=images,
    )
