"""Tests of the vertex provider: golden files of images, vectors, speech and transcripts.

A file holds `about`, an `operation` of a `model`, its `request` and what is sent for it: `sent`, the messages
of Vertex AI, and, where the developer API has the operation, `json`, its paths and bodies. It may hold the
`answers`, each the JSON of a message or the messages of a stream, with the `response`, the `events` or the
`error` that they amount to.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain_server import operations
from ringmain_server.candidate import Candidate
from ringmain_server.catalog.models import lookup
from ringmain_server.config import GeminiSettings, VertexSettings
from ringmain_server.errors import RingmainError
from ringmain_server.operations import AudioUpload
from ringmain_server.operations.upload import ReplayBuffer
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.gemini import build as build_gemini
from ringmain_server.providers.multi_step import Send
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.translator import MultiStepTranslator, StreamTranslator
from ringmain_server.providers.transport import HttpRequest
from ringmain_server.providers.vertex import build as build_vertex
from ringmain_server.providers.vertex import wire

from tests.candidates import known_candidate
from tests.shapes.store import exchanges

FOLDER = Path(__file__).parents[2] / "golden" / "vertex_media"
OPERATIONS: Mapping[str, tuple[Any, type[Message]]] = {
    "generate": (operations.GENERATE_IMAGES, image_pb2.GenerateImagesRequest),
    "edit": (operations.EDIT_IMAGES, image_pb2.EditImagesRequest),
    "upscale": (operations.UPSCALE_IMAGE, image_pb2.UpscaleImageRequest),
    "embed": (operations.EMBED, embedding_pb2.EmbedRequest),
    "speak": (operations.SPEAK, audio_pb2.SpeakRequest),
    "transcribe": (operations.TRANSCRIBE, audio_pb2.TranscriptionConfig),
}
ANSWERS: Mapping[str, type[Message]] = {
    "predict": wire.PredictResponse,
    "embed_content": wire.EmbedContentResponse,
    "generate": wire.GenerateContentResponse,
}
RECORDING = b"ID3 a recording"


def provider(kind: str = "vertex") -> Provider:
    """A provider of Google's models that reaches nobody."""
    if kind == "gemini":
        given = {"kind": "gemini", "base_url": "http://127.0.0.1:1", "api_key": "AIza-key"}
        return build_gemini("gem", GeminiSettings.model_validate(given), HttpSessions())
    given = {"kind": "vertex", "project": "p", "location": "us-central1", "insecure": True}  # type: ignore[dict-item]
    return build_vertex("gem", VertexSettings.model_validate(given), HttpSessions())


def candidate(model: str, kind: str = "vertex") -> Candidate:
    """A candidate of the provider `gem`, with what the catalog knows of it."""
    known = lookup(kind, model)
    return known_candidate("gem", kind, model, capabilities=None if known is None else known.capabilities)


def translators(model: str, kind: str = "vertex") -> Mapping[operations.AnyOperation, Any]:
    """What serves a model."""
    choose = provider(kind).translators_for
    assert choose is not None
    return choose(candidate(model, kind))


@dataclass(frozen=True)
class Golden:
    """One golden file."""

    name: str
    content: dict[str, Any]

    @property
    def model(self) -> str:
        """Who is asked."""
        return str(self.content["model"])

    @property
    def request(self) -> Any:
        """What is asked."""
        found = ParseDict(self.content["request"], OPERATIONS[self.content["operation"]][1]())
        return upload(found) if isinstance(found, audio_pb2.TranscriptionConfig) else found

    def translator(self, kind: str = "vertex") -> Any:
        """What serves it."""
        return translators(self.model, kind)[OPERATIONS[self.content["operation"]][0]]

    def wires(self, kind: str = "vertex") -> Sequence[Any]:
        """The requests that are sent."""
        translator = self.translator(kind)
        if not isinstance(translator, MultiStepTranslator):
            return [translator.request(self.request, candidate(self.model, kind))]
        step = next(translator.steps(self.request, candidate(self.model, kind)))
        assert isinstance(step, Send)
        return step.wires

    def outcome(self) -> Mapping[str, Any]:
        """What the answers amount to."""
        try:
            found = self._read()
        except RingmainError as exc:
            return {
                "error": {
                    "class": type(exc).__name__,
                    "message": exc.message,
                    **({"metadata": exc.metadata} if exc.metadata else {}),
                }
            }
        if isinstance(found, list):
            return {"events": [MessageToDict(event) for event in found]}
        return {"response": MessageToDict(found)}

    def _read(self) -> Any:
        translator, asked = self.translator(), candidate(self.model)
        if isinstance(translator, StreamTranslator):
            decoder = translator.decoder(self.request, asked)
            events: list[Any] = []
            for document in self.content["answers"]:
                events += decoder.feed([ParseDict(document, wire.GenerateContentResponse())])
            events += decoder.end()
            assert decoder.complete
            return events
        raws = [self._raw(document) for document in self.content["answers"]]
        if not isinstance(translator, MultiStepTranslator):
            return translator.response(raws[0], self.request, asked)
        steps = translator.steps(self.request, asked)
        next(steps)
        try:
            steps.send(raws)
        except StopIteration as end:
            return end.value
        raise AssertionError("asks again")

    def _raw(self, document: Mapping[str, Any]) -> Any:
        method = method_of(self.wires()[0].message)
        message = ParseDict(dict(document), ANSWERS[method]())
        return message if method == "generate" else message.SerializeToString()


def method_of(message: object) -> str:
    """Which method a message is for."""
    if isinstance(message, wire.PredictRequest):
        return "predict"
    return "embed_content" if isinstance(message, wire.EmbedContentRequest) else "generate"


def sent(wires: Sequence[Any]) -> list[dict[str, Any]]:
    """Requests as JSON."""
    if isinstance(wires[0], HttpRequest):
        return [{"path": one.path, "body": orjson.loads(orjson.dumps(one.body))} for one in wires]
    return [MessageToDict(one.message) for one in wires]


def upload(config: audio_pb2.TranscriptionConfig) -> AudioUpload:
    """A recording that is there whole."""
    buffer = ReplayBuffer(1 << 20, AssertionError)  # type: ignore[arg-type] # never made
    buffer._add(RECORDING)
    buffer.ended = True
    return AudioUpload(config, buffer)


def goldens(*fields: str) -> list[Golden]:
    """Every golden file that has these fields, and every such shape (`tests/shapes`)."""
    found = [Golden(path.stem, json.loads(path.read_text("utf-8"))) for path in sorted(FOLDER.glob("*.json"))]
    found += [Golden(name, content) for name, content in exchanges("google_media")]
    return [golden for golden in found if set(fields) <= golden.content.keys()]
