"""Tests of the anthropic provider: its golden files, and the pieces to run them with.

A file holds `about`, optionally the `model`, the operator's `options` and the candidate's
`max_output_tokens`, and either a `request` with its `body` (and the `headers` that differ), or an `answer`
and a `stream` with the `response` that both amount to.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from google.protobuf.json_format import ParseDict
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatRequest, ChatResponse
from ringmain_server.candidate import Candidate
from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.anthropic.request import Options
from ringmain_server.providers.anthropic.translators import (
    AnthropicChatTranslator,
    AnthropicStreamChatTranslator,
)

from tests.candidates import known_candidate
from tests.fakes.anthropic_planner import event
from tests.fakes.script import Framing

FOLDER = Path(__file__).parents[2] / "golden" / "anthropic"
MODEL = "claude-sonnet-4-5"
HELLO: dict[str, Any] = {"model": "m", "messages": [{"role": "ROLE_USER", "parts": [{"text": "Hi"}]}]}


@dataclass(frozen=True)
class Golden:
    """One golden file."""

    name: str
    content: dict[str, Any]

    @property
    def request(self) -> ChatRequest:
        """What is asked."""
        return ParseDict(self.content.get("request", HELLO), ChatRequest())

    @property
    def candidate(self) -> Candidate:
        """Who is asked."""
        model = self.content.get("model", MODEL)
        return candidate(model, self.content.get("max_output_tokens", 0))

    @property
    def options(self) -> Options:
        """What the operator chose."""
        return Options(**self.content.get("options", {}))

    @property
    def response(self) -> ChatResponse:
        """What the answer amounts to."""
        return ParseDict(self.content["response"], ChatResponse())

    @property
    def stream(self) -> bytes:
        """The streamed answer's bytes."""
        return stream_of(self.content["stream"])


def goldens(field: str) -> list[Golden]:
    """Every golden file that has this field."""
    found = [Golden(path.stem, json.loads(path.read_text("utf-8"))) for path in sorted(FOLDER.glob("*.json"))]
    return [golden for golden in found if field in golden.content]


def candidate(model: str = MODEL, max_output_tokens: int = 0) -> Candidate:
    """A candidate of the provider `claude`."""
    return known_candidate("claude", "anthropic", model, max_output_tokens=max_output_tokens)


def asked(**fields: Any) -> ChatRequest:
    """A request with these fields beside its one message."""
    return ParseDict({**HELLO, **fields}, ChatRequest())


def stream_of(events: list[dict[str, Any]]) -> bytes:
    """Events as they are sent."""
    return b"".join(event(orjson.dumps(one), Framing()) for one in events)


def answer(raw: bytes, request: ChatRequest | None = None, of: Candidate | None = None) -> ChatResponse:
    """The response that a whole answer amounts to."""
    return AnthropicChatTranslator(Options(), AnthropicErrors()).response(
        raw, request or asked(), of or candidate()
    )


def events(
    raw: bytes,
    request: ChatRequest | None = None,
    of: Candidate | None = None,
    cuts: tuple[int, ...] = (),
) -> list[ChatEvent]:
    """The events of a streamed answer that arrives cut at these positions and is then closed."""
    decoder = AnthropicStreamChatTranslator(Options(), AnthropicErrors()).decoder(
        request or asked(), of or candidate()
    )
    found: list[ChatEvent] = []
    edges = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    for index, start in enumerate(edges[:-1]):
        found += decoder.feed(raw[start : edges[index + 1]])
    found += decoder.end()
    assert decoder.complete
    return found
