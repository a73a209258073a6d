"""Tests, shapes: plays them to the translators of the wires of chats, as the gateway builds them."""

import functools
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.rpc import error_details_pb2  # noqa: F401 - the details of errors, by name
from google.rpc.status_pb2 import Status
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse
from ringmain_server.assembly.candidates import CandidateBuilder
from ringmain_server.candidate import Candidate
from ringmain_server.config import load
from ringmain_server.errors import ProviderError
from ringmain_server.media.workers import MediaWorkers, unchecked
from ringmain_server.operations import CHAT, STREAM_CHAT
from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.gemini.errors import GeminiErrors
from ringmain_server.providers.jobs import service_of
from ringmain_server.providers.jobs.errors import JobErrors
from ringmain_server.providers.json_base64 import plain
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.registry import build_provider
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.translator import Translators
from ringmain_server.providers.transport import ErrorMap
from ringmain_server.providers.vertex import wire
from ringmain_server.providers.vertex.errors import DETAILS, from_rpc
from ringmain_server.routing.health_registry import HealthRegistry

from tests.laws.documents import Documents, Unsayable, dumped, sse
from tests.shapes.store import Shape

PROVIDER = "up"
KEY = "sk-shapes-0123456789"
HELLO: Mapping[str, Any] = {"model": "m", "messages": [{"role": "ROLE_USER", "parts": [{"text": "Hi"}]}]}


def asked(shape: Shape) -> ChatRequest:
    """The request that an answer belongs to."""
    return ParseDict(dict(shape.content.get("asked", HELLO)), ChatRequest())


class ShapeWire(ABC):
    """A wire of chats.

    Attributes:
        settings: The usual provider of the wire, as the configuration has it.
        model: The usual model.
    """

    settings: ClassVar[Mapping[str, Any]]
    model: str

    def candidate(self, shape: Shape) -> Candidate:
        """Who answers."""
        return _built(*self._of(shape))[0]

    def translators(self, shape: Shape) -> Translators:
        """What translates."""
        return _built(*self._of(shape))[1]

    def _of(self, shape: Shape) -> tuple[str, str]:
        content = shape.content
        kind = {"kind": content["kind"]} if "kind" in content else {}
        settings = {**self.settings, **kind, **content.get("settings", {})}
        return json.dumps(settings), str(content.get("model", self.model))

    def events(self, shape: Shape, pieces: Iterable[Any]) -> list[ChatEvent]:
        """The events of a streamed answer whose bytes or messages come in these pieces.

        Raises:
            ProviderError: The answer ends in it.
        """
        decoder = self.translators(shape)[STREAM_CHAT].decoder(asked(shape), self.candidate(shape))  # type: ignore[union-attr]
        found: list[ChatEvent] = []
        for piece in pieces:
            found += decoder.feed(piece)
        if not decoder.complete:
            found += decoder.end()
        assert decoder.complete
        return found

    def whole(self, shape: Shape, document: Any) -> ChatResponse:
        """What a whole answer amounts to.

        Raises:
            ProviderError: The answer is an error.
        """
        translator: Any = self.translators(shape)[CHAT]
        found: ChatResponse = translator.response(self.raw(document), asked(shape), self.candidate(shape))
        return found

    def sent(self, shape: Shape, request: ChatRequest, *, stream: bool = False) -> Mapping[str, Any]:
        """What is sent for a request."""
        translator: Any = self.translators(shape)[STREAM_CHAT if stream else CHAT]
        return self.shown(translator.request(request, self.candidate(shape)))

    @abstractmethod
    def raw(self, document: Any) -> Any:
        """A whole answer as the transport has it."""

    @abstractmethod
    def reads(self, documents: Documents, size: int = 0) -> Iterator[Any]:
        """A streamed answer as it comes in, in reads of this size, or at once.

        Args:
            documents: The events, as a shape has them.
            size: Bytes of a read, or messages; 0 for all.
        """

    @abstractmethod
    def shown(self, request: Any) -> Mapping[str, Any]:
        """A request as JSON."""


@functools.cache
def _built(settings: str, model: str) -> tuple[Candidate, Translators]:
    """A candidate and its translators, as the gateway would build them from a configuration."""
    configured = load(environ={}, overrides={"providers": {PROVIDER: json.loads(settings)}})
    workers = MediaWorkers(check_document=unchecked)
    provider = build_provider(PROVIDER, configured.providers[PROVIDER], HttpSessions(), workers)
    builder = CandidateBuilder(configured, {PROVIDER: provider}, HealthRegistry(time.monotonic), workers)
    candidate = builder.direct(PROVIDER, model).candidate
    choose = provider.translators_for
    return candidate, choose(candidate) if choose else provider.translators


class HttpWire(ShapeWire):
    """A wire of server-sent events.

    Attributes:
        named: Whether the type of an event is also its name.
    """

    named = False

    def raw(self, document: Any) -> bytes:
        """A document, or bytes that are none."""
        return document if isinstance(document, bytes) else dumped(document)

    def reads(self, documents: Documents, size: int = 0) -> Iterator[bytes]:
        """The bytes of the events."""
        data = sse(documents, named=self.named)
        for start in range(0, len(data), size or len(data) or 1):
            yield data[start : start + (size or len(data))]

    def shown(self, request: Any) -> Mapping[str, Any]:
        """The body."""
        found: Mapping[str, Any] = plain(request.body)
        return found


class OpenAIWire(HttpWire):
    """Chat completions."""

    settings: ClassVar[Mapping[str, Any]] = {
        "kind": "openai",
        "base_url": "http://127.0.0.1:1/v1",
        "api_key": KEY,
        "wire": "chat",
    }
    model = "gpt-4.1-mini"


class ResponsesWire(HttpWire):
    """Responses."""

    settings: ClassVar[Mapping[str, Any]] = {**OpenAIWire.settings, "wire": "responses"}
    model = "gpt-5.4"
    named = True


class AnthropicWire(HttpWire):
    """Messages."""

    settings: ClassVar[Mapping[str, Any]] = {
        "kind": "anthropic",
        "base_url": "http://127.0.0.1:1",
        "api_key": KEY,
    }
    model = "claude-sonnet-4-6"
    named = True


class GeminiWire(HttpWire):
    """The developer API of Google."""

    settings: ClassVar[Mapping[str, Any]] = {
        "kind": "gemini",
        "base_url": "http://127.0.0.1:1",
        "api_key": KEY,
    }
    model = "gemini-3-flash-preview"


class VertexWire(ShapeWire):
    """Google's gRPC."""

    settings: ClassVar[Mapping[str, Any]] = {
        "kind": "vertex",
        "project": "p",
        "location": "us-central1",
        "endpoint": "127.0.0.1:1",
        "insecure": True,
    }
    model = "gemini-3-flash-preview"

    def raw(self, document: Any) -> Any:
        """A message."""
        try:
            return ParseDict(document, wire.GenerateContentResponse())
        except (ParseError, AttributeError, TypeError, ValueError, OverflowError, SystemError) as exc:
            raise Unsayable from exc

    def reads(self, documents: Documents, size: int = 0) -> Iterator[Sequence[Any]]:
        """The messages."""
        found = [self.raw(document) for document in documents]
        for start in range(0, len(found), size or len(found) or 1):
            yield found[start : start + (size or len(found))]

    def shown(self, request: Any) -> Mapping[str, Any]:
        """The message."""
        found: Mapping[str, Any] = MessageToDict(request.message)
        return found


WIRES: Mapping[str, ShapeWire] = {
    "openai": OpenAIWire(),
    "responses": ResponsesWire(),
    "anthropic": AnthropicWire(),
    "gemini": GeminiWire(),
    "vertex": VertexWire(),
}


def refused(shape: Shape) -> ProviderError:
    """What an answer with an unsuccessful status means."""
    content = shape.content
    if shape.wire == "vertex":
        return _refused_by_rpc(content)
    body = content["body"]
    raw = body.encode() if isinstance(body, str) else dumped(body)
    return _errors(shape)(PROVIDER, content["status"], content.get("headers", {}), raw)


def _errors(shape: Shape) -> ErrorMap:
    match shape.wire:
        case "anthropic":
            return AnthropicErrors((KEY,))
        case "gemini" | "google_media":
            return GeminiErrors((KEY,))
        case "jobs":
            return JobErrors((KEY,), faults=service_of(shape.content["kind"]).faults)
    return OpenAIErrors((KEY,))


def _refused_by_rpc(content: Mapping[str, Any]) -> ProviderError:
    """An error of gRPC: its status by name, its message, and the details in their JSON."""
    body = content["body"]
    status = Status(message=body["message"])
    for detail in body.get("details", ()):
        status.details.append(ParseDict(detail, Packed()))
    trailers = [*content.get("headers", {}).items()]
    if status.details:
        trailers.append((DETAILS, status.SerializeToString()))
    code = grpc.StatusCode[content["status"]]
    error = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(*trailers), status.message)
    return from_rpc(PROVIDER, error, (KEY,))
