"""Tests of the vertex provider: its golden files, and the pieces to run them with.

A file holds `about`, and either a `request` with its `body`, asked of `model`, or the `messages` of a
streamed answer with the `response` that they amount to, or with the `error` that they end in. `asked` is the
request of an answer that depends on it. All are the JSON of their messages. The tests of the gemini provider
run over the same files.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseDict
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse
from ringmain_server import errors
from ringmain_server.candidate import Candidate
from ringmain_server.providers.vertex import wire
from ringmain_server.providers.vertex.chat import Resources, VertexChatTranslator, VertexStreamChatTranslator

from tests.candidates import known_candidate
from tests.fakes.vertex_script import message, question

FOLDER = Path(__file__).parents[2] / "golden" / "vertex"
MODEL = "gemini-2.5-flash"
RESOURCES = Resources("p", "us-central1")
ASKED = ParseDict(
    {"model": "m", "messages": [{"role": "ROLE_USER", "parts": [{"text": "Hi"}]}]}, ChatRequest()
)


@dataclass(frozen=True)
class Golden:
    """One golden file."""

    name: str
    content: dict[str, Any]

    @property
    def request(self) -> ChatRequest:
        """What is asked."""
        return ParseDict(self.content["request"], ChatRequest())

    @property
    def body(self) -> wire.GenerateContentRequest:
        """What is sent for it."""
        return question(self.content["body"])

    @property
    def model(self) -> str:
        """Who is asked."""
        return str(self.content.get("model", MODEL))

    @property
    def asked(self) -> ChatRequest:
        """The request that the answer belongs to."""
        return ParseDict(self.content["asked"], ChatRequest()) if "asked" in self.content else ASKED

    @property
    def messages(self) -> list[wire.GenerateContentResponse]:
        """The streamed answer."""
        return [message(document) for document in self.content["messages"]]

    @property
    def response(self) -> ChatResponse:
        """What the answer amounts to."""
        return ParseDict(self.content["response"], ChatResponse())

    def ends_in(self, error: errors.ProviderError) -> bool:
        """Whether an error is the one that the answer ends in."""
        expected = self.content["error"]
        found = {"class": type(error).__name__, "message": error.message, "metadata": error.metadata}
        return bool({name: found[name] for name in expected} == expected)


def goldens(*fields: str) -> list[Golden]:
    """Every golden file that has these fields."""
    found = [Golden(path.stem, json.loads(path.read_text("utf-8"))) for path in sorted(FOLDER.glob("*.json"))]
    return [golden for golden in found if set(fields) <= golden.content.keys()]


def named(found: list[Golden]) -> list[str]:
    """Their names, for the report."""
    return [one.name for one in found]


def candidate(model: str = MODEL, kind: str = "vertex") -> Candidate:
    """A candidate of the provider `gem`."""
    return known_candidate("gem", kind, model)


def body(request: ChatRequest, model: str = MODEL) -> wire.GenerateContentRequest:
    """What is sent for a request."""
    sent = VertexChatTranslator(RESOURCES).request(request, candidate(model)).message
    assert isinstance(sent, wire.GenerateContentRequest)
    return sent


def answer(raw: wire.GenerateContentResponse, asked: ChatRequest = ASKED) -> ChatResponse:
    """The response that a whole answer amounts to."""
    return VertexChatTranslator(RESOURCES).response(raw, asked, candidate())


def events(
    messages: Sequence[wire.GenerateContentResponse], size: int = 1, asked: ChatRequest = ASKED
) -> list[ChatEvent]:
    """The events of a streamed answer of which each read brings `size` messages, and which is then closed."""
    decoder = VertexStreamChatTranslator(RESOURCES).decoder(asked, candidate())
    found: list[ChatEvent] = []
    for start in range(0, len(messages), size):
        found += decoder.feed(messages[start : start + size])
    found += decoder.end()
    assert decoder.complete
    return found
