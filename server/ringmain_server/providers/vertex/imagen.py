"""Room 4, pure: images drawn, changed and enlarged by Imagen, by `predict`.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api,
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api-edit,
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/upscale-api.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ringmain.v1 import image_service_pb2 as image_pb2

from ringmain_server.candidate import Candidate
from ringmain_server.errors import InvalidField
from ringmain_server.providers.multi_step import Failure, Steps
from ringmain_server.providers.patience import Patience, chosen, missing, ordered, read_one
from ringmain_server.providers.translator import MultiStepTranslator, UnaryTranslator
from ringmain_server.providers.vertex import counts, imagen_answer, passed, references, shapes
from ringmain_server.providers.vertex.draw import styled
from ringmain_server.providers.vertex.port import Object, Port

_MOST = 4
"""Most images of one request."""
_FACTORS = ("x2", "x4")
"""The factors of a model of which nothing is known."""
_SEEDS = 2**31
_OWN = frozenset({"sampleCount", "sample_count", "storageUri", "storage_uri", "mode", "editMode"})
"""Fields that the gateway sets, and the storage where Google would put images instead of answering them."""
_FORMATS = {"": "image/png", "image/png": "image/png", "image/webp": "image/png", "image/jpeg": "image/jpeg"}
"""The media type to request for a wanted one; the provider cannot produce WebP."""

Drawn = TypeVar("Drawn", image_pb2.GenerateImagesResponse, image_pb2.EditImagesResponse)


@dataclass(frozen=True, slots=True)
class ImagenGenerateTranslator(
    MultiStepTranslator[image_pb2.GenerateImagesRequest, image_pb2.GenerateImagesResponse]
):
    """A translator of images drawn from a description. See `MultiStepTranslator`."""

    port: Port

    def steps(
        self, request: image_pb2.GenerateImagesRequest, candidate: Candidate
    ) -> Steps[image_pb2.GenerateImagesResponse]:
        """Sends as many requests as the model's limit needs and joins the images."""
        config = request.image_config
        prompt = styled(request.prompt, config)
        parameters = {**_shape(config, candidate), **_common(config)}
        return _drawn(
            self.port, {"prompt": prompt}, parameters, config, candidate, image_pb2.GenerateImagesResponse
        )


@dataclass(frozen=True, slots=True)
class ImagenEditTranslator(MultiStepTranslator[image_pb2.EditImagesRequest, image_pb2.EditImagesResponse]):
    """A translator of changed images. See `MultiStepTranslator`."""

    port: Port

    def steps(
        self, request: image_pb2.EditImagesRequest, candidate: Candidate
    ) -> Steps[image_pb2.EditImagesResponse]:
        """Sends as many requests as the model's limit needs and joins the images."""
        config = request.image_config
        instance = references.instance(request)
        parameters = {"editMode": references.mode(request), **_common(config)}
        return _drawn(self.port, instance, parameters, config, candidate, image_pb2.EditImagesResponse)


@dataclass(frozen=True, slots=True)
class ImagenUpscaleTranslator(
    UnaryTranslator[image_pb2.UpscaleImageRequest, image_pb2.UpscaleImageResponse, object, object]
):
    """A translator of requests to enlarge an image. See `UnaryTranslator`."""

    port: Port

    def request(self, request: image_pb2.UpscaleImageRequest, candidate: Candidate) -> object:
        """Builds the request."""
        config = request.upscale_config
        limits = candidate.limits.image
        factors = (limits.factors if limits is not None else ()) or _FACTORS
        if (factor := f"x{config.factor}") not in factors:
            known = " or ".join(one.removeprefix("x") for one in factors)
            problem = f"is {config.factor}: this model enlarges {known} times"
            raise InvalidField.at("upscale_config.factor", problem)
        instance = {
            "prompt": config.prompt or "Upscale the image",
            "image": references.inline(request.image, "image"),
        }
        wanted = config.mime_type or request.image.mime_type
        parameters = {
            "mode": "upscale",
            "sampleCount": 1,
            "includeRaiReason": True,
            "upscaleConfig": {"upscaleFactor": factor},
            "outputOptions": {"mimeType": _FORMATS.get(wanted, "image/png")},
        }
        path = "upscale_config.provider_options"
        given = passed.passed(config.provider_options, candidate.kind, _OWN, path)
        return self.port.predict((instance,), {**parameters, **given}, candidate)

    def response(
        self, raw: object, request: image_pb2.UpscaleImageRequest, candidate: Candidate
    ) -> image_pb2.UpscaleImageResponse:
        """Reads the answer."""
        found = imagen_answer.images(
            [self.port.predictions(raw, candidate.provider_id)], candidate.provider_id, ""
        )
        response = image_pb2.UpscaleImageResponse(image=found[0].media)
        response.usage.CopyFrom(counts.counted((), candidate, images=1))
        return response


def _drawn(
    port: Port,
    instance: Object,
    parameters: Object,
    config: image_pb2.ImageConfig,
    candidate: Candidate,
    made: type[Drawn],
) -> Steps[Drawn]:
    given = passed.passed(config.provider_options, candidate.kind, _OWN)
    wires = []
    for index, count in _batches(config, candidate):
        own = {**parameters, **_seeded(config, index, given), **given, "sampleCount": count}
        wires.append(port.predict((instance,), own, candidate))
    raws = yield from ordered(wires, Patience())
    found = [read_one(raw, lambda one: port.predictions(one, candidate.provider_id)) for raw in raws]
    failures = [one for one in found if isinstance(one, Failure)]
    answers = [one for one in found if not isinstance(one, Failure)]
    if not answers:
        raise chosen(failures)
    response = made(
        images=imagen_answer.images(answers, candidate.provider_id, str(instance.get("prompt", "")))
    )
    for image in response.images:
        image.note = "; ".join(dict.fromkeys(filter(None, (image.note, missing(failures)))))
    response.usage.CopyFrom(counts.counted((), candidate, images=len(response.images)))
    return response


def _batches(config: image_pb2.ImageConfig, candidate: Candidate) -> Iterator[tuple[int, int]]:
    """Yields the index of the first image of each request, and the number of images in it."""
    known = candidate.limits.image
    most = (known.max_count if known is not None else 0) or _MOST
    wanted = config.image_count or 1
    for index in range(0, wanted, most):
        yield index, min(most, wanted - index)


def _shape(config: image_pb2.ImageConfig, candidate: Candidate) -> Mapping[str, object]:
    found: dict[str, object] = {}
    if ratio := shapes.ratio(config, candidate):
        found["aspectRatio"] = ratio
    if grade := shapes.grade(config, candidate):
        found["sampleImageSize"] = grade
    return found


def _common(config: image_pb2.ImageConfig) -> Mapping[str, object]:
    found: dict[str, object] = {
        "includeRaiReason": True,
        "outputOptions": {"mimeType": _FORMATS.get(config.mime_type, "image/png")},
    }
    if config.negative_prompt:
        found["negativePrompt"] = config.negative_prompt
    return found


def _seeded(config: image_pb2.ImageConfig, index: int, given: Object) -> Mapping[str, object]:
    """Returns the seed and turns off the watermark, which Imagen requires for a seed.

    A caller who asks for the watermark by `addWatermark` gets no seed.
    """
    if not config.HasField("seed") or given.get("addWatermark"):
        return {}
    # At least 1, because zero means no seed.
    return {"seed": (config.seed + index) % (_SEEDS - 1) + 1, "addWatermark": False}
