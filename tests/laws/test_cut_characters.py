"""Laws: a character that a server cut in two is whole again, whole and streamed alike, on every wire.

A stream may be cut by UTF-16 units, as JavaScript cuts strings, or by bytes; halves that have no other half
become U+FFFD. The fold of a stream is the whole answer, the estimate of its usage included.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatResponse
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.gemini import chat as gemini
from ringmain_server.providers.gemini.errors import GeminiErrors

from tests.providers.anthropic import golden as anthropic
from tests.providers.openai import golden as openai
from tests.providers.openai import responses_golden as responses
from tests.providers.openai.media_golden import asked
from tests.providers.openai.test_media_answers import decoder
from tests.providers.vertex import golden as vertex
from tests.providers.vertex import media_golden as vertex_media

Documents = list[Any]
_HALF = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Halves of surrogate pairs, but for those that stand for bytes."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of text on a wire.

    Attributes:
        name: For the test's id.
        stream: The documents of a stream of these pieces, which together are the text.
        whole: The document of a whole answer with the text.
        events: Reads a stream's bytes.
        answer: Reads a whole answer's.
    """

    name: str
    stream: Callable[[Sequence[str], str], Documents]
    whole: Callable[[str], Any]
    events: Callable[[bytes], Sequence[ChatEvent]]
    answer: Callable[[bytes], ChatResponse]

    def __str__(self) -> str:
        return self.name


def sse(documents: Documents) -> bytes:
    """Documents as events; what was decoded by `surrogateescape` are bytes again."""
    return b"".join(b"data: " + dumped(document) + b"\n\n" for document in documents)


def dumped(document: Any) -> bytes:
    """A document; halves are escaped, as JavaScript does, where they do not stand for bytes."""
    if document == "[DONE]":
        return b"[DONE]"
    text = json.dumps(document, ensure_ascii=False)
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text).encode("utf-8", "surrogateescape")


def _openai(name: str, said: Callable[[str], dict[str, Any]]) -> Kind:
    def choice(field: str, content: Any, reason: str | None = None) -> Any:
        return {"id": "x", "choices": [{"index": 0, field: content, "finish_reason": reason}]}

    def stream(pieces: Sequence[str], _: str) -> Documents:
        return [*(choice("delta", said(one)) for one in pieces), choice("delta", {}, "stop"), "[DONE]"]

    def whole(text: str) -> Any:
        return choice("message", said(text), "stop")

    return Kind(f"openai-{name}", stream, whole, openai.events, openai.answer)


def _called(text: str) -> dict[str, Any]:
    return {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": text}}]}


def _responses(name: str, item: Callable[[str], dict[str, Any]], delta: dict[str, Any]) -> Kind:
    def whole(text: str) -> Any:
        return {"status": "completed", "output": [item(text)]}

    def stream(pieces: Sequence[str], text: str) -> Documents:
        return [
            {"type": "response.output_item.added", "output_index": 0, "item": item("")},
            *({"output_index": 0, "delta": one, **delta} for one in pieces),
            {"type": "response.output_item.done", "output_index": 0, "item": item(text)},
            {"type": "response.completed", "response": whole(text)},
        ]

    return Kind(f"responses-{name}", stream, whole, responses.events, responses.answer)


def _anthropic(name: str, block: Callable[[str], dict[str, Any]], delta: tuple[str, str]) -> Kind:
    kind, field = delta

    def stream(pieces: Sequence[str], _: str) -> Documents:
        return [
            {"type": "message_start", "message": {}},
            {"type": "content_block_start", "index": 0, "content_block": block("")},
            *(
                {"type": "content_block_delta", "index": 0, "delta": {"type": kind, field: one}}
                for one in pieces
            ),
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
            {"type": "message_stop"},
        ]

    def whole(text: str) -> Any:
        return {"content": [block(text)], "stop_reason": "end_turn"}

    return Kind(f"anthropic-{name}", stream, whole, anthropic.events, anthropic.answer)


def _gemini(name: str, more: dict[str, Any]) -> Kind:
    def message(text: str, reason: str | None = None) -> Any:
        return {"candidates": [{"content": {"parts": [{"text": text, **more}]}, "finishReason": reason}]}

    def stream(pieces: Sequence[str], _: str) -> Documents:
        return [*map(message, pieces), {"candidates": [{"finishReason": "STOP"}]}]

    def events(raw: bytes) -> Sequence[ChatEvent]:
        reader = gemini.GeminiStreamChatTranslator(GeminiErrors()).decoder(vertex.ASKED, _MODEL)
        return [*reader.feed(raw), *reader.end()]

    def answer(raw: bytes) -> ChatResponse:
        return gemini.GeminiChatTranslator(GeminiErrors()).response(raw, vertex.ASKED, _MODEL)

    return Kind(f"gemini-{name}", stream, lambda text: message(text, "STOP"), events, answer)


_MODEL = vertex.candidate(kind="gemini")
KINDS = [
    _openai("text", lambda text: {"content": text, "role": "assistant"}),
    _openai("bare-text", lambda text: {"content": text}),
    _openai("reasoning", lambda text: {"reasoning_content": text}),
    _openai("refusal", lambda text: {"refusal": text}),
    _openai("arguments", _called),
    _responses(
        "text",
        lambda text: {"type": "message", "content": [{"type": "output_text", "text": text}]},
        {"type": "response.output_text.delta", "content_index": 0},
    ),
    _responses(
        "reasoning",
        lambda text: {"type": "reasoning", "summary": [{"text": text}]},
        {"type": "response.reasoning_summary_text.delta", "summary_index": 0},
    ),
    _responses(
        "arguments",
        lambda text: {"type": "function_call", "call_id": "c", "name": "f", "arguments": text},
        {"type": "response.function_call_arguments.delta"},
    ),
    _anthropic("text", lambda text: {"type": "text", "text": text}, ("text_delta", "text")),
    _anthropic(
        "thinking", lambda text: {"type": "thinking", "thinking": text}, ("thinking_delta", "thinking")
    ),
    _gemini("text", {}),
    _gemini("thought", {"thought": True}),
]
TRANSCRIPT = next(one for one in vertex_media.goldens("answers") if one.content["operation"] == "transcribe")
TEXTS = st.text(alphabet="aé你🙂\U0001f9d1 ", min_size=1, max_size=8)
HALVES = st.text(alphabet="a你🙂\ud83d\ude42", min_size=1, max_size=8)
CUTS = st.lists(st.integers(0, 99), max_size=5)


def units(text: str) -> list[str]:
    """The UTF-16 units of a text."""
    wide = text.encode("utf-16-le", "surrogatepass")
    return [wide[at : at + 2].decode("utf-16-le", "surrogatepass") for at in range(0, len(wide), 2)]


def octets(text: str) -> list[str]:
    """The bytes of a text."""
    return [bytes((one,)).decode("utf-8", "surrogateescape") for one in text.encode()]


def pieces(parts: Sequence[str], cuts: Sequence[int]) -> list[str]:
    """What stands between these cuts."""
    edges = sorted({0, len(parts), *(cut % (len(parts) + 1) for cut in cuts)})
    return ["".join(parts[start:end]) for start, end in pairwise(edges)]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(max_examples=25)
@given(text=TEXTS, cuts=CUTS, by=st.sampled_from([units, octets]))
def test_a_cut_character_is_whole_again(
    kind: Kind, text: str, cuts: list[int], by: Callable[[str], list[str]]
) -> None:
    """A stream that is cut within characters folds to the whole answer."""
    found = fold(kind.events(sse(kind.stream(pieces(by(text), cuts), text))))
    assert found == kind.answer(dumped(kind.whole(text)))
    part = found.message.parts[0]
    assert text in (part.text, part.reasoning.text, part.tool_call.arguments_json)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(max_examples=25)
@given(text=HALVES, cuts=CUTS)
def test_halves_are_replaced_alike(kind: Kind, text: str, cuts: list[int]) -> None:
    """A half without its other half becomes U+FFFD, the same one whole and streamed."""
    found = fold(kind.events(sse(kind.stream(pieces(units(text), cuts), text))))
    assert found == kind.answer(dumped(kind.whole(text)))
    found.SerializeToString()


@settings(max_examples=25)
@given(text=TEXTS, cuts=CUTS, by=st.sampled_from([units, octets]))
def test_transcripts(text: str, cuts: list[int], by: Callable[[str], list[str]]) -> None:
    """The pieces of a transcript have whole characters, and together they are the transcript."""
    documents = [{"type": "transcript.text.delta", "delta": one} for one in pieces(by(text), cuts)]
    documents.append({"type": "transcript.text.done", "text": text})
    events = decoder(asked("TRANSCRIBE")).feed(sse(documents))
    assert "".join(event.text_delta for event in events[:-1]) == text
    assert events[-1].finished.text == text.strip()


@settings(max_examples=25)
@given(text=TEXTS, cuts=CUTS, by=st.sampled_from([units, octets]))
def test_transcripts_within_json(text: str, cuts: list[int], by: Callable[[str], list[str]]) -> None:
    """A transcript that a model writes as JSON is whole, too, wherever that is cut."""
    said = f"x{text}x"
    transcript = {"language": "en", "segments": [{"start": 0, "end": 1, "text": said}]}
    written = json.dumps(transcript, ensure_ascii=False)
    documents: Documents = [
        {"candidates": [{"content": {"parts": [{"text": one}]}}]} for one in pieces(by(written), cuts)
    ]
    documents.append({"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 1}})
    candidate = vertex_media.candidate(TRANSCRIPT.model, "gemini")
    reader = TRANSCRIPT.translator("gemini").decoder(TRANSCRIPT.request, candidate)
    events = [*reader.feed(sse(documents)), *reader.end()]
    assert "".join(event.text_delta for event in events) == said
    assert events[-1].finished.text == said
