"""Tests of the openai provider: its golden files, and the pieces to run them with.

A file holds `about`, optionally `kind` and `model`, and either a `request` with its `body`, or an `answer`
and a `stream` with the `response` that both amount to. `stream_options` is what a streamed body adds, null
for nothing.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from google.protobuf.json_format import ParseDict
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse
from ringmain_server.candidate import Candidate
from ringmain_server.kinds import openai_kind
from ringmain_server.providers.openai.chat import ChatWire, OpenAIChatTranslator, OpenAIStreamChatTranslator
from ringmain_server.providers.openai.dialects import dialect_of
from ringmain_server.providers.openai.errors import OpenAIErrors

from tests.candidates import known_candidate

FOLDER = Path(__file__).parents[2] / "golden" / "openai"
USAGE: dict[str, object] = {"include_usage": True}
ASKED = ParseDict(
    {"model": "m", "messages": [{"role": "ROLE_USER", "parts": [{"text": "Hi"}]}]}, ChatRequest()
)


@dataclass(frozen=True)
class Golden:
    """One golden file."""

    name: str
    content: dict[str, Any]

    @property
    def kind(self) -> str:
        """The provider kind it is about."""
        return str(self.content.get("kind", "openai"))

    @property
    def model(self) -> str:
        """The provider's name of the model that is asked."""
        return str(self.content.get("model", "gpt-x"))

    @property
    def candidate(self) -> Candidate:
        """The candidate that is asked."""
        return candidate(self.kind, self.model)

    @property
    def wire(self) -> ChatWire:
        """What the translators of the candidate know."""
        return wire(self.kind, self.model)

    @property
    def response(self) -> ChatResponse:
        """What the answer amounts to."""
        return ParseDict(self.content["response"], ChatResponse())

    @property
    def stream(self) -> bytes:
        """The streamed answer's bytes."""
        return b"".join(b"data: " + event_data(event) + b"\n\n" for event in self.content["stream"])


def goldens(field: str) -> list[Golden]:
    """Every golden file that has this field."""
    found = [Golden(path.stem, json.loads(path.read_text("utf-8"))) for path in sorted(FOLDER.glob("*.json"))]
    return [golden for golden in found if field in golden.content]


def event_data(event: object) -> bytes:
    """An event's data: a document, or the end marker as it is."""
    return event.encode() if isinstance(event, str) else orjson.dumps(event)


def candidate(kind: str = "openai", model: str = "gpt-x") -> Candidate:
    """A candidate of the provider `up`."""
    return known_candidate("up", kind, model)


def wire(kind: str = "openai", model: str = "gpt-x") -> ChatWire:
    """What the translators of a candidate of the provider `up` know."""
    return ChatWire(dialect_of(openai_kind(kind).dialect, candidate(kind, model).knobs), OpenAIErrors())


def answer(raw: bytes, kind: str = "openai") -> ChatResponse:
    """The response that a whole answer amounts to."""
    return OpenAIChatTranslator(wire(kind)).response(raw, ASKED, candidate(kind))


def events(raw: bytes, cuts: tuple[int, ...] = (), kind: str = "openai") -> list[ChatEvent]:
    """The events of a streamed answer that arrives cut at these positions and is then closed."""
    decoder = OpenAIStreamChatTranslator(wire(kind)).decoder(ASKED, candidate(kind))
    found: list[ChatEvent] = []
    edges = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    for index, start in enumerate(edges[:-1]):
        found += decoder.feed(raw[start : edges[index + 1]])
    found += decoder.end()
    assert decoder.complete
    return found
