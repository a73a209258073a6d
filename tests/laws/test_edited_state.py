"""Laws: the state of a part is the caller's bytes when it comes back, whatever the caller made of them.

Every answer of the golden files that has state is sent back with the state changed: bytes flipped and cut,
state of another part or another wire, and JSON in which one value is another one. No wire fails on it, and
none gets a field of a request that it does not get without.
"""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given, note, settings
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import ROLE_USER, Message
from ringmain_server.edge import validate
from ringmain_server.errors import MediaInvalid
from ringmain_server.providers.json_base64 import plain

from tests.laws.conversations import OWN
from tests.laws.wire import Translate
from tests.laws.wires import WIRES

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).parents[1] / "golden"
MARKS = (b"responses:", b"chat:", b"")
"""What stands before the JSON of a state."""


def _nested(levels: int, value: str) -> str:
    return '{"a":[' * levels + value + "]}" * levels


ODD: Sequence[str] = (
    *("null", "true", "-1", "0", "1.5", "NaN", "-Infinity", "1e999", "9" * 40, "9" * 400),
    *('""', '"word"', '"\\ud800"', '"\\u0000"', "[]", "{}", "[[]]", "[null]", '{"type": []}'),
    *('{"type": "file", "file_id": "file_1"}', '{"type": "url", "url": "https://x.test"}'),
    *(_nested(levels, value) for levels in (10, 40, 125, 300, 480, 5_000) for value in ("1", "NaN")),
)
"""JSON that stands where another value stood."""


@cache
def _turns() -> Sequence[Message]:
    """The answers of all golden files that have state, as the provider `OWN` gave them."""
    found = []
    for path in sorted(GOLDEN.glob("*/answer-*.json")):
        response = json.loads(path.read_text()).get("response") or {}
        turn = ParseDict(response, ChatResponse()).message if "message" in response else Message()
        if any(part.signature for part in turn.parts):
            for part in turn.parts:
                part.provider_id = part.provider_id and OWN
            found.append(turn)
    return found


@cache
def _states() -> Sequence[bytes]:
    return sorted({part.signature for turn in _turns() for part in turn.parts if part.signature})


@cache
def _translators() -> Sequence[Translate]:
    return [wire.translator() for wire in WIRES]


@st.composite
def _edited(draw: st.DrawFn, state: bytes) -> bytes:
    how = draw(st.sampled_from(["flip", "cut", "twice", "other", "value", "value", "value", "name"]))
    if how == "flip":
        at = draw(st.integers(0, len(state) - 1))
        return state[:at] + bytes((draw(st.integers(0, 255)),)) + state[at + 1 :]
    if how == "cut":
        return state[: draw(st.integers(0, len(state) - 1))]
    if how == "twice":
        return state + state
    if how == "other":
        return draw(st.sampled_from(_states()))
    mark = next(mark for mark in MARKS if state.startswith(mark))
    lines = state.removeprefix(mark).splitlines()
    at = draw(st.integers(0, len(lines) - 1)) if lines else 0
    try:
        found = json.loads(lines[at])
    except (ValueError, IndexError):
        return mark + draw(st.sampled_from(ODD)).encode()
    odd = draw(st.sampled_from(ODD))
    place = draw(st.sampled_from(list(_places(found))))
    lines[at] = _replaced(found, place, odd, added=how == "name").encode()
    return mark + b"\n".join(lines)


def _places(value: object, *place: Any) -> Iterator[tuple[Any, ...]]:
    """The way to each value within a value."""
    yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    for key, one in inner:
        yield from _places(one, *place, key)


def _replaced(value: Any, place: tuple[Any, ...], odd: str, *, added: bool) -> str:
    """A value as JSON, with other JSON at a place of it, or in a field that is added there."""
    hole = "the place of the odd one"
    holder: Any = {"": value}
    at = holder
    *way, last = "", *place
    for key in way:
        at = at[key]
    if added and isinstance(at[last], dict):
        at[last]["added"] = hole
    else:
        at[last] = hole
    return json.dumps(holder[""]).replace(json.dumps(hole), odd)


@st.composite
def _conversations(draw: st.DrawFn) -> ChatRequest:
    request = ChatRequest(model="m")
    request.messages.add(role=ROLE_USER).parts.add(text="the question")
    turn = request.messages.add()
    turn.CopyFrom(draw(st.sampled_from(_turns())))
    for part in turn.parts:
        if part.signature and draw(st.integers(0, 3)):
            part.signature = draw(_edited(part.signature))
    if draw(st.booleans()):
        parts = draw(st.permutations(list(turn.parts)))
        del turn.parts[:]
        turn.parts.extend(parts)
    if draw(st.booleans()):
        request.messages.add(role=ROLE_USER).parts.add(text="go on")
    return request


@given(_conversations())
@settings(max_examples=300)
def test_no_wire_fails_on_it(request: ChatRequest) -> None:
    """A conversation with edited state becomes a request that can be sent, or is refused for its media."""
    if validate.chat(request):
        return
    bare = ChatRequest()
    bare.CopyFrom(request)
    for part in bare.messages[1].parts:
        part.ClearField("signature")
    for translate in _translators():
        note(f"for {translate.wire}")
        try:
            sent, without = translate.outgoing(request), translate.outgoing(bare)
        except MediaInvalid:
            continue
        assert _fields(sent) == _fields(without)


def _fields(sent: Any) -> set[str]:
    """The fields of a request, once it has been written as bytes."""
    if hasattr(sent, "body"):
        return set(orjson.loads(orjson.dumps(plain(sent.body))))
    sent.message.SerializeToString()
    return {field.name for field, _ in sent.message.ListFields()}


def test_every_wire_has_state() -> None:
    """The golden files have state of each kind of part, or else the law above says little."""
    kinds = {part.WhichOneof("content") for turn in _turns() for part in turn.parts if part.signature}
    assert kinds == {"text", "media", "tool_call", "reasoning", "provider_tool_call"}
    assert {state[:5] for state in _states()} >= {b"chat:", b"respo", b'{"cal', b'{"par', b'{"cit'}
