import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain import Answer, Delta, Fold, ToolCall
from ringmain.v1 import content_pb2 as pb
from ringmain.v1.chat_service_pb2 import ChatEvent, ChatResponse, HarmRating, PartDelta
from ringmain.v1.generation_pb2 import FinishReason
from ringmain.v1.usage_pb2 import Usage

from tests.client import samples

TEXT = st.text(max_size=8)
DATA = st.binary(max_size=4)
CITATIONS = st.lists(st.builds(pb.Citation, uri=TEXT, title=TEXT), max_size=2)
LOGPROBS = st.lists(st.builds(lambda token: pb.TokenLogprobs(token=token, logprob=-1), TEXT), max_size=3)
RESULTS = st.lists(st.builds(lambda text: pb.Part(text=text), TEXT), max_size=2)
CALLS = st.builds(pb.ToolCall, tool_call_id=TEXT, name=TEXT, arguments_json=TEXT)
PROVIDER_CALLS = st.builds(
    pb.ProviderToolCall,
    tool_call_id=TEXT,
    name=TEXT,
    arguments_json=TEXT,
    results=RESULTS,
    failed=st.booleans(),
)
KINDS = st.one_of(
    st.builds(
        lambda text, citations, logprobs: pb.Part(text=text, citations=citations, logprobs=logprobs),
        TEXT,
        CITATIONS,
        LOGPROBS,
    ),
    st.builds(lambda text: pb.Part(reasoning=pb.Reasoning(text=text)), TEXT),
    st.builds(lambda call: pb.Part(tool_call=call), CALLS),
    st.builds(lambda call: pb.Part(provider_tool_call=call), PROVIDER_CALLS),
    st.builds(lambda data: pb.Part(media=pb.Media(mime_type="image/png", data=data)), DATA),
)


def signed(part: pb.Part, signature: bytes) -> pb.Part:
    """Returns a part with the state that its provider wants back, of any kind of part."""
    part.signature, part.provider_id = signature, "p" if signature else ""
    return part


PARTS = st.builds(signed, KINDS, DATA)
RESPONSES = st.builds(
    lambda parts, reason, usage, route, ratings: ChatResponse(
        response_id="r-1",
        safety_ratings=ratings,
        message=pb.Message(role=pb.ROLE_ASSISTANT, parts=parts),
        finish_reason=reason,
        usage=usage,
        route=route,
    ),
    st.lists(PARTS, max_size=4),
    st.sampled_from(FinishReason.values()),
    st.none() | st.builds(lambda n: Usage(output_token_count=n), st.integers(0, 9)),
    st.none() | st.just(samples.ROUTE),
    st.lists(st.builds(HarmRating, category=TEXT, blocked=st.booleans()), max_size=2),
)


def cut(data: st.DataObject, length: int) -> list[slice]:
    """Returns where to cut a text: the first piece opens the part, the others follow."""
    inner = data.draw(st.lists(st.integers(0, length), max_size=3))
    ends = sorted([*inner, length])
    return [slice(begin, end) for begin, end in zip([0, *ends], ends, strict=False)]


def part_events(data: st.DataObject, index: int, part: pb.Part) -> list[ChatEvent]:
    """Returns the events of one part, cut at random places. What repeats follows in any order."""
    opening = pb.Part()
    opening.CopyFrom(part)
    grown = [*text_deltas(data, part, opening), *message_deltas(part, opening)]
    for delta in grown:
        delta.index = index
    events = [ChatEvent(part_delta=delta) for delta in grown]
    return [samples.opened(opening, index), *events, samples.closed(index)]


def text_deltas(data: st.DataObject, part: pb.Part, opening: pb.Part) -> list[PartDelta]:
    """Returns the deltas of text, arguments or bytes, whose first piece stays in the opening."""
    match part.WhichOneof("content"):
        case "text":
            first, *rest = cut(data, len(part.text))
            opening.text = part.text[first]
            return [PartDelta(text=part.text[piece]) for piece in rest]
        case "reasoning":
            first, *rest = cut(data, len(part.reasoning.text))
            opening.reasoning.text = part.reasoning.text[first]
            return [PartDelta(reasoning_text=part.reasoning.text[piece]) for piece in rest]
        case "media":
            first, *rest = cut(data, len(part.media.data))
            opening.media.data = part.media.data[first]
            return [PartDelta(data=part.media.data[piece]) for piece in rest]
        case "tool_call":
            whole = part.tool_call.arguments_json
            first, *rest = cut(data, len(whole))
            opening.tool_call.arguments_json = whole[first]
        case _:
            whole = part.provider_tool_call.arguments_json
            first, *rest = cut(data, len(whole))
            opening.provider_tool_call.arguments_json = whole[first]
    return [PartDelta(arguments_json=whole[piece]) for piece in rest]


def message_deltas(part: pb.Part, opening: pb.Part) -> list[PartDelta]:
    """Returns the deltas of citations, log probabilities, results and the signature."""
    for name in ("citations", "logprobs", "signature", "provider_id"):
        opening.ClearField(name)
    deltas = [PartDelta(citation=citation) for citation in part.citations]
    deltas += [PartDelta(text="", logprobs=part.logprobs)] if part.logprobs else []
    if part.HasField("provider_tool_call"):
        opening.provider_tool_call.ClearField("results")
        opening.provider_tool_call.failed = False
        deltas += [PartDelta(result=result) for result in part.provider_tool_call.results]
        deltas += [PartDelta(failed=part.provider_tool_call.failed)]
    if part.signature:
        half = len(part.signature) // 2
        deltas += [PartDelta(signature=part.signature[:half], provider_id=part.provider_id)]
        deltas += [PartDelta(signature=part.signature[half:])]
    return deltas


def interleaved(data: st.DataObject, lanes: list[list[ChatEvent]]) -> list[ChatEvent]:
    """Returns the events of all parts in a random order that keeps each part's own."""
    merged: list[ChatEvent] = []
    open_lanes = [list(lane) for lane in lanes]
    while open_lanes:
        lane = data.draw(st.sampled_from(range(len(open_lanes))))
        merged.append(open_lanes[lane].pop(0))
        open_lanes = [rest for rest in open_lanes if rest]
    return merged


def fold(events: list[ChatEvent]) -> Fold:
    """Folds events."""
    folded = Fold()
    for event in events:
        folded.add(event)
    return folded


@given(st.data(), RESPONSES)
def test_fold_equals_unary(data: st.DataObject, whole: ChatResponse) -> None:
    """Folding any stream of an answer gives the response that Chat would have returned, byte for byte."""
    lanes = [part_events(data, i, part) for i, part in enumerate(whole.message.parts)]
    stream = [samples.started(), *interleaved(data, lanes), samples.finished(whole)]
    folded = fold(stream)
    assert folded.finished
    assert folded.answer().proto == whole
    assert folded.answer().proto.SerializeToString(deterministic=True) == whole.SerializeToString(
        deterministic=True
    )


@given(st.data(), RESPONSES)
def test_deltas_add_up(data: st.DataObject, whole: ChatResponse) -> None:
    """The deltas of a stream, put together, show all of the answer's content."""
    lanes = [part_events(data, i, part) for i, part in enumerate(whole.message.parts)]
    folded, deltas = Fold(), []
    for event in [event for lane in lanes for event in lane]:
        folded.add(event)
        deltas.append(folded.delta(event) or Delta())
    answer = Answer(whole)
    assert "".join(map(str, deltas)) == answer.text
    assert "".join(delta.reasoning for delta in deltas) == answer.reasoning
    arguments = "".join(call.arguments_json for call in answer.tool_calls)
    assert "".join(delta.arguments_json for delta in deltas) == arguments
    ran = [delta.provider_tool_call for delta in deltas if delta.provider_tool_call is not None]
    arguments = "".join(call.arguments_json for call in answer.provider_tool_calls)
    assert "".join(call.arguments_json for call in ran) == arguments
    results = [result for call in answer.provider_tool_calls for result in call.results]
    assert [result for call in ran for result in call.results] == results
    citations = [citation for part in whole.message.parts for citation in part.citations]
    assert [delta.citation for delta in deltas if delta.citation is not None] == citations
    media = b"".join(delta.media.data for delta in deltas if delta.media is not None)
    assert media == b"".join(medium.data for medium in answer.media)


def test_recovery_that_discards_starts_again() -> None:
    """After a recovery that voids the content only the new provider's parts count."""
    folded = fold([samples.started(), samples.opened(pb.Part(text="old")), samples.opened(pb.Part(), 1)])
    recovery = samples.recovered(discarded=True)
    folded.add(recovery)
    folded.add(samples.opened(pb.Part(text="new")))
    assert folded.delta(recovery) == Delta(discarded=True)
    assert folded.answer().text == "new"
    assert folded.answer().provider == "other"


def test_recovery_that_continues_goes_on() -> None:
    """A recovery that continues appends to the text sent so far and shows nothing."""
    folded = fold([samples.started(), samples.opened(pb.Part(text="one "))])
    recovery = samples.recovered(discarded=False)
    folded.add(recovery)
    folded.add(samples.text("two"))
    assert folded.delta(recovery) is None
    assert folded.answer().text == "one two"
    assert folded.answer().provider_model == "chat-2"


def test_unknown_events_are_skipped() -> None:
    """Events, deltas and parts of kinds that this client does not know give no delta and do no harm."""
    folded = Fold()
    for event in (
        ChatEvent(),
        ChatEvent(part_delta=PartDelta(index=0)),
        samples.opened(pb.Part(), 1),
    ):
        folded.add(event)
        assert folded.delta(event) is None
    assert not folded.finished


def test_tool_call_deltas_name_their_call() -> None:
    """Every piece of arguments says which call and tool it belongs to."""
    folded = fold([samples.opened(pb.Part(tool_call=pb.ToolCall(tool_call_id="c1", name="add")))])
    event = ChatEvent(part_delta=PartDelta(index=0, arguments_json="{}"))
    folded.add(event)
    assert folded.delta(event) == Delta(tool_call_id="c1", tool_name="add", arguments_json="{}")
    assert folded.answer().tool_calls == (ToolCall("c1", "add", "{}"),)


def test_a_provider_tool_call_grows_in_pieces() -> None:
    """Arguments, results and failure of a provider's call never look like a call for the caller to run."""
    opening = pb.ProviderToolCall(tool_call_id="s1", name="web_search", arguments_json='{"query"')
    result = pb.Part(text="", citations=[pb.Citation(uri="https://a.example")])
    deltas = [
        PartDelta(arguments_json=': "rings'),
        PartDelta(arguments_json='"}'),
        PartDelta(result=result),
        PartDelta(failed=True),
    ]
    folded = fold([samples.started(), samples.opened(pb.Part(provider_tool_call=opening))])
    shown = []
    for delta in deltas:
        event = ChatEvent(part_delta=delta)
        folded.add(event)
        shown.append(folded.delta(event))
    assert folded.answer().tool_calls == ()
    (call,) = folded.answer().provider_tool_calls
    assert (call.id, call.name, call.arguments) == ("s1", "web_search", {"query": "rings"})
    assert (call.results, call.failed) == ((result,), True)
    assert all(delta is not None and not delta.tool_call_id for delta in shown)
    named = pb.ProviderToolCall(tool_call_id="s1", name="web_search", arguments_json='"}')
    assert shown[1] == Delta(provider_tool_call=named)


def test_a_signature_may_come_late() -> None:
    """The first piece of a signature names the provider, which stays when the next piece names none."""
    folded = fold([samples.started(), samples.opened(pb.Part(text="a"))])
    folded.add(ChatEvent(part_delta=PartDelta(signature=b"s", provider_id="gemini")))
    folded.add(ChatEvent(part_delta=PartDelta(signature=b"t")))
    assert folded.answer().message.parts[0] == pb.Part(text="a", signature=b"st", provider_id="gemini")


def test_log_probabilities_come_alone_or_beside_text() -> None:
    """Log probabilities are kept whether text comes with them or not."""
    one, two = pb.TokenLogprobs(token="o"), pb.TokenLogprobs(token="k")
    folded = fold([samples.started(), samples.opened(pb.Part(text=""))])
    folded.add(ChatEvent(part_delta=PartDelta(text="o", logprobs=[one])))
    folded.add(ChatEvent(part_delta=PartDelta(logprobs=[two])))
    assert folded.answer().logprobs == (one, two)
    assert folded.answer().text == "o"


def test_folding_leaves_the_events_alone() -> None:
    """An event that the caller keeps is not changed by what follows it."""
    opening = samples.opened(pb.Part(text="a"))
    kept = samples.opened(pb.Part(text="a"))
    fold([opening, ChatEvent(part_delta=PartDelta(citation=pb.Citation(title="t")))])
    assert opening == kept


@pytest.mark.parametrize("kind", ["text", "data"])
def test_long_answers_do_not_copy_what_came(kind: str) -> None:
    """Each event adds its piece alone, so that an answer of ten thousand pieces takes a moment."""
    opening = pb.Part(text="") if kind == "text" else pb.Part(media=pb.Media(data=b""))
    piece = PartDelta(text="x" * 100) if kind == "text" else PartDelta(data=b"x" * 100)
    folded = fold([samples.opened(opening), *[ChatEvent(part_delta=piece)] * 10_000])
    assert len(folded.answer().text or folded.answer().media[0].data) == 1_000_000
