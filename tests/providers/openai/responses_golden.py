"""Tests of the openai provider over its responses wire: its golden files, and the pieces to run them with.

The files are like those of chat completions (`golden.py`). `capabilities` names what the candidate is known
to do, absent when nothing is known; `odd` marks an answer that the vendor's own types would not hold.
"""

import json
from pathlib import Path

import orjson
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatResponse
from ringmain_server.candidate import Candidate
from ringmain_server.catalog.capabilities import capability
from ringmain_server.kinds import openai_kind
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.openai.responses import (
    ResponsesDecoder,
    ResponsesTranslator,
    StreamResponsesTranslator,
)

from tests.candidates import known_candidate
from tests.providers.openai.golden import ASKED, Golden

FOLDER = Path(__file__).parents[2] / "golden" / "openai_responses"


def goldens(field: str) -> list[Golden]:
    """Every golden file that has this field."""
    found = [Golden(path.stem, json.loads(path.read_text("utf-8"))) for path in sorted(FOLDER.glob("*.json"))]
    return [golden for golden in found if field in golden.content]


def candidate(golden: Golden | None = None, model: str = "gpt-x") -> Candidate:
    """A candidate of the provider `up`."""
    kind = golden.kind if golden else "openai"
    known = golden.content.get("capabilities") if golden else None
    return known_candidate(
        "up", kind, model, capabilities=None if known is None else frozenset(map(capability, known))
    )


def translator(kind: str = "openai") -> ResponsesTranslator:
    """The translator of whole answers."""
    return ResponsesTranslator(openai_kind(kind).dialect, OpenAIErrors())


def stream_translator(kind: str = "openai") -> StreamResponsesTranslator:
    """The translator of streams."""
    return StreamResponsesTranslator(openai_kind(kind).dialect, OpenAIErrors())


def answer(raw: bytes) -> ChatResponse:
    """The response that a whole answer amounts to."""
    return translator().response(raw, ASKED, candidate())


def decoder() -> ResponsesDecoder:
    """A reader for one stream."""
    return stream_translator().decoder(ASKED, candidate())


def event(content: object) -> bytes:
    """An event's bytes."""
    return b"data: " + (content.encode() if isinstance(content, str) else orjson.dumps(content)) + b"\n\n"


def events(raw: bytes, cuts: tuple[int, ...] = ()) -> list[ChatEvent]:
    """The events of a streamed answer that arrives cut at these positions and is then closed."""
    reader = decoder()
    found: list[ChatEvent] = []
    edges = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    for index, start in enumerate(edges[:-1]):
        found += reader.feed(raw[start : edges[index + 1]])
    found += reader.end()
    assert reader.complete
    return found
