"""Streams of the responses wire whose items, contents and sections are numbered as no vendor numbers them."""

from typing import Any

from ringmain.v1.chat_service_pb2 import ChatResponse
from ringmain_server.operations.chat_fold import fold

from tests.providers.openai.responses_golden import event, events

MESSAGE = {"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": "Yes."}]}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "now", "arguments": "{}"}
OTHER = {**CALL, "id": "fc_2", "call_id": "call_2", "arguments": '{"a": 1}'}


def said(*found: dict[str, Any]) -> ChatResponse:
    """What a stream of these events says, each of which belongs to output 0 unless it says otherwise."""
    end = {"type": "response.completed", "response": {"status": "completed", "output": []}}
    return fold(events(b"".join(event({"output_index": 0, **one}) for one in (*found, end))))


def added(item: dict[str, Any]) -> dict[str, Any]:
    """The announcement of an item."""
    bare = {name: value for name, value in item.items() if name not in ("arguments", "content")}
    return {"type": "response.output_item.added", "item": bare}


def done(item: dict[str, Any]) -> dict[str, Any]:
    """The end of an item."""
    return {"type": "response.output_item.done", "item": item}


def text(piece: str, **fields: Any) -> dict[str, Any]:
    """A piece of a text."""
    return {"type": "response.output_text.delta", "content_index": 0, "delta": piece, **fields}


def argues(piece: str, item_id: str) -> dict[str, Any]:
    """A piece of arguments."""
    return {"type": "response.function_call_arguments.delta", "item_id": item_id, "delta": piece}


def contents(response: ChatResponse) -> list[str]:
    """The texts and arguments of an answer."""
    return [part.text or part.tool_call.arguments_json for part in response.message.parts]


def test_every_item_is_number_zero() -> None:
    """Items after the first are not lost."""
    found = said(added(MESSAGE), text("Yes."), done(MESSAGE), added(CALL), done(CALL), done(OTHER))
    assert contents(found) == ["Yes.", "{}", '{"a": 1}']


def test_items_of_one_number_at_a_time() -> None:
    """Pieces of several items find theirs by its id."""
    pieces = [argues('{"a"', "fc_2"), argues("{", "fc_1"), argues(": 1}", "fc_2"), argues("}", "fc_1")]
    found = said(added(CALL), added(OTHER), *pieces, done(OTHER), done(CALL))
    assert contents(found) == ["{}", '{"a": 1}']


def test_another_id_in_every_event() -> None:
    """An item is one item, whatever it is called in its events."""
    events_of_it = [text("Y", item_id="a"), text("es.", item_id="b"), done({**MESSAGE, "id": "c"})]
    assert contents(said(added(MESSAGE), *events_of_it)) == ["Yes."]


def test_contents_with_other_numbers() -> None:
    """A text that came in pieces is not read again from its item."""
    found = said(text("Yes.", content_index=1), done(MESSAGE))
    assert contents(found) == ["Yes."]
    assert found.message.parts[0].signature


def bare(found: dict[str, Any]) -> dict[str, Any]:
    """An event without a number."""
    return {**found, "output_index": None}


def test_events_without_numbers() -> None:
    """Items are told apart by their ids; a piece without one belongs to the latest item."""
    both = [argues('{"a"', "fc_2"), argues("{", "fc_1"), argues(": 1}", "fc_2"), argues("}", "fc_1")]
    numberless = [text("Yes."), done(MESSAGE), added(CALL), added(OTHER), *both, done(OTHER), done(CALL)]
    assert contents(said(added(MESSAGE), *map(bare, numberless))) == ["Yes.", "{}", '{"a": 1}']
    assert contents(said(*map(bare, [text("Yes."), done(MESSAGE), done(MESSAGE)]))) == ["Yes."]


def test_contents_without_numbers() -> None:
    """Each announcement of a content begins one, for pieces that do not say which one they belong to."""
    announced = {"type": "response.content_part.added"}
    piece = {"type": "response.output_text.delta", "delta": "a"}
    assert contents(said(announced, piece, piece, announced, piece)) == ["aa", "a"]


def test_the_last_event_has_what_never_ended() -> None:
    """An item without an end is completed, and one without any event added, by the last event."""
    output = [MESSAGE, {**CALL, "id": "another"}]
    end = {"type": "response.completed", "response": {"status": "completed", "output": output}}
    for begun in ([], [added(MESSAGE), text("Yes.")], [done(MESSAGE)], [done(MESSAGE), added(CALL)]):
        found = fold(events(b"".join(event({"output_index": 0, **one}) for one in (*begun, end))))
        assert contents(found) == ["Yes.", "{}"], begun
        assert found.message.parts[0].signature


def test_an_end_after_the_last_event() -> None:
    """An item that was announced is waited for, unless the stream ends without it."""
    end = {"type": "response.completed", "response": {"status": "completed"}}
    late = [added(MESSAGE), text("Yes."), end, done(MESSAGE)]
    sent = [event({"output_index": 0, **one}) for one in late]
    assert fold(events(b"".join(sent))).message.parts[0].signature
    assert contents(fold(events(b"".join(sent[:3])))) == ["Yes."]
    assert contents(fold(events(b"".join([*sent[:3], event("[DONE]")])))) == ["Yes."]
    error = event({"type": "error", "message": "too late"})
    assert contents(fold(events(b"".join([*sent[:3], error])))) == ["Yes."]


def test_a_section_without_pieces() -> None:
    """A section of the reasoning that no piece has brought is read from the item."""
    piece = {"type": "response.reasoning_summary_text.delta", "summary_index": 0, "delta": "One."}
    sections = [{"type": "summary_text", "text": said} for said in ("One.", "Two.")]
    item = {"type": "reasoning", "id": "rs_1", "summary": sections}
    assert said(piece, done(item)).message.parts[0].reasoning.text == "One.\n\nTwo."
