"""Room 4, pure: images drawn and changed by Gemini, which answers with pictures as well as words.

https://ai.google.dev/gemini-api/docs/image-generation. Each request draws one image, so several images take
several requests.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ringmain.v1 import image_service_pb2 as image_pb2

from ringmain_server.candidate import Candidate
from ringmain_server.errors import ContentFiltered, MalformedAnswer, ModelOutputInvalid, ProviderError
from ringmain_server.providers.multi_step import Failure, Steps
from ringmain_server.providers.patience import Patience, chosen, missing, ordered, read_one
from ringmain_server.providers.translator import MultiStepTranslator
from ringmain_server.providers.vertex import counts, edits, labels, passed, shapes, wire
from ringmain_server.providers.vertex.finish import blocked, failed, is_complete
from ringmain_server.providers.vertex.port import Port

_TEXT, _IMAGE = 1, 2
"""Values of `GenerationConfig.Modality`."""
_SEEDS = 2**31
_OWN = frozenset({"model", "contents"})
_FORMATS = {"": "image/png", "image/png": "image/png", "image/webp": "image/png", "image/jpeg": "image/jpeg"}
"""The media type to request for a wanted one; the provider cannot produce WebP."""

Drawn = TypeVar("Drawn", image_pb2.GenerateImagesResponse, image_pb2.EditImagesResponse)


@dataclass(frozen=True, slots=True)
class VertexGenerateTranslator(
    MultiStepTranslator[image_pb2.GenerateImagesRequest, image_pb2.GenerateImagesResponse]
):
    """A translator of images drawn from a description. See `MultiStepTranslator`."""

    port: Port

    def steps(
        self, request: image_pb2.GenerateImagesRequest, candidate: Candidate
    ) -> Steps[image_pb2.GenerateImagesResponse]:
        """Sends one request for each image and joins the answers."""
        message = wire.GenerateContentRequest()
        message.contents.add(role="user").parts.add(text=styled(request.prompt, request.image_config))
        labels.write(message, request, candidate)
        return _drawn(self.port, message, request.image_config, candidate, image_pb2.GenerateImagesResponse)


@dataclass(frozen=True, slots=True)
class VertexEditTranslator(MultiStepTranslator[image_pb2.EditImagesRequest, image_pb2.EditImagesResponse]):
    """A translator of changed images. See `MultiStepTranslator`."""

    port: Port

    def steps(
        self, request: image_pb2.EditImagesRequest, candidate: Candidate
    ) -> Steps[image_pb2.EditImagesResponse]:
        """Sends one request for each image and joins the answers."""
        message = wire.GenerateContentRequest()
        message.contents.add(role="user").parts.extend(edits.parts(request))
        labels.write(message, request, candidate)
        return _drawn(self.port, message, request.image_config, candidate, image_pb2.EditImagesResponse)


def styled(prompt: str, config: image_pb2.ImageConfig) -> str:
    """Returns a description that includes the style, because these models have no field for it."""
    return f"{prompt}\n\nStyle: {config.style}" if config.style else prompt


def _drawn(
    port: Port,
    message: wire.GenerateContentRequest,
    config: image_pb2.ImageConfig,
    candidate: Candidate,
    made: type[Drawn],
) -> Steps[Drawn]:
    _configure(message.generation_config, config, candidate, names_formats=port.names_formats)
    given = passed.passed(config.provider_options, candidate.kind, _OWN)
    path = f"{passed.PATH}[{candidate.kind}]"
    wires = [port.whole(one, candidate, given, path) for one in _requests(message, config)]
    raws = yield from ordered(wires, Patience())
    answers = [read_one(raw, lambda one: port.answer(one, candidate.provider_id)) for raw in raws]
    return _response(answers, candidate, made)


def _configure(
    target: wire.GenerationConfig, config: image_pb2.ImageConfig, candidate: Candidate, *, names_formats: bool
) -> None:
    target.response_modalities.extend((_TEXT, _IMAGE))
    if ratio := shapes.ratio(config, candidate):
        target.image_config.aspect_ratio = ratio
    if grade := shapes.grade(config, candidate):
        target.image_config.image_size = grade
    if names_formats and config.mime_type in _FORMATS:
        target.image_config.image_output_options.mime_type = _FORMATS[config.mime_type]


def _requests(
    message: wire.GenerateContentRequest, config: image_pb2.ImageConfig
) -> Iterator[wire.GenerateContentRequest]:
    """Yields one request for each image, each with a different seed, or all images would be alike."""
    for index in range(config.image_count or 1):
        one = copy.deepcopy(message)
        if config.HasField("seed"):
            one.generation_config.seed = (config.seed + index) % _SEEDS
        yield one


def _response(
    answers: Sequence[wire.GenerateContentResponse | Failure], candidate: Candidate, made: type[Drawn]
) -> Drawn:
    """Returns the images of all answers; missing ones are noted as long as there is at least one.

    Raises:
        ProviderError: There is no image at all.
    """
    response = made()
    failures: list[ProviderError] = []
    lost: list[Failure] = [answer for answer in answers if isinstance(answer, Failure)]
    came = [answer for answer in answers if not isinstance(answer, Failure)]
    for answer in came:
        images = list(_images(answer))
        for blob in images:
            image = response.images.add()
            image.media.mime_type, image.media.data = blob.mime_type or "image/png", blob.data
        if not images:
            failures.append(_why_none(answer, candidate.provider_id))
    if not response.images:
        raise chosen([*failures, *lost])
    note = missing([*failures, *lost])
    for image in response.images:
        image.note = note
    told = (answer.usage_metadata for answer in came)
    response.usage.CopyFrom(counts.counted(told, candidate, images=len(response.images)))
    return response


def _images(answer: wire.GenerateContentResponse) -> Iterator[wire.Blob]:
    """Yields the images of an answer, without the sketches of a model that thinks in pictures."""
    for candidate in answer.candidates:
        for part in candidate.content.parts:
            if part.WhichOneof("data") == "inline_data" and part.inline_data.data and not part.thought:
                yield part.inline_data


def _why_none(answer: wire.GenerateContentResponse, provider_id: str) -> ProviderError:
    """Returns the reason why an answer has no image; with words alone, the model declined to draw."""
    for candidate in answer.candidates:
        if found := failed(provider_id, candidate, drawn=True):
            return found
        if any(part.text for part in candidate.content.parts) and is_complete(candidate):
            return ContentFiltered(
                provider_id,
                "the model answered in words instead of drawing",
                metadata={"category": "no_image"},
            )
    if answer.prompt_feedback.block_reason:
        return blocked(provider_id, answer.prompt_feedback)
    if not answer.candidates and not answer.HasField("usage_metadata"):
        return MalformedAnswer(provider_id, "answered nothing at all")
    return ModelOutputInvalid(provider_id, "the model answered without an image")
