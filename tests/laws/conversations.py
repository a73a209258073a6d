"""Tests, laws: any valid conversation, begun anywhere, as a hypothesis strategy.

Valid is what `edge/validate.py` lets through, and what makes sense to any model: each call of a tool has one
result, which comes before the model speaks again. Everything else is free: system messages anywhere (between
a call and its result too), neighbours of one role, blank texts, invalid arguments, ids of any length and
characters, media in every place that the contract has for it, citations, cache boundaries, signatures of
another provider on any part of the model, tools that another provider ran, and state that somebody edited.

Drawing one takes ten times as long as translating it, so one is drawn for all wires: its reasoning is a token
until `signed_by` has made it what a wire signs.
"""

from collections.abc import Callable

import orjson
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import (
    ROLE_ASSISTANT,
    ROLE_SYSTEM,
    ROLE_TOOL,
    ROLE_USER,
    Citation,
    Media,
    Message,
    Part,
    ProviderToolCall,
    Reasoning,
    ToolCall,
    ToolResult,
)

OWN = "own"
"""The provider that is asked."""
ELSEWHERE = "elsewhere"
"""A provider that answered earlier turns."""
FOREIGN = "FOREIGN-STATE"
"""Opens all that another provider signed: it must not be sent."""

_RENAMED = "renamed"

PNG = b"\x89PNG\r\n\x1a\n"
PDF = b"%PDF-1.7\n"

Sign = Callable[[str], Part]
"""Reasoning of the provider that is asked, holding a token that its wire must carry."""

_LETTERS = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])
_WORDS = st.text(_LETTERS, max_size=8)
_TEXTS = st.one_of(_WORDS, st.sampled_from(["", " ", "\n", "two\nlines ", "東京 🚀"]))
_NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)
_IDS = st.one_of(
    st.text(_LETTERS, min_size=1, max_size=6),
    st.from_regex(r"call_[A-Za-z0-9]{20,70}", fullmatch=True),
    st.sampled_from(["a.b", "a:b", "functions.f:0", "x" * 200]),
)
_VALUES = st.one_of(st.none(), st.booleans(), _WORDS, st.integers(-9, 9), st.floats(-1, 1))
_OBJECTS = st.dictionaries(_WORDS, st.one_of(_VALUES, st.lists(_VALUES, max_size=2)), max_size=3)
_ARGUMENTS = st.one_of(
    _OBJECTS.map(lambda found: orjson.dumps(found).decode()), st.sampled_from(["", '{"cut', "[1]", "null"])
)
_SALT = st.binary(min_size=1, max_size=4)


def thought(text: str, provider_id: str, signature: bytes = b"") -> Part:
    """Reasoning of a provider."""
    return Part(reasoning=Reasoning(text=text), signature=signature, provider_id=provider_id)


def _text(text: str) -> Part:
    return Part(text=text)


def _part(media: Media) -> Part:
    return Part(media=media)


IMAGES: st.SearchStrategy[Media] = st.one_of(
    st.builds(lambda salt: Media(mime_type="image/png", data=PNG + salt), _SALT),
    st.builds(lambda salt: Media(data=PNG + salt), _SALT),
    st.builds(lambda name: Media(mime_type="image/jpeg", uri=f"https://x.test/{name}.jpg"), _NAMES),
)
FILES: st.SearchStrategy[Media] = st.one_of(
    st.builds(lambda salt: Media(mime_type="application/pdf", data=PDF + salt, filename="a.pdf"), _SALT),
    st.builds(
        lambda words: Media(mime_type="text/plain", data=f"file: {words}".encode(), filename="notes.txt"),
        _WORDS,
    ),
)
MEDIA = st.one_of(IMAGES, FILES)

_TOKENS = st.from_regex(r"token-[a-z0-9]{8}", fullmatch=True)
_REASONING = st.one_of(
    _TOKENS.map(lambda token: thought(token, OWN)),
    # What another candidate of this kind once signed, under a provider's name of its own.
    _TOKENS.map(lambda token: thought(token, _RENAMED)),
    _TOKENS.map(lambda token: FOREIGN + token).map(lambda token: thought(token, ELSEWHERE, token.encode())),
)


def _cited(text: str) -> Part:
    citation = Citation(uri="https://x.test/cited", title="cited", quoted_text="quoted", end_index=1)
    return Part(text=text, citations=[citation])


def _run_elsewhere(token: str, provider_id: str) -> Part:
    """A tool that another provider ran; or, told as one of ours, with state that we never wrote."""
    call = ProviderToolCall(tool_call_id="srv_1", name="web_search", arguments_json=f'{{"q": "{token}"}}')
    call.results.append(_cited(token))
    return Part(provider_tool_call=call, signature=token.encode(), provider_id=provider_id)


_FOREIGN_TOKENS = _TOKENS.map(lambda token: FOREIGN + token)
_STATE: st.SearchStrategy[Part] = st.one_of(
    _TEXTS.map(_cited),
    st.builds(
        lambda text, token: Part(text=text, signature=token.encode(), provider_id=ELSEWHERE),
        _TEXTS,
        _FOREIGN_TOKENS,
    ),
    st.builds(_run_elsewhere, _FOREIGN_TOKENS, st.sampled_from([OWN, ELSEWHERE])),
)
"""Parts of the model with what only one provider, or none, can read."""


@st.composite
def conversations(draw: st.DrawFn) -> ChatRequest:
    """Requests whose conversations are any of the valid ones, not signed yet."""
    request = ChatRequest(model="m")
    ids = iter(draw(st.lists(_IDS, unique=True, max_size=8)))
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["system", "user", "assistant", "assistant"]))
        if kind == "assistant":
            request.messages.extend(_turn(draw, [found for found, _ in zip(ids, "ab", strict=False)]))
        else:
            request.messages.append(_said(draw, kind))
            request.messages[-1].parts[-1].cache_boundary = draw(st.booleans())
    request.messages.append(Message(role=ROLE_USER, parts=[_text("the question")]))
    return request


def _said(draw: st.DrawFn, kind: str) -> Message:
    if kind == "system":
        return Message(role=ROLE_SYSTEM, parts=draw(_some(_TEXTS.map(_text))))
    parts = st.one_of(_TEXTS.map(_text), MEDIA.map(_part))
    return Message(role=ROLE_USER, parts=draw(_some(parts)))


def _turn(draw: st.DrawFn, ids: list[str]) -> list[Message]:
    """A turn of the model, with the results of its calls in any order, and others speaking in between."""
    said = st.one_of(_TEXTS.map(_text), IMAGES.map(_part), _REASONING, _STATE)
    parts = draw(_some(said))
    for tool_call_id in ids:
        call = ToolCall(tool_call_id=tool_call_id, name=draw(_NAMES), arguments_json=draw(_ARGUMENTS))
        part = Part(tool_call=call)
        if draw(st.booleans()):
            part.signature, part.provider_id = draw(_FOREIGN_TOKENS).encode(), ELSEWHERE
        parts.insert(draw(st.integers(0, len(parts))), part)
    messages = [Message(role=ROLE_ASSISTANT, parts=parts)]
    results = [Part(tool_result=_result(draw, found)) for found in draw(st.permutations(ids))]
    together = draw(st.booleans())
    for group in [results] if together else [[result] for result in results]:
        if draw(st.integers(0, 3)) == 0:
            messages.append(_said(draw, draw(st.sampled_from(["system", "user"]))))
        if group:
            messages.append(Message(role=ROLE_TOOL, parts=group))
    return messages


def _result(draw: st.DrawFn, tool_call_id: str) -> ToolResult:
    parts = draw(st.lists(st.one_of(_TEXTS.map(_text), MEDIA.map(_part)), max_size=3))
    return ToolResult(tool_call_id=tool_call_id, parts=parts, failed=draw(st.booleans()))


def _some(parts: st.SearchStrategy[Part]) -> st.SearchStrategy[list[Part]]:
    return st.lists(parts, min_size=1, max_size=3)


def signed_by(sign: Sign, drawn: ChatRequest) -> ChatRequest:
    """The same conversation, with reasoning that the provider that is asked, called `OWN`, has signed."""
    request = ChatRequest()
    request.CopyFrom(drawn)
    for part in (part for message in request.messages for part in message.parts):
        if part.HasField("reasoning") and part.provider_id == OWN:
            part.CopyFrom(sign(part.reasoning.text))
        elif part.provider_id == _RENAMED:
            signature = sign(part.reasoning.text).signature.replace(b"token-", FOREIGN.encode())
            part.CopyFrom(thought(FOREIGN, ELSEWHERE, signature))
    return request
