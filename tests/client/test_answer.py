import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain import Answer, Delta, Fold, ToolCall
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatResponse, PartDelta
from ringmain.v1.content_pb2 import ROLE_ASSISTANT, Media, Message, Part, Reasoning
from ringmain.v1.content_pb2 import ToolCall as ToolCallPart
from ringmain.v1.generation_pb2 import FinishReason
from ringmain.v1.usage_pb2 import Usage

from tests.client import samples

TEXT = st.text(max_size=8)
PARTS = st.one_of(
    st.builds(lambda text: Part(text=text), TEXT),
    st.builds(
        lambda text, signature: Part(reasoning=Reasoning(text=text, signature=signature, provider_id="p")),
        TEXT,
        st.binary(max_size=4),
    ),
    st.builds(
        lambda call_id, name, arguments: Part(
            tool_call=ToolCallPart(tool_call_id=call_id, name=name, arguments_json=arguments)
        ),
        TEXT,
        TEXT,
        TEXT,
    ),
    st.builds(lambda data: Part(media=Media(data=data)), st.binary(max_size=4)),
)
RESPONSES = st.builds(
    lambda parts, reason, usage, route: ChatResponse(
        response_id="r-1",
        message=Message(role=ROLE_ASSISTANT, parts=parts),
        finish_reason=reason,
        usage=usage,
        route=route,
    ),
    st.lists(PARTS, max_size=4),
    st.sampled_from(FinishReason.values()),
    st.none() | st.builds(lambda n: Usage(output_token_count=n), st.integers(0, 9)),
    st.none() | st.just(samples.ROUTE),
)


def cut(data: st.DataObject, whole: str | bytes) -> list[int]:
    """Return where to cut a text: the first piece opens the part, the others follow."""
    inner = data.draw(st.lists(st.integers(0, len(whole)), max_size=3))
    return sorted([*inner, len(whole)])


def part_events(data: st.DataObject, index: int, part: Part) -> list[ChatEvent]:
    """Return the events of one part, cut at random places."""
    opening = Part()
    opening.CopyFrom(part)
    deltas: list[PartDelta] = []
    match part.WhichOneof("content"):
        case "text":
            first, *ends = cut(data, part.text)
            opening.text = part.text[:first]
            for begin, end in zip([first, *ends], ends, strict=False):
                deltas.append(PartDelta(index=index, text=part.text[begin:end]))
        case "reasoning":
            first, *ends = cut(data, part.reasoning.text)
            opening.reasoning.text = part.reasoning.text[:first]
            opening.reasoning.signature = b""
            for begin, end in zip([first, *ends], ends, strict=False):
                piece = part.reasoning.text[begin:end]
                deltas.append(PartDelta(index=index, reasoning_text=piece))
            deltas.append(PartDelta(index=index, signature=part.reasoning.signature))
        case "tool_call":
            first, *ends = cut(data, part.tool_call.arguments_json)
            opening.tool_call.arguments_json = part.tool_call.arguments_json[:first]
            for begin, end in zip([first, *ends], ends, strict=False):
                piece = part.tool_call.arguments_json[begin:end]
                deltas.append(PartDelta(index=index, arguments_json=piece))
    grown = [ChatEvent(part_delta=delta) for delta in deltas]
    return [samples.opened(opening, index), *grown, samples.closed(index)]


def interleaved(data: st.DataObject, lanes: list[list[ChatEvent]]) -> list[ChatEvent]:
    """Return the events of all parts in a random order that keeps each part's own."""
    merged: list[ChatEvent] = []
    open_lanes = [list(lane) for lane in lanes]
    while open_lanes:
        lane = data.draw(st.sampled_from(range(len(open_lanes))))
        merged.append(open_lanes[lane].pop(0))
        open_lanes = [rest for rest in open_lanes if rest]
    return merged


def fold(events: list[ChatEvent]) -> Fold:
    """Fold events."""
    folded = Fold()
    for event in events:
        folded.add(event)
    return folded


@given(st.data(), RESPONSES)
def test_fold_equals_unary(data: st.DataObject, whole: ChatResponse) -> None:
    """Folding any stream of an answer gives the response that Chat would have returned."""
    lanes = [part_events(data, i, part) for i, part in enumerate(whole.message.parts)]
    stream = [samples.started(), *interleaved(data, lanes), samples.finished(whole)]
    folded = fold(stream)
    assert folded.finished
    assert folded.answer().proto == whole


@given(st.data(), RESPONSES)
def test_deltas_add_up(data: st.DataObject, whole: ChatResponse) -> None:
    """The deltas of a stream, put together, show all of its text, reasoning and arguments."""
    lanes = [part_events(data, i, part) for i, part in enumerate(whole.message.parts)]
    stream = [event for lane in lanes for event in lane]
    folded = Fold()
    deltas = []
    for event in stream:
        folded.add(event)
        deltas.append(folded.delta(event) or Delta())
    answer = Answer(whole)
    assert "".join(map(str, deltas)) == answer.text
    assert "".join(delta.reasoning for delta in deltas) == answer.reasoning
    arguments = "".join(call.arguments_json for call in answer.tool_calls)
    assert "".join(delta.arguments_json for delta in deltas) == arguments


def test_recovery_that_discards_starts_again() -> None:
    """After a recovery that voids the content only the new provider's parts count."""
    folded = fold([samples.started(), samples.opened(Part(text="old")), samples.opened(Part(), 1)])
    recovery = samples.recovered(discarded=True)
    folded.add(recovery)
    folded.add(samples.opened(Part(text="new")))
    assert folded.delta(recovery) == Delta(discarded=True)
    assert folded.answer().text == "new"
    assert folded.answer().provider == "other"


def test_recovery_that_continues_goes_on() -> None:
    """A recovery that continues appends to the text sent so far and shows nothing."""
    folded = fold([samples.started(), samples.opened(Part(text="one "))])
    recovery = samples.recovered(discarded=False)
    folded.add(recovery)
    folded.add(samples.text("two"))
    assert folded.delta(recovery) is None
    assert folded.answer().text == "one two"
    assert folded.answer().provider_model == "chat-2"


def test_unknown_events_are_skipped() -> None:
    """Events, deltas and media parts that a reader cannot see give no delta and do no harm."""
    folded = Fold()
    for event in (
        ChatEvent(),
        ChatEvent(part_delta=PartDelta(index=0)),
        samples.opened(Part(media=Media(data=b"x")), 1),
    ):
        folded.add(event)
        assert folded.delta(event) is None
    assert not folded.finished


def test_tool_call_deltas_name_their_call() -> None:
    """Every piece of arguments says which call and tool it belongs to."""
    folded = fold([samples.opened(Part(tool_call=ToolCallPart(tool_call_id="c1", name="add")))])
    event = ChatEvent(part_delta=PartDelta(index=0, arguments_json="{}"))
    folded.add(event)
    assert folded.delta(event) == Delta(tool_call_id="c1", tool_name="add", arguments_json="{}")
    assert folded.answer().tool_calls == (ToolCall("c1", "add", "{}"),)


def test_answer_says_what_the_response_holds() -> None:
    """An answer's properties are the response's fields in Python's terms."""
    answer = Answer(samples.response('{"a": 1}'))
    assert str(answer) == answer.text == '{"a": 1}'
    assert answer.json() == {"a": 1}
    assert answer.finish_reason == "stop"
    assert answer.cost_usd == pytest.approx(0.0015)
    assert (answer.provider, answer.provider_model) == ("sandbox", "chat")
    assert answer.response_id == "r-1"
    assert answer.usage.input_token_count == 3
    assert answer.message.role == ROLE_ASSISTANT


def test_unknown_stays_unknown() -> None:
    """An absent price is None and not zero, an unknown finish reason is empty."""
    assert Answer(ChatResponse()).cost_usd is None
    assert Answer(ChatResponse()).finish_reason == ""
    newer = ChatResponse.FromString(b"\x18\x63")  # finish_reason = 99
    assert Answer(newer).finish_reason == ""


def test_arguments_are_parsed_when_asked() -> None:
    """Arguments are a dict, empty if the model wrote none, and an error if they are no object."""
    assert ToolCall("c", "add", '{"a": 1}').arguments == {"a": 1}
    assert ToolCall("c", "add", "").arguments == {}
    for broken in ("[1]", '{"a": '):
        with pytest.raises(ValueError, match=r"object|Expecting"):
            _ = ToolCall("c", "add", broken).arguments
