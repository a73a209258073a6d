"""Tests of answers with any one value changed: whole and streamed they amount to the same, or fail alike."""

import copy
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from ringmain.v1.chat_service_pb2 import ChatResponse
from ringmain_server import errors
from ringmain_server.operations.chat_fold import fold

from tests.providers.openai import golden
from tests.providers.openai.golden import Golden, goldens

GONE = object()
ODD: list[object] = [GONE, None, "", "x", 0, -1, 1.5, 2**63, True, [], {}, [None], {"x": None}]
SEEN = [one for one in goldens("answer") if one.name != "answer-audio"]
"""Answers; one with speech is of another media type if streamed."""


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yields the path of every value of a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from _places(inner, (*path, key))


def _changed(document: Any, path: tuple[Any, ...], odd: object) -> Any:
    """Returns a document with another value at a path, or none."""
    found = copy.deepcopy(document)
    inner = found
    for key in path[:-1]:
        inner = inner[key]
    if odd is GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = odd
    return found


def _mutants(document: Any) -> Iterator[tuple[str, Any]]:
    """Yields every changed document, with what was changed."""
    for path in _places(document):
        for odd in ODD:
            yield f"{path}: {'gone' if odd is GONE else repr(odd)}", _changed(document, path, odd)


def _as_stream(document: Any) -> bytes:
    """The same answer as a stream of one event."""
    event = copy.deepcopy(document)
    choices = event.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and "message" in choice:
            choice["delta"] = choice.pop("message")
    return b"data: " + orjson.dumps(event) + b"\n\ndata: [DONE]\n\n"


def _end(answer: Any, *given: Any) -> ChatResponse | type[errors.ProviderError]:
    """What an answer amounts to, or how it fails."""
    try:
        found = answer(*given)
    except errors.ProviderError as exc:
        return type(exc)
    return found if isinstance(found, ChatResponse) else fold(found)


@pytest.mark.parametrize("seen", SEEN, ids=lambda one: one.name)
def test_whole_and_streamed_agree(seen: Golden) -> None:
    """One odd value anywhere in an answer changes nothing in that it is read alike whole and streamed."""
    for what, mutant in _mutants(seen.content["answer"]):
        whole = _end(golden.answer, orjson.dumps(mutant), seen.kind)
        streamed = _end(golden.events, _as_stream(mutant), (), seen.kind)
        assert whole == streamed, what


@pytest.mark.parametrize("seen", goldens("stream"), ids=lambda one: one.name)
def test_a_cut_stream_is_no_success(seen: Golden) -> None:
    """A stream that is cut is broken, unless it said before why the model stopped, or that it is complete."""
    raw = seen.stream
    ends = [at for at in range(len(raw)) if raw.startswith(b"\n\n", at)]
    for cut in sorted({0, *(at + more for at in ends for more in (0, 1, 2, 9))}):
        if isinstance(_end(golden.events, raw[:cut], (), seen.kind), ChatResponse):
            assert b'"finish_reason":"' in raw[:cut] or b"[DONE]" in raw[:cut], cut
