"""Room 4, pure: one set of translators for two ways to the same models.

Vertex AI takes messages over gRPC, the Gemini developer API JSON over HTTP. What is asked and answered is the
same, so translators write and read messages, and a port makes requests of them and reads what the transport
brings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import DecodeError

from ringmain_server.candidate import Candidate
from ringmain_server.errors import InvalidField, MalformedAnswer
from ringmain_server.providers import structs
from ringmain_server.providers.vertex import values, wire
from ringmain_server.providers.vertex.chat import Resources
from ringmain_server.providers.vertex.transport import PlainRequest, VertexRequest

Object = Mapping[str, object]
"""JSON."""


class Reader(Protocol):
    """Reads what a streamed answer brings."""

    def feed(self, chunk: Any) -> Sequence[wire.GenerateContentResponse]:
        """The messages that one network read completed.

        Raises:
            ProviderError: A malformed message, or an error of the provider.
        """
        ...


class Port(Protocol):
    """A way to the models."""

    @property
    def names_formats(self) -> bool:
        """Whether it can be told the media type of an image."""
        ...

    @property
    def marks_time(self) -> bool:
        """Whether it can be asked to count the time of a recording that has no pictures."""
        ...

    def whole(
        self, message: wire.GenerateContentRequest, candidate: Candidate, given: Object, path: str
    ) -> Any:
        """A request that is answered whole.

        Args:
            message: Without the model's name.
            candidate: Who is asked.
            given: The caller's own fields, over the message.
            path: Where those are in the request, for errors.

        Raises:
            InvalidField: The caller's fields are none of this wire.
        """
        ...

    def answer(self, raw: Any, provider_id: str) -> wire.GenerateContentResponse:
        """A whole answer.

        Raises:
            ProviderError: It is malformed, or an error in disguise.
        """
        ...

    def streamed(self, message: wire.GenerateContentRequest, candidate: Candidate) -> Any:
        """A request that is answered in a stream."""
        ...

    def spoken(self, message: wire.GenerateContentRequest, candidate: Candidate, manner: str) -> Any:
        """A request for speech, answered in a stream, of a model that reads out all of its text.

        Args:
            message: Without the model's name.
            candidate: Who is asked.
            manner: How to speak, in words; empty for nothing in particular.
        """
        ...

    def reader(self, provider_id: str) -> Reader:
        """A reader for one stream."""
        ...

    def predict(self, instances: Sequence[Object], parameters: Object, candidate: Candidate) -> Any:
        """A request to a model that has no method of its own."""
        ...

    def predictions(self, raw: Any, provider_id: str) -> Sequence[Object]:
        """What it predicts; each an object.

        Raises:
            ProviderError: The answer is malformed, or an error in disguise.
        """
        ...


class _Messages:
    """The transport has read the messages already. See `Reader`."""

    def feed(self, chunk: Sequence[wire.GenerateContentResponse]) -> Sequence[wire.GenerateContentResponse]:
        return chunk


@dataclass(frozen=True, slots=True)
class VertexPort:
    """Vertex AI. See `Port`.

    Attributes:
        resources: Where the models are.
    """

    resources: Resources
    names_formats: bool = True
    marks_time: bool = True

    def whole(
        self, message: wire.GenerateContentRequest, candidate: Candidate, given: Object, path: str
    ) -> VertexRequest:
        """A request that is answered whole."""
        try:
            ParseDict(dict(given), message)
        except ParseError as exc:
            raise InvalidField.at(path, f"is not of this wire: {str(exc)[:200]}") from exc
        return self.streamed(message, candidate)

    def answer(self, raw: wire.GenerateContentResponse, provider_id: str) -> wire.GenerateContentResponse:
        """A whole answer, which the transport has read."""
        return raw

    def streamed(self, message: wire.GenerateContentRequest, candidate: Candidate) -> VertexRequest:
        """A request that is answered in a stream."""
        message.model = self.resources.name(candidate.provider_model)
        return VertexRequest(message, message.model)

    def spoken(
        self, message: wire.GenerateContentRequest, candidate: Candidate, manner: str
    ) -> VertexRequest:
        """A request for speech. These messages have no field for the manner, which is left out."""
        return self.streamed(message, candidate)

    def reader(self, provider_id: str) -> Reader:
        """A reader for one stream."""
        return _Messages()

    def predict(self, instances: Sequence[Object], parameters: Object, candidate: Candidate) -> PlainRequest:
        """https://cloud.google.com/vertex-ai/docs/reference/rpc/google.cloud.aiplatform.v1#predictrequest."""
        resource = self.resources.name(candidate.provider_model)
        message = wire.PredictRequest(endpoint=resource)
        for instance in instances:
            values.write(message.instances.add(), instance)
        values.write(message.parameters, parameters)
        return PlainRequest(message, resource)

    def predictions(self, raw: bytes, provider_id: str) -> Sequence[Object]:
        """What it predicts."""
        try:
            found = [structs.read(one) for one in wire.PredictResponse.FromString(raw).predictions]
        except DecodeError as exc:
            raise MalformedAnswer(provider_id, "answered something that is no message of this wire") from exc
        return objects(found, provider_id)


def objects(found: object, provider_id: str) -> Sequence[Object]:
    """A list of objects.

    Raises:
        MalformedAnswer: It is something else.
    """
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise MalformedAnswer(provider_id, "answered predictions of no known shape")
    return found
