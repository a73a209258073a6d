"""The bytes of an answer: as many pieces as it has events, whoever reads them."""

import json
from typing import Any

import pytest
from ringmain_sandbox import tokens
from ringmain_sandbox.answer import Answer, ToolCall
from ringmain_sandbox.own_tools import Found, Run
from ringmain_sandbox.wire import Head, chunks, ending

HEAD = Head("id", "sandbox-chat", 3)
CALL = ToolCall("c1", "look", '{"far": true, "twice": false}')
RUN = Run("r1", "web_search", '{"query": "tides"}', pages=(Found("A", "https://x.test", "They turn."),))
ANSWERS = {
    "text": Answer(text="One two three."),
    "reasoning": Answer(text="Four.", reasoning="First this, then that."),
    "a call": Answer(tool_calls=(CALL,), finish_reason="tool_calls"),
    "calls after text": Answer(text="Both:", tool_calls=(CALL, CALL), finish_reason="tool_calls"),
    "nothing": Answer(text=""),
    "a search": Answer(text="Found.", runs=(RUN,), sources=RUN.pages),
    "speech": Answer(text="Good day.", speech=("YWI=", "Y2Q=")),
    "a picture": Answer(text="Here.", picture={"type": "image_url"}),
}


def events(data: bytes) -> list[dict[str, Any]]:
    """The JSON of every event but the end marker."""
    return [json.loads(one[6:]) for one in data.split(b"\n\n") if one and not one.endswith(b"[DONE]")]


@pytest.mark.parametrize("name", ANSWERS)
def test_a_piece_for_each_event(name: str) -> None:
    """A stream has a piece for each token, one for each thing that is no text, and no more."""
    answer = ANSWERS[name]
    assert len(list(chunks(answer, HEAD))) == answer.event_count


@pytest.mark.parametrize("name", ANSWERS)
def test_the_pieces_are_the_answer(name: str) -> None:
    """The role opens a stream, once; joined, its pieces are the answer."""
    answer = ANSWERS[name]
    told = events(b"".join(chunks(answer, HEAD)) + ending(answer, HEAD, include_usage=True))
    deltas = [event["choices"][0]["delta"] for event in told if event["choices"]]
    assert [index for index, delta in enumerate(deltas) if "role" in delta] == [0]
    spoken = "".join(delta.get("audio", {}).get("transcript", "") for delta in deltas)
    assert "".join(delta.get("content", "") for delta in deltas) + spoken == answer.text
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == answer.reasoning
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    arguments = [""] * len(answer.tool_calls)
    for call in calls:
        arguments[call["index"]] += call["function"]["arguments"]
    assert arguments == [call.arguments for call in answer.tool_calls]
    assert told[-1]["usage"]["completion_tokens"] == answer.token_count


def test_tokens_are_the_text() -> None:
    """No character of a text is lost between its tokens."""
    text = "  One\n\n" + "x" * 70 + " \t "
    assert "".join(tokens.pieces(text)) == text
    assert len(list(tokens.pieces(text))) == tokens.count(text)


def test_a_tool_of_the_sandbox_comes_in_pieces() -> None:
    """A stream begins it, sends its arguments word by word, and ends with all of it."""
    begun, *pieces, whole = RUN.deltas(0)
    assert begun == {"index": 0, "id": "r1", "type": "web_search"}
    assert "".join(str(piece["arguments_delta"]) for piece in pieces) == RUN.arguments
    assert len(pieces) > 1
    assert whole == {"index": 0, **RUN.whole}
