"""Tests of calls and results: whatever ids a caller repeats or drops, no provider refuses them."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import ROLE_ASSISTANT, ROLE_TOOL, ROLE_USER, Message, Part, ToolCall, ToolResult
from ringmain_server.edge import validate
from ringmain_server.providers.tool_pairs import MISSING, paired

from tests.laws.conversations import conversations, signed_by
from tests.laws.wire import Translate, Wire
from tests.laws.wires import WIRES

USER = Message(role=ROLE_USER, parts=[Part(text="Go")])


def calls(*ids: str) -> Message:
    """A turn of the model with calls."""
    return Message(
        role=ROLE_ASSISTANT, parts=[Part(tool_call=ToolCall(tool_call_id=one, name="f")) for one in ids]
    )


def results(*ids: str) -> Message:
    """A turn with results."""
    return Message(role=ROLE_TOOL, parts=[Part(tool_result=ToolResult(tool_call_id=one)) for one in ids])


def missing(*ids: str) -> Message:
    """A turn with the results that say that there are none."""
    found = results(*ids)
    for part in found.parts:
        part.tool_result.failed = True
        part.tool_result.parts.add(text=MISSING)
    return found


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ([USER], [(0, USER)]),
        ([calls("a"), results("a")], [(0, calls("a")), (1, results("a"))]),
        ([calls("a")], [(0, calls("a")), (0, missing("a"))]),
        ([calls("a"), USER], [(0, calls("a")), (0, missing("a")), (1, USER)]),
        (
            [calls("a", "b"), results("b"), USER],
            [(0, calls("a", "b")), (0, missing("a")), (1, results("b")), (2, USER)],
        ),
        (
            [calls("a"), calls("b"), USER],
            [(0, calls("a")), (1, calls("b")), (1, missing("a", "b")), (2, USER)],
        ),
    ],
)
def test_every_call_has_a_result(given_: list[Message], expected: list[tuple[int, Message]]) -> None:
    """A result is added behind the turn of the model, and messages keep their places."""
    assert list(paired(given_)) == expected


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (
            [calls("a"), results("a"), calls("a"), results("a")],
            [calls("a"), results("a"), calls("a_2"), results("a_2")],
        ),
        ([calls("a", "a"), results("a", "a")], [calls("a", "a_2"), results("a", "a_2")]),
        ([calls("a", "a"), results("a")], [calls("a", "a_2"), missing("a_2"), results("a")]),
        ([calls("a", "a_2", "a"), results("a_2")], None),
        (
            [calls("a"), USER, calls("a"), results("a")],
            [calls("a"), missing("a"), USER, calls("a_2"), results("a_2")],
        ),
        ([calls("a"), results("a", "a"), calls("a")], None),
    ],
)
def test_repeated_ids(given_: list[Message], expected: list[Message] | None) -> None:
    """Calls of one id get ids of their own, and results in their order; the request stays as it is."""
    before = [Message.FromString(message.SerializeToString()) for message in given_]
    found = [message for _, message in paired(given_)]
    assert given_ == before
    assert expected is None or found == expected
    called = [
        part.tool_call.tool_call_id for one in found for part in one.parts if part.HasField("tool_call")
    ]
    assert len(set(called)) == len(called)
    assert set(called) == {part.tool_result.tool_call_id for one in found for part in one.parts} - {""}


def test_late_results() -> None:
    """A result that comes behind another turn of the model is moved to its call, and nothing is lost."""
    late = [calls("a", "c"), results("c"), USER, calls("b"), results("b", "a"), USER]
    assert [message for _, message in paired(late)] == [
        calls("a", "c"),
        results("a"),
        results("c"),
        USER,
        calls("b"),
        results("b"),
        USER,
    ]
    doubled = [calls("a"), results("a"), calls("b"), results("a", "b")]
    assert [message for _, message in paired(doubled)] == [
        calls("a"),
        results("a", "a"),
        calls("b"),
        results("b"),
    ]


@cache
def _translators() -> list[tuple[Wire, Translate]]:
    return [(wire, wire.translator()) for wire in WIRES]


@given(conversations(), st.data())
@settings(max_examples=60)
def test_no_provider_refuses(drawn: ChatRequest, data: st.DataObject) -> None:
    """Whichever results a caller leaves out, and wherever a conversation ends, every wire gets them all."""
    del drawn.messages[data.draw(st.integers(1, len(drawn.messages))) :]
    for message in drawn.messages:
        kept = [
            part for part in message.parts if not part.HasField("tool_result") or data.draw(st.booleans())
        ]
        del message.parts[:]
        message.parts.extend(kept)
    left = [message for message in drawn.messages if message.parts]
    request = ChatRequest(model="m", messages=[*left, USER])
    if data.draw(st.booleans()):
        _repeat_ids(request)
    assert validate.chat(request) == []
    for wire, translate in _translators():
        assert wire.complaint(translate(signed_by(wire.sign, request))) is None, wire


@pytest.mark.parametrize("wire_and_translate", _translators(), ids=lambda one: str(one[0]))
def test_turns_in_a_row(wire_and_translate: tuple[Wire, Translate]) -> None:
    """Results follow the calls of all turns in a row, with and without a result of the caller's."""
    wire, translate = wire_and_translate
    for turns in (
        [calls("a", "b"), calls("c")],
        [calls("a"), results("a"), calls("b"), calls("c"), results("c")],
        [calls("a"), calls("b"), results("a", "b")],
        [calls("a"), USER, calls("b"), results("a", "b")],
        [calls("a", "c"), USER, calls("a"), USER, results("c", "a")],
    ):
        request = ChatRequest(model="m", messages=[USER, *turns, USER])
        assert wire.complaint(translate(signed_by(wire.sign, request))) is None


def _repeat_ids(request: ChatRequest) -> None:
    for part in (part for message in request.messages for part in message.parts):
        if part.HasField("tool_call"):
            part.tool_call.tool_call_id = "call_0"
        elif part.HasField("tool_result"):
            part.tool_result.tool_call_id = "call_0"
