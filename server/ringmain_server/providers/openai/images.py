"""Room 4, pure: the translators of images, for every server of OpenAI's wire.

If a model makes fewer images at a time than the caller asked for, it is asked several times, and the answers
are joined in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from ringmain.v1.image_service_pb2 import (
    EditImagesRequest,
    EditImagesResponse,
    GenerateImagesRequest,
    GenerateImagesResponse,
    ImageConfig,
    ImageEvent,
    StreamImagesRequest,
)

from ringmain_server.candidate import Candidate
from ringmain_server.errors import CapabilityMissing, ProviderError
from ringmain_server.kinds.openai import ImageEndpoint
from ringmain_server.providers.multi_step import Failure, Steps
from ringmain_server.providers.openai import images_edit
from ringmain_server.providers.openai.chat import STREAM_HEADERS
from ringmain_server.providers.openai.images_answer import BLOB, checked, fill, parse, withheld
from ringmain_server.providers.openai.images_request import Order, limits_of, order
from ringmain_server.providers.openai.images_stream import OpenAIImageDecoder
from ringmain_server.providers.openai.media_wire import MediaWire
from ringmain_server.providers.patience import Patience, chosen, missing, ordered, patiently, read_one
from ringmain_server.providers.pseudonyms import user_hash
from ringmain_server.providers.translator import MultiStepTranslator, StreamTranslator
from ringmain_server.providers.transport import Fetch, HttpRequest

_GENERATE_PATH = "/images/generations"


@dataclass(frozen=True, slots=True)
class ImageWire:
    """The facts about a provider that the translators of images need.

    Attributes:
        media: The facts that every translator except chat needs.
        endpoint: The image endpoint of this kind of provider.
    """

    media: MediaWire
    endpoint: ImageEndpoint

    def ordered(self, request: GenerateImagesRequest, candidate: Candidate) -> Order:
        """Returns the order to draw images."""
        user = user_hash(request, candidate)
        return order(request.prompt, request.image_config, candidate, self.endpoint, user=user)

    def changed(self, request: EditImagesRequest, candidate: Candidate) -> Order:
        """Returns the order to change images."""
        limits = limits_of(candidate, self.endpoint)
        images_edit.check(request, limits)
        prompt, size = images_edit.prompt_of(request), images_edit.masked_size(request)
        user = user_hash(request, candidate)
        return order(prompt, request.image_config, candidate, self.endpoint, size=size, user=user)

    def generate(self, asked: Order, count: int, candidate: Candidate) -> HttpRequest:
        """Builds a request that draws images."""
        path = self.media.path(candidate, _GENERATE_PATH)
        return HttpRequest(path, {**asked.fields, **_number(count)}, blob=BLOB)

    def edit(self, asked: Order, count: int, request: EditImagesRequest, candidate: Candidate) -> HttpRequest:
        """Builds a request that changes images."""
        many = limits_of(candidate, self.endpoint).max_inputs != 1
        form = images_edit.form({**asked.fields, **_number(count)}, request, many=many)
        return HttpRequest(self.media.path(candidate, images_edit.PATH), form=form, blob=BLOB)

    def decoder(self, asked: Order, config: ImageConfig, candidate: Candidate) -> OpenAIImageDecoder:
        """Returns a decoder for one stream."""
        return OpenAIImageDecoder(asked, config, candidate, self.endpoint, self.media.errors)


def _number(count: int) -> dict[str, object]:
    return {"n": count} if count > 1 else {}


@dataclass(frozen=True, slots=True)
class OpenAIGenerateTranslator(MultiStepTranslator[GenerateImagesRequest, GenerateImagesResponse]):
    """A translator of images drawn from a description, answered whole. See `MultiStepTranslator`."""

    wire: ImageWire

    def steps(self, request: GenerateImagesRequest, candidate: Candidate) -> Steps[GenerateImagesResponse]:
        """Sends as many requests as the model's limit needs."""
        asked = self.wire.ordered(request, candidate)
        wires = [self.wire.generate(asked, count, candidate) for count in asked.counts]
        answers = yield from ordered(wires, Patience())
        response = GenerateImagesResponse()
        yield from _join(answers, response, asked, candidate, self.wire)
        return response


@dataclass(frozen=True, slots=True)
class OpenAIEditTranslator(MultiStepTranslator[EditImagesRequest, EditImagesResponse]):
    """A translator of changed images, answered whole. See `MultiStepTranslator`."""

    wire: ImageWire

    def steps(self, request: EditImagesRequest, candidate: Candidate) -> Steps[EditImagesResponse]:
        """Sends as many requests as the model's limit needs."""
        asked = self.wire.changed(request, candidate)
        wires = [self.wire.edit(asked, count, request, candidate) for count in asked.counts]
        answers = yield from ordered(wires, Patience())
        response = EditImagesResponse()
        yield from _join(answers, response, asked, candidate, self.wire)
        return response


def _join(
    answers: Sequence[bytes | Failure],
    response: GenerateImagesResponse | EditImagesResponse,
    asked: Order,
    candidate: Candidate,
    wire: ImageWire,
) -> Steps[None]:
    """Joins the images of all answers; a note on each image mentions those that are missing.

    Raises:
        ProviderError: There is no image at all.
    """
    who = candidate.provider_id
    read = partial(parse, candidate=candidate, errors=wire.media.errors)
    # Every drawn image is billed, so the failure of a request or of an image does not discard the others.
    found = [read_one(answer, read) for answer in answers]
    failures = [one for one in found if isinstance(one, Failure)]
    drawn = [one for one in found if not isinstance(one, Failure)]
    pictures = [picture for one in drawn for picture in one.pictures]
    failures += [withheld(who, picture.objection) for picture in pictures if picture.objection]
    failures += [picture.fault for picture in pictures if picture.fault is not None]
    # Some servers answer URLs. Their pictures are already billed, so fetching them is retried.
    if elsewhere := [picture for picture in pictures if picture.address]:
        wires = [Fetch(picture.address) for picture in elsewhere]
        files = yield from patiently(wires, Patience(), partial(checked, provider_id=who))
        failures += [file for file in files if isinstance(file, Failure)]
        for picture, file in zip(elsewhere, files, strict=True):
            picture.data = b"" if isinstance(file, Failure) else file
    for one in drawn:
        fill(response, one, asked, candidate, wire.endpoint)
    if not response.images:
        error = chosen(failures)
        if drawn and isinstance(error, ProviderError):
            error.final = True  # images were drawn and billed: another candidate would bill again
        raise error
    if note := missing(failures):
        for image in response.images:
            image.note = "; ".join(filter(None, (image.note, note)))


@dataclass(frozen=True, slots=True)
class OpenAIStreamGenerateTranslator(StreamTranslator[StreamImagesRequest, ImageEvent, HttpRequest, bytes]):
    """A translator of images drawn from a description, with previews. See `StreamTranslator`."""

    wire: ImageWire

    def request(self, request: StreamImagesRequest, candidate: Candidate) -> HttpRequest:
        """Builds the HTTP request."""
        asked = self.wire.ordered(request.generate, candidate)
        made = self.wire.generate(asked, _one_request(asked, candidate), candidate)
        body = {**made.body, **_streamed(request.preview_count)}
        return replace(made, body=body, headers=STREAM_HEADERS)

    def decoder(self, request: StreamImagesRequest, candidate: Candidate) -> OpenAIImageDecoder:
        """Returns a decoder for one stream."""
        return self.wire.decoder(
            self.wire.ordered(request.generate, candidate), request.generate.image_config, candidate
        )


@dataclass(frozen=True, slots=True)
class OpenAIStreamEditTranslator(StreamTranslator[StreamImagesRequest, ImageEvent, HttpRequest, bytes]):
    """A translator of changed images, with previews. See `StreamTranslator`."""

    wire: ImageWire

    def request(self, request: StreamImagesRequest, candidate: Candidate) -> HttpRequest:
        """Builds the HTTP request."""
        asked = self.wire.changed(request.edit, candidate)
        asked.fields.update(_streamed(request.preview_count))
        made = self.wire.edit(asked, _one_request(asked, candidate), request.edit, candidate)
        return replace(made, headers=STREAM_HEADERS)

    def decoder(self, request: StreamImagesRequest, candidate: Candidate) -> OpenAIImageDecoder:
        """Returns a decoder for one stream."""
        return self.wire.decoder(
            self.wire.changed(request.edit, candidate), request.edit.image_config, candidate
        )


def _streamed(previews: int) -> dict[str, object]:
    return {"stream": True, "partial_images": previews}


def _one_request(asked: Order, candidate: Candidate) -> int:
    """Returns the number of images in one stream.

    Every model that streams today can make as many images in one stream as the contract allows.

    Raises:
        CapabilityMissing: The model would need several requests.
    """
    if len(asked.counts) > 1:
        message = f"{candidate.name} cannot make that many images in one stream"
        raise CapabilityMissing(candidate.name, "image_generation", message)
    return asked.counts[0]
