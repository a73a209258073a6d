"""Tests of the openai provider beside chat: its golden files, and the pieces to run them with.

A file holds `about`, `kind`, the provider's `model`, the `operation`, the `request`, and what is `sent`: for
each HTTP request its path and its body, or its form. `answers` are what the upstream gives: a document for
each request, a list of events for a stream, or text for bytes; `response` or `events` is what they amount to.
Media of a request are written as their text, `PNG` for a picture.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from ringmain.v1 import audio_service_pb2, embedding_service_pb2, image_service_pb2
from ringmain_server import operations
from ringmain_server.candidate import Candidate
from ringmain_server.errors import MediaInvalid
from ringmain_server.kinds import openai_kind
from ringmain_server.operations import AudioUpload
from ringmain_server.operations.upload import ReplayBuffer
from ringmain_server.providers.json_base64 import plain
from ringmain_server.providers.multi_step import Send
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.openai.media import media_translators
from ringmain_server.providers.translator import MultiStepTranslator, UnaryTranslator
from ringmain_server.providers.transport import HttpRequest

from tests.candidates import known_candidate
from tests.fakes.openai_media import picture
from tests.shapes.store import exchanges

FOLDER = Path(__file__).parents[2] / "golden" / "openai_media"
PNG = picture("64x64")
REQUESTS: dict[str, type[Message]] = {
    "GENERATE_IMAGES": image_service_pb2.GenerateImagesRequest,
    "EDIT_IMAGES": image_service_pb2.EditImagesRequest,
    "STREAM_GENERATE_IMAGES": image_service_pb2.StreamImagesRequest,
    "STREAM_EDIT_IMAGES": image_service_pb2.StreamImagesRequest,
    "CLASSIFY_IMAGE": image_service_pb2.InspectImageRequest,
    "EMBED": embedding_service_pb2.EmbedRequest,
    "SPEAK": audio_service_pb2.SpeakRequest,
    "TRANSCRIBE": audio_service_pb2.TranscriptionConfig,
}


@dataclass(frozen=True)
class MediaGolden:
    """One golden file."""

    name: str
    content: dict[str, Any]

    @property
    def candidate(self) -> Candidate:
        """The model that is asked."""
        kind, model = self.content["kind"], self.content["model"]
        return known_candidate("up", kind, model)

    @property
    def operation(self) -> operations.AnyOperation:
        """What is asked for."""
        found: operations.AnyOperation = getattr(operations, self.content["operation"])
        return found

    @property
    def translator(self) -> Any:
        """What is under test."""
        deployments = bool(self.content.get("deployments"))
        endpoints = openai_kind(self.content["kind"]).endpoints
        return media_translators(endpoints, OpenAIErrors(), deployments=deployments)[self.operation]

    @property
    def request(self) -> Any:
        """What the caller asks."""
        made = ParseDict(_with_media(self.content["request"]), REQUESTS[self.content["operation"]]())
        if not isinstance(made, audio_service_pb2.TranscriptionConfig):
            return made
        return AudioUpload(made, ReplayBuffer(1 << 20, lambda: MediaInvalid.at("chunk", "is too large")))

    @property
    def answers(self) -> list[bytes]:
        """What the upstream answers, one for each request."""
        return [_answer(one) for one in self.content["answers"]]


def goldens() -> list[MediaGolden]:
    """Every file, and every shape of these wires (`tests/shapes`)."""
    found = sorted(FOLDER.glob("*.json"))
    files = [MediaGolden(path.stem, json.loads(path.read_text("utf-8"))) for path in found]
    return [*files, *(MediaGolden(name, content) for name, content in exchanges("openai_media"))]


def _with_media(value: Any) -> Any:
    """The request with its media as proto JSON wants them."""
    if isinstance(value, dict):
        return {name: _with_media(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_media(one) for one in value]
    return _text(PNG) if value == "PNG" else value


def _answer(one: Any) -> bytes:
    if isinstance(one, str):
        return one.encode()
    filled = _with_media(one)
    if isinstance(filled, list):
        return b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in filled)
    return orjson.dumps(filled)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sent(golden: MediaGolden) -> Sequence[HttpRequest]:
    """What is sent for the request."""
    translator = golden.translator
    if not isinstance(translator, MultiStepTranslator):
        return [translator.request(golden.request, golden.candidate)]
    step = next(translator.steps(golden.request, golden.candidate))
    assert isinstance(step, Send)
    return step.wires


def shown(wire: HttpRequest) -> dict[str, Any]:
    """A request as a golden file shows it."""
    if not wire.form:
        return {"path": wire.path, "body": _without_pictures(plain(wire.body))}
    fields: list[Any] = []
    for one in wire.form:
        given = one.value() if callable(one.value) and one.name != "file" else one.value
        value = given if isinstance(given, str) else "PNG" if given == PNG else "…"
        fields.append([one.name, value, *filter(None, (one.filename, one.mime_type))])
    return {"path": wire.path, "form": fields}


def _without_pictures(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_pictures(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_pictures(one) for one in value]
    return value.replace(_text(PNG), "PNG") if isinstance(value, str) else value


def amounts_to(golden: MediaGolden, *, cut: int = 0) -> Any:
    """What the answers amount to: a response, or events.

    Args:
        golden: Has the answers.
        cut: Bytes of each network read; 0 for all at once.
    """
    translator, request, candidate = golden.translator, golden.request, golden.candidate
    if isinstance(translator, MultiStepTranslator):
        steps = translator.steps(request, candidate)
        next(steps)
        try:
            steps.send(golden.answers)
        except StopIteration as end:
            return _told(end.value)
        raise AssertionError("asked again")
    if isinstance(translator, UnaryTranslator):
        return _told(translator.response(golden.answers[0], request, candidate))
    decoder, events = translator.decoder(request, candidate), []
    data = golden.answers[0]
    step = cut or len(data)
    for start in range(0, len(data), step):
        events += decoder.feed(data[start : start + step])
    if not decoder.complete:
        events += decoder.end()
    return [_told(event) for event in events]


def _told(message: Message) -> Any:
    return _without_pictures(MessageToDict(message))


USUAL_MODELS = {
    "EMBED": "text-embedding-3-small",
    "GENERATE_IMAGES": "gpt-image-1.5",
    "STREAM_GENERATE_IMAGES": "gpt-image-1.5",
    "CLASSIFY_IMAGE": "omni-moderation-latest",
    "SPEAK": "gpt-4o-mini-tts",
    "TRANSCRIBE": "gpt-4o-transcribe",
}
USUAL_REQUESTS: dict[str, Any] = {
    "EMBED": {"texts": ["a", "b"]},
    "GENERATE_IMAGES": {"prompt": "A fox"},
    "STREAM_GENERATE_IMAGES": {"generate": {"prompt": "A fox", "imageConfig": {"imageCount": 2}}},
    "CLASSIFY_IMAGE": {"image": {"data": "PNG"}},
    "SPEAK": {"text": "Hello"},
    "TRANSCRIBE": {"mimeType": "audio/wav"},
}


def asked(
    operation: str, *answers: Any, kind: str = "openai", model: str = "", **request: Any
) -> MediaGolden:
    """A request and its answers, as a golden file would have them."""
    named = {} if operation in ("STREAM_GENERATE_IMAGES", "CLASSIFY_IMAGE") else {"model": "m"}
    content = {
        "kind": kind,
        "model": model or USUAL_MODELS[operation],
        "operation": operation,
        "request": {**named, **USUAL_REQUESTS[operation], **request},
        "answers": list(answers),
    }
    return MediaGolden(operation, content)
