"""Room 4, pure: lets one set of translators use two APIs of the same models.

Vertex AI takes messages over gRPC, and the Gemini developer API takes JSON over HTTP. Requests and answers
have the same content, so translators write and read messages; a port makes requests of them, and reads what
the transport receives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from google.protobuf.message import DecodeError

from ringmain_server.candidate import Candidate
from ringmain_server.errors import MalformedAnswer
from ringmain_server.providers import structs
from ringmain_server.providers.unknown_fields import look
from ringmain_server.providers.vertex import unknown_numbers, values, wire
from ringmain_server.providers.vertex.chat import Resources
from ringmain_server.providers.vertex.passed import merge
from ringmain_server.providers.vertex.transport import PlainRequest, VertexRequest
from ringmain_server.providers.vertex.unknown_numbers import PREDICTIONS, WIRE, UnknownNumbers

Object = Mapping[str, object]
"""A JSON object."""


class MessageReader(Protocol):
    """Reads the messages of a streamed answer."""

    def feed(self, chunk: Any) -> Sequence[wire.GenerateContentResponse]:
        """Returns the messages that one network read completes.

        Raises:
            ProviderError: A message is malformed, or reports an error.
        """
        ...


class Port(Protocol):
    """An API of the models."""

    @property
    def names_formats(self) -> bool:
        """Whether it accepts a media type for images."""
        ...

    @property
    def marks_time(self) -> bool:
        """Whether it accepts a request for timestamps of a recording without pictures."""
        ...

    def whole(
        self, message: wire.GenerateContentRequest, candidate: Candidate, given: Object, path: str
    ) -> Any:
        """Builds a request that is answered whole.

        Args:
            message: The request without the model's name.
            candidate: The candidate that is asked.
            given: The caller's own fields, which override the message.
            path: The place of those fields in the request, for error messages.

        Raises:
            InvalidField: The caller's fields do not exist on this wire.
        """
        ...

    def answer(self, raw: Any, provider_id: str) -> wire.GenerateContentResponse:
        """Reads a whole answer.

        Raises:
            ProviderError: The answer is malformed, or is an error under status 200.
        """
        ...

    def streamed(
        self, message: wire.GenerateContentRequest, candidate: Candidate, given: Object, path: str
    ) -> Any:
        """Builds a request that is answered in a stream. See `whole`."""
        ...

    def spoken(
        self,
        message: wire.GenerateContentRequest,
        candidate: Candidate,
        given: Object,
        path: str,
        *,
        manner: str,
    ) -> Any:
        """Builds a request for speech, answered in a stream, by a model that reads all of its text aloud.

        Args:
            message: The request without the model's name.
            candidate: The candidate that is asked.
            given: The caller's own fields, which override the message.
            path: The place of those fields in the request, for error messages.
            manner: The manner of speaking, in words; may be empty.
        """
        ...

    def reader(self, provider_id: str) -> MessageReader:
        """Returns a reader for one stream."""
        ...

    def predict(self, instances: Sequence[Object], parameters: Object, candidate: Candidate) -> Any:
        """Builds a request to a model that is called by `predict`."""
        ...

    def predictions(self, raw: Any, provider_id: str) -> Sequence[Object]:
        """Reads the predictions of an answer, each of them an object.

        Raises:
            ProviderError: The answer is malformed, or is an error under status 200.
        """
        ...


class _Messages:
    """A reader for messages that the transport has already parsed. See `MessageReader`."""

    def __init__(self, provider_id: str) -> None:
        self._unknown = UnknownNumbers(provider_id)

    def feed(self, chunk: Sequence[wire.GenerateContentResponse]) -> Sequence[wire.GenerateContentResponse]:
        for message in chunk:
            self._unknown.look(message)
        return chunk


@dataclass(frozen=True, slots=True)
class VertexPort:
    """The API of Vertex AI. See `Port`.

    Attributes:
        resources: The project and the location of the models.
    """

    resources: Resources
    names_formats: bool = True
    marks_time: bool = True

    def whole(
        self, message: wire.GenerateContentRequest, candidate: Candidate, given: Object, path: str
    ) -> VertexRequest:
        """Builds a request that is answered whole."""
        return self.streamed(message, candidate, given, path)

    def answer(self, raw: wire.GenerateContentResponse, provider_id: str) -> wire.GenerateContentResponse:
        """Returns the answer, which the transport has already parsed."""
        unknown_numbers.look(raw, provider_id)
        return raw

    def streamed(
        self, message: wire.GenerateContentRequest, candidate: Candidate, given: Object, path: str
    ) -> VertexRequest:
        """Builds a request that is answered in a stream."""
        merge(message, given, path)
        message.model = self.resources.name(candidate.provider_model)
        return VertexRequest(message, message.model)

    def spoken(
        self,
        message: wire.GenerateContentRequest,
        candidate: Candidate,
        given: Object,
        path: str,
        *,
        manner: str,
    ) -> VertexRequest:
        """Builds a request for speech without the manner, for which these messages have no field."""
        return self.streamed(message, candidate, given, path)

    def reader(self, provider_id: str) -> MessageReader:
        """Returns a reader for one stream."""
        return _Messages(provider_id)

    def predict(self, instances: Sequence[Object], parameters: Object, candidate: Candidate) -> PlainRequest:
        """Builds a request to a model that is called by `predict`.

        https://cloud.google.com/vertex-ai/docs/reference/rpc/google.cloud.aiplatform.v1#predictrequest
        """
        resource = self.resources.name(candidate.provider_model)
        message = wire.PredictRequest(endpoint=resource)
        for instance in instances:
            values.write(message.instances.add(), instance)
        values.write(message.parameters, parameters)
        return PlainRequest(message, resource)

    def predictions(self, raw: bytes, provider_id: str) -> Sequence[Object]:
        """Reads the predictions of an answer."""
        try:
            answer = wire.PredictResponse.FromString(raw)
        except DecodeError as exc:
            raise MalformedAnswer(provider_id, "answered something that is no message of this wire") from exc
        unknown_numbers.look(answer, provider_id)
        found = objects([structs.read(one) for one in answer.predictions], provider_id)
        look(WIRE, provider_id, {"predictions": found}, PREDICTIONS)
        return found


def objects(found: object, provider_id: str) -> Sequence[Object]:
    """Returns a list of objects.

    Raises:
        MalformedAnswer: The value is something else.
    """
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise MalformedAnswer(provider_id, "answered predictions of no known shape")
    return found
