"""Deltas that repeat one another but for their piece are read as if each were parsed whole."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatEvent
from ringmain_server import errors
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.anthropic.stream import MessagesDecoder

from tests.providers.anthropic.golden import answer, asked, candidate, events

Json = dict[str, Any]
Run = tuple[str, int, list[str]]

SPACINGS = ((",", ":"), (", ", ": "))
START: Json = {"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1}}}
REASON: Json = {
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn"},
    "usage": {"output_tokens": 5},
}
STOP: Json = {"type": "message_stop"}
BLOCKS: tuple[Json, ...] = (
    {"type": "text", "text": ""},
    {"type": "thinking", "thinking": "", "signature": ""},
    {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}},
    {"type": "tool_use", "id": "toolu_2", "name": "answer", "input": {}},
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
    {"type": "compaction", "content": "So far"},
    {"type": "something_new", "text": "x"},
)
GOOD = (
    '{"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":"%s"}}',
    '{"delta": {"text": "%2$s", "type": "text_delta"}, "index": %1$d, "type": "content_block_delta"}',
    '{"type":"content_block_delta","index":%d,"delta":{"type":"thinking_delta","thinking":"%s"}}',
    '{"type": "content_block_delta","index": %d,"delta": {"type": "input_json_delta","partial_json": "%s"}}',
    '{"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":"%s","text":"last"}}',
    '{"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":"first","text":"%s"}}',
    '{"type":"content_block_delta","index":%d,"delta":{"type":"something_new","text":"%s"}}',
)
ODD = (
    '{"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","thinking":"why","text":"%s"}}',
    '{"type":"content_block_delta","index":%d,"delta":{"type":"thinking_delta","text":"%s"}}',
    '{"type":"content_block_delta","index":%d,"delta":{"type":"signature_delta","signature":"%s"}}',
    '{"type":"content_block_delta","index":%d,"delta":{"type":"compaction_delta","content":"%s"}}',
    '{"type":"content_block_delta","text":"%2$s","index":%1$d,"delta":{"type":"text_delta","text":"same"}}',
    '{"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":"%s"},"new":[1]}',
    '{"type":"content_block_stop","index":%d,"delta":{"type":"text_delta","text":"%s"}}',
    '{"type":"something_new","index":%d,"delta":{"type":"text_delta","text":"%s"}}',
)
TEXTS = st.one_of(
    st.text(max_size=6).map(lambda text: json.dumps(text)[1:-1]),
    st.sampled_from([" word", "", "\\ud83d", "\\ude00", '\\"']),
)
MORE_TEXTS = st.one_of(TEXTS, st.sampled_from(["\\", '"', '","text":"x', '"},"index":1,"x":{"y":"', "\n"]))


def runs(frames: tuple[str, ...], texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[Run]]:
    """Several deltas of one frame and block after the other, and then others."""
    return st.lists(
        st.tuples(st.sampled_from(frames), st.integers(0, 1), st.lists(texts, max_size=6)), max_size=8
    )


def delta(frame: str, index: int, text: str) -> bytes:
    """A delta, by a frame in which either of the two may come first."""
    return (frame.replace("%1$d", "%d").replace("%2$s", "%s") % _ordered(frame, index, text)).encode()


def _ordered(frame: str, index: int, text: str) -> tuple[object, ...]:
    return (text, index) if "$" in frame else (index, text)


def decoded(told: list[bytes]) -> tuple[list[ChatEvent], str]:
    """Decodes a stream, and returns its events and how it ended."""
    decoder = MessagesDecoder(asked(), candidate(), "answer", AnthropicErrors())
    found: list[ChatEvent] = []
    try:
        for data in told:
            found += decoder.feed(b"data: %b\n\n" % data)
        return [*found, *decoder.end()], ""
    except errors.ProviderError as exc:
        return found, f"{type(exc).__name__}: {exc}"


def parsed(told: list[bytes]) -> tuple[list[ChatEvent], str]:
    """Does the same with events that are unlike each other by blanks at their end, so that each is parsed."""
    return decoded([data + b" " * at for at, data in enumerate(told)])


def written(*told: Json) -> list[bytes]:
    """Events as JSON."""
    return [json.dumps(one).encode() for one in told]


def stream(blocks: tuple[Json, Json], deltas: list[Run], later: list[Run]) -> list[bytes]:
    """A stream of two blocks that grow by turns, and of deltas that come after the end of the first."""
    begun = [
        {"type": "content_block_start", "index": index, "content_block": block}
        for index, block in enumerate(blocks)
    ]
    return [
        *written(START, *begun),
        *(delta(frame, index, text) for frame, index, texts in deltas for text in texts),
        *written({"type": "content_block_stop", "index": 0}),
        *(delta(frame, index, text) for frame, index, texts in later for text in texts),
        *written({"type": "content_block_stop", "index": 1}, REASON, STOP),
    ]


TWO_BLOCKS = st.tuples(st.sampled_from(BLOCKS), st.sampled_from(BLOCKS))


@given(TWO_BLOCKS, runs(GOOD, TEXTS), runs(GOOD[:2], TEXTS))
def test_a_repeated_delta_says_what_it_says_parsed_whole(
    blocks: tuple[Json, Json], deltas: list[Run], later: list[Run]
) -> None:
    """Whatever the blocks and their pieces are, no delta is read as another block's or kind's."""
    told = stream(blocks, deltas, [(frame, 1, texts) for frame, _, texts in later])
    assert decoded(told) == parsed(told)


@given(TWO_BLOCKS, runs(GOOD, TEXTS), runs((*GOOD, *ODD), MORE_TEXTS))
def test_an_odd_delta_is_read_as_it_is_parsed_whole(
    blocks: tuple[Json, Json], deltas: list[Run], later: list[Run]
) -> None:
    """The same holds of deltas that are malformed, of no known type, or of a block that has ended."""
    told = stream(blocks, deltas, later)
    assert decoded(told) == parsed(told)


@pytest.mark.parametrize("block", BLOCKS)
def test_no_delta_is_of_a_block_that_ended(block: Json) -> None:
    """A repeated delta after the end of its block is as malformed as any other."""
    for frame in GOOD[:4]:
        told = stream((block, BLOCKS[0]), [(frame, 0, ["one", "two", "three"])], [(frame, 0, ["four"])])
        assert decoded(told)[1].startswith("MalformedAnswer"), frame


def test_few_deltas_are_learned() -> None:
    """Deltas of another block are never taken for pieces of the one whose delta was learned."""
    doubled = [(GOOD[4], 1, [" b"] * 6)]
    told = stream((BLOCKS[0], BLOCKS[0]), [(GOOD[0], 0, [" a"] * 2), *doubled, (GOOD[0], 0, [" a"] * 2)], [])
    assert decoded(told) == parsed(told)


@pytest.mark.parametrize("separators", SPACINGS)
@pytest.mark.parametrize("number", [2**63, 2**64, 2**70, -(2**70), 10**30])
def test_large_numbers_are_exact(number: int, separators: tuple[str, str]) -> None:
    """Whole numbers of any size in arguments and citations are the same whole and streamed."""
    cited = {"type": "char_location", "cited_text": "x", "document_index": 0, "start_char_index": number}
    said: Json = {"type": "text", "text": "So it is.", "citations": [cited]}
    call = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"id": number, "of": [number]}}
    ran = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": number}}
    whole = {"content": [said, call, ran], "stop_reason": "tool_use", "usage": {"input_tokens": 9}}
    streamed = [
        START,
        *_grown(0, {"type": "text", "text": ""}, *_pieces("text_delta", "text", said["text"]), _cited(cited)),
        *_grown(1, {**call, "input": {}}, *_input(call)),
        *_grown(2, {**ran, "input": {}}, *_input(ran)),
        {**REASON, "delta": {"stop_reason": "tool_use"}},
        STOP,
    ]
    lines = (json.dumps(event, separators=separators) for event in streamed)
    found = fold(events("".join(f"data: {line}\n\n" for line in lines).encode())).message
    assert found == answer(json.dumps(whole, separators=separators).encode()).message
    text, called, _ = found.parts
    assert str(number).encode() in text.signature
    assert json.loads(called.tool_call.arguments_json) == call["input"]


def _grown(index: int, block: Json, *deltas: Json) -> list[Json]:
    begins = {"type": "content_block_start", "index": index, "content_block": block}
    told = [{"type": "content_block_delta", "index": index, "delta": one} for one in deltas]
    return [begins, *told, {"type": "content_block_stop", "index": index}]


def _pieces(kind: str, field: str, text: str) -> list[Json]:
    return [{"type": kind, field: text[start : start + 3]} for start in range(0, len(text), 3)]


def _input(call: Json) -> list[Json]:
    return _pieces("input_json_delta", "partial_json", json.dumps(call["input"]))


def _cited(citation: Json) -> Json:
    return {"type": "citations_delta", "citation": citation}
