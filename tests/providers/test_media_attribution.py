"""Tests that requests about media tell a provider who they are for, where its configuration wants that."""

from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.message import Message
from ringmain.v1 import audio_service_pb2 as audio_pb2
from ringmain.v1 import embedding_service_pb2 as embedding_pb2
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import Media
from ringmain_server import operations
from ringmain_server.candidate import Candidate
from ringmain_server.kinds import openai_kind
from ringmain_server.operations.base import AnyOperation
from ringmain_server.providers.multi_step import Send
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.openai.media import media_translators
from ringmain_server.providers.translator import MultiStepTranslator

from tests.candidates import known_candidate
from tests.providers.openai.media_golden import PNG
from tests.providers.vertex import media_golden as vertex

DRAW = image_pb2.GenerateImagesRequest(model="m", prompt="A fox")
CHANGE = image_pb2.EditImagesRequest(model="m", prompt="A hat", images=[Media(data=PNG)])
EMBED = embedding_pb2.EmbedRequest(model="m", texts=["a"])
SPEAK = audio_pb2.SpeakRequest(model="m", text="Hello")
HEAR = audio_pb2.TranscriptionConfig(model="m", mime_type="audio/mpeg")


def _sent(translator: Any, request: Any, candidate: Candidate) -> Any:
    """The first request on the wire for a request of Ann's of the feature `search`."""
    made = type(request)()
    made.CopyFrom(request)
    made.attribution.user_id = "ann"
    made.attribution.labels["feature"] = "search"
    asked = vertex.upload(made) if isinstance(made, audio_pb2.TranscriptionConfig) else made
    if isinstance(translator, MultiStepTranslator):
        step = next(translator.steps(asked, candidate))
        assert isinstance(step, Send)
        return step.wires[0]
    return translator.request(asked, candidate)


@pytest.mark.parametrize(
    ("kind", "operation", "request_", "model"),
    [
        ("openai", operations.GENERATE_IMAGES, DRAW, "gpt-image-1.5"),
        ("azure", operations.EDIT_IMAGES, CHANGE, "gpt-image-1.5"),
        ("openai", operations.EMBED, EMBED, "text-embedding-3-small"),
        ("azure", operations.EMBED, EMBED, "text-embedding-3-small"),
        ("mistral", operations.EMBED, EMBED, "mistral-embed"),
        ("xai", operations.GENERATE_IMAGES, DRAW, "grok-2-image"),
    ],
)
def test_a_user_is_told_as_a_hash(kind: str, operation: AnyOperation, request_: Message, model: str) -> None:
    """OpenAI's images and vectors have a field for the end user, which strict servers of its wire lack."""
    translator = media_translators(openai_kind(kind).endpoints, OpenAIErrors())[operation]
    for key in (b"", b"secret"):
        wire = _sent(translator, request_, replace(known_candidate("p", kind, model), user_id_key=key))
        fields = dict(wire.body or {}) | {one.name: one.value for one in wire.form or ()}
        assert len(str(fields.get("user", ""))) == (64 if key and kind in ("openai", "azure") else 0)
        assert "ann" not in str(fields.values())


@pytest.mark.parametrize("kind", ["vertex", "gemini"])
@pytest.mark.parametrize(
    ("operation", "request_", "model"),
    [
        (operations.GENERATE_IMAGES, DRAW, "gemini-2.5-flash-image"),
        (operations.EDIT_IMAGES, CHANGE, "gemini-2.5-flash-image"),
        (operations.SPEAK, SPEAK, "gemini-2.5-flash-preview-tts"),
        (operations.TRANSCRIBE, HEAR, "gemini-2.5-flash"),
    ],
)
def test_labels_show_in_googles_bill(
    kind: str, operation: AnyOperation, request_: Message, model: str
) -> None:
    """Vertex AI takes labels where it is configured; the developer API has no field for them."""
    translator = vertex.translators(model, kind)[operation]
    for wanted in (False, True):
        candidate = replace(vertex.candidate(model, kind), send_labels=wanted)
        wire = _sent(translator, request_, candidate)
        labels = dict(wire.message.labels) if kind == "vertex" else wire.body.get("labels", {})
        assert labels == ({"feature": "search"} if wanted and kind == "vertex" else {})
