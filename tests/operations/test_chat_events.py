"""Tests of the assembler, and of fold and unfold: a stream amounts to what the unary method returns."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.content_pb2 import (
    ROLE_ASSISTANT,
    Citation,
    Media,
    Message,
    Part,
    ProviderToolCall,
    Reasoning,
    TokenLogprob,
    TokenLogprobs,
    ToolCall,
)
from ringmain.v1.generation_pb2 import (
    FINISH_REASON_MAX_TOKENS,
    FINISH_REASON_STOP,
    FINISH_REASON_TOOL_CALLS,
    FINISH_REASON_UNSPECIFIED,
)
from ringmain.v1.routing_pb2 import Route
from ringmain.v1.usage_pb2 import Usage
from ringmain_server.catalog.tokens import text_tokens
from ringmain_server.operations.chat_events import TEXT, ChatAssembler
from ringmain_server.operations.chat_fold import DATA_LIMIT, fold, unfold

Say = Callable[[ChatAssembler], None]

_TEXT = st.text(max_size=8)
_KEYS = st.sampled_from([TEXT, "another"])
_LOGPROBS = st.builds(
    lambda token, top: TokenLogprobs(token=token, logprob=-0.5, top=[TokenLogprob(token=one) for one in top]),
    _TEXT,
    st.lists(_TEXT, max_size=2),
)
_CITATIONS = st.builds(lambda title: Citation(title=title, uri="https://x.test"), _TEXT)
_RATINGS = st.builds(
    chat_pb2.HarmRating,
    category=st.sampled_from(["hate", "violence"]),
    of_prompt=st.booleans(),
    severity=st.sampled_from(chat_pb2.HarmLevel.values()),
    probability_score=st.none() | st.sampled_from([0.0, 0.25, 1.0]),
    detected=st.none() | st.booleans(),
    blocked=st.booleans(),
)
_SAYS: st.SearchStrategy[Say] = st.one_of(
    _TEXT.map(lambda piece: lambda to: to.text(piece)),
    _TEXT.map(lambda piece: lambda to: to.text(piece, "another")),
    _TEXT.map(lambda piece: lambda to: to.reasoning(piece)),
    st.binary(max_size=4).map(lambda piece: lambda to: to.signature(piece)),
    st.tuples(st.binary(max_size=4), _KEYS).map(lambda said: lambda to: _sign(to, *said)),
    st.tuples(_CITATIONS, _KEYS).map(lambda said: lambda to: to.citation(*said)),
    st.tuples(st.lists(_LOGPROBS, max_size=2), _KEYS).map(lambda said: lambda to: to.logprobs(*said)),
    st.tuples(st.sampled_from(["search", "run"]), _TEXT).map(lambda said: lambda to: _run(to, *said)),
    st.sampled_from([0, 3, DATA_LIMIT, 2 * DATA_LIMIT + 1]).map(lambda size: lambda to: _show(to, size)),
    st.tuples(st.integers(0, 2), _TEXT).map(lambda said: lambda to: _argue(to, *said)),
    st.builds(lambda rating: lambda to: to.rate(_copy(rating)), _RATINGS),
)


def _copy(rating: chat_pb2.HarmRating) -> chat_pb2.HarmRating:
    return chat_pb2.HarmRating.FromString(rating.SerializeToString())


def _argue(assembler: ChatAssembler, key: int, piece: str) -> None:
    if not assembler.has(key):
        assembler.tool_call(key, f"call_{key}", "tool")
    assembler.arguments(piece, key)


def _sign(assembler: ChatAssembler, piece: bytes, key: str) -> None:
    if assembler.has(key):
        assembler.signature(piece, key)


def _run(assembler: ChatAssembler, key: str, piece: str) -> None:
    """A tool of the provider, with arguments, a result, a signature, and a failure at times."""
    if not assembler.has(key):
        assembler.provider_tool_call(key, f"call_{key}", key)
    assembler.arguments(piece, key)
    assembler.result(Part(text=piece), key)
    assembler.signature(piece.encode(), key)
    if piece.startswith("a"):
        assembler.failed(key)


def _show(assembler: ChatAssembler, size: int) -> None:
    assembler.media(Media(mime_type="image/png", data=b"x" * size), "image")


_PARTS = st.one_of(
    st.builds(
        lambda text, citations, logprobs, signature: Part(
            text=text, citations=citations, logprobs=logprobs, signature=signature
        ),
        _TEXT,
        st.lists(_CITATIONS, max_size=2),
        st.lists(_LOGPROBS, max_size=2),
        st.binary(max_size=4),
    ),
    st.builds(
        lambda arguments, results, failed: Part(
            provider_tool_call=ProviderToolCall(
                tool_call_id="id",
                name="web_search",
                arguments_json=arguments,
                results=[Part(text=one) for one in results],
                failed=failed,
            ),
            signature=b"s",
            provider_id="p",
        ),
        _TEXT,
        st.lists(_TEXT, max_size=2),
        st.booleans(),
    ),
    st.builds(
        lambda text, signature: Part(reasoning=Reasoning(text=text), signature=signature, provider_id="p"),
        _TEXT,
        st.binary(max_size=4),
    ),
    st.builds(
        lambda name, arguments: Part(
            tool_call=ToolCall(tool_call_id="id", name=name, arguments_json=arguments)
        ),
        _TEXT,
        _TEXT,
    ),
    st.builds(lambda data: Part(media=Media(mime_type="image/png", data=data)), st.binary(max_size=4)),
    st.just(Part(media=Media(mime_type="image/png", data=b"x" * (DATA_LIMIT + 1)))),
)
_RESPONSES = st.builds(
    lambda parts, usage, route, ratings: chat_pb2.ChatResponse(
        response_id="resp-1",
        safety_ratings=ratings,
        message=Message(role=ROLE_ASSISTANT, parts=parts),
        finish_reason=FINISH_REASON_STOP,
        usage=usage,
        route=route,
    ),
    st.lists(_PARTS, max_size=5),
    st.none() | st.builds(lambda count: Usage(input_token_count=count), st.integers(0, 99)),
    st.none() | st.just(Route(provider_id="p", provider_model="m")),
    st.lists(_RATINGS, max_size=2),
)


@given(_RESPONSES)
def test_fold_inverts_unfold(response: chat_pb2.ChatResponse) -> None:
    """A cached answer's events fold to that very answer."""
    assert fold(unfold(response)) == response


def test_unfolded_events_open_and_close_the_stream() -> None:
    """A cached answer streams like any other: started first, each part begun and finished, finished last."""
    response = chat_pb2.ChatResponse(
        response_id="r", message=Message(parts=[Part(text="a"), Part(text="b")]), route=Route(provider_id="p")
    )
    kinds = [event.WhichOneof("event") for event in unfold(response)]
    assert kinds == [
        "started",
        "part_started",
        "part_finished",
        "part_started",
        "part_finished",
        "finished",
    ]
    assert unfold(response)[0].started.provider_id == "p"


@given(st.lists(_SAYS, max_size=20), st.lists(st.booleans(), min_size=20, max_size=20))
def test_when_events_are_taken_changes_nothing(says: list[Say], takes: list[bool]) -> None:
    """Folding gives the same answer whether events are taken one by one, in bursts, or all at once."""
    whole, pieces = ChatAssembler("p"), ChatAssembler("p")
    events: list[chat_pb2.ChatEvent] = []
    for say, take in zip(says, takes, strict=False):
        say(whole)
        say(pieces)
        if take:
            events += pieces.take()
    usage = Usage(output_token_count=1)
    events += pieces.finish(FINISH_REASON_STOP, usage)
    assert fold(events) == fold(whole.finish(FINISH_REASON_STOP, usage))
    assert whole.tokens == pieces.tokens


@given(st.lists(_SAYS, max_size=4), st.none() | st.just(Usage(output_token_count=1)))
def test_the_response_is_the_fold_of_the_events(says: list[Say], usage: Usage | None) -> None:
    """A whole answer, of one text or of anything, is what its events would have folded to."""
    whole, events = ChatAssembler("p"), ChatAssembler("p")
    for say in says:
        say(whole)
        say(events)
    assert whole.respond(FINISH_REASON_STOP, usage) == fold(events.finish(FINISH_REASON_STOP, usage))


@given(st.lists(_SAYS, max_size=20))
def test_every_part_begins_once_before_it_grows_and_ends_once(says: list[Say]) -> None:
    """Parts are numbered from zero in the order in which they began, and each has one begin and one end."""
    assembler = ChatAssembler()
    events: list[chat_pb2.ChatEvent] = []
    for say in says:
        say(assembler)
        events += assembler.take()
    events += assembler.finish(FINISH_REASON_STOP, None)
    begun: list[int] = []
    ended: list[int] = []
    for event in events:
        match event.WhichOneof("event"):
            case "part_started":
                begun.append(event.part_started.index)
            case "part_delta":
                assert event.part_delta.index in begun
            case "part_finished":
                ended.append(event.part_finished.index)
    assert begun == list(range(assembler.parts))
    assert sorted(ended) == begun
    assert events[-1].HasField("finished")


def test_neighbouring_deltas_of_a_part_are_merged() -> None:
    """What one read brought of one part is one event."""
    assembler = ChatAssembler()
    for piece in ("a", "b", "c"):
        assembler.text(piece)
    first = assembler.take()
    assert [event.part_started.part.text for event in first] == ["abc"]
    for piece in ("d", "e"):
        assembler.text(piece)
    assert [event.part_delta.text for event in assembler.take()] == ["de"]
    assert assembler.take() == []


def test_interleaved_parts_keep_apart() -> None:
    """Pieces of parallel tool calls come together per call, in the order of the calls."""
    assembler = ChatAssembler()
    assembler.tool_call(0, "a", "f")
    assembler.tool_call(1, "b", "g")
    assembler.arguments("{", 0)
    assembler.arguments("[", 1)
    assembler.arguments("}", 0)
    assembler.arguments("]", 1)
    folded = fold(assembler.finish(FINISH_REASON_TOOL_CALLS, None))
    calls = [part.tool_call for part in folded.message.parts]
    assert [(call.tool_call_id, call.name, call.arguments_json) for call in calls] == [
        ("a", "f", "{}"),
        ("b", "g", "[]"),
    ]
    assert assembler.tool_calls == 2


def test_arguments_of_no_call_are_refused() -> None:
    """Arguments need a call that they belong to."""
    with pytest.raises(KeyError):
        ChatAssembler().arguments("{}", 7)


def test_reasoning_and_its_signature_are_one_part() -> None:
    """A signature joins the reasoning it signs, and names who signed."""
    assembler = ChatAssembler("claude")
    assembler.reasoning("I ")
    assembler.signature(b"s1")
    assembler.reasoning("think")
    assembler.signature(b"s2")
    part = fold(assembler.finish(FINISH_REASON_STOP, None)).message.parts[0]
    assert part == Part(reasoning=Reasoning(text="I think"), signature=b"s1s2", provider_id="claude")


def test_a_signature_alone_is_a_part() -> None:
    """Hidden reasoning has a signature and no words."""
    assembler = ChatAssembler("claude")
    assembler.signature(b"s")
    part = fold(assembler.finish(FINISH_REASON_STOP, None)).message.parts[0]
    assert part == Part(reasoning=Reasoning(), signature=b"s", provider_id="claude")


def test_tokens_are_counted_as_the_estimate_counts_them() -> None:
    """The running estimate is that of the whole text, however it came in."""
    text = "Grüße aus 東京, and some plain words"
    assembler = ChatAssembler()
    for end, character in enumerate(text, 1):
        assembler.text(character)
        assert assembler.tokens == text_tokens(text[:end])
        assembler.take()
        assert assembler.tokens == text_tokens(text[:end])


def test_fold_of_an_unfinished_stream_has_no_reason() -> None:
    """What never finished has neither reason nor usage, and empty deltas do nothing."""
    assembler = ChatAssembler()
    assembler.text("a")
    events = [
        *assembler.take(),
        chat_pb2.ChatEvent(part_delta=chat_pb2.PartDelta(index=0)),
        chat_pb2.ChatEvent(),
    ]
    folded = fold(events)
    assert folded.finish_reason == FINISH_REASON_UNSPECIFIED
    assert not folded.HasField("usage")
    assert folded.message.parts[0].text == "a"


def test_fold_starts_anew_after_a_discarding_recovery() -> None:
    """What a recovery declares void is not in the answer; what it continues is."""
    for discarded, expected in ((True, ["new"]), (False, ["old", "new"])):
        events = [
            chat_pb2.ChatEvent(started=chat_pb2.ChatStarted(response_id="r")),
            chat_pb2.ChatEvent(part_started=chat_pb2.PartStarted(index=0, part=Part(text="old"))),
            chat_pb2.ChatEvent(recovered=chat_pb2.ChatRecovered(content_discarded=discarded)),
            chat_pb2.ChatEvent(
                part_started=chat_pb2.PartStarted(index=0 if discarded else 1, part=Part(text="new"))
            ),
            chat_pb2.ChatEvent(finished=chat_pb2.ChatFinished(finish_reason=FINISH_REASON_MAX_TOKENS)),
        ]
        folded = fold(events)
        assert [part.text for part in folded.message.parts] == expected
        assert folded.response_id == "r"
        assert folded.finish_reason == FINISH_REASON_MAX_TOKENS


def test_fold_leaves_its_events_as_they_were() -> None:
    """Folding grows a copy, never the event that is also sent."""
    event = chat_pb2.ChatEvent(part_started=chat_pb2.PartStarted(index=0, part=Part(text="a")))
    delta = chat_pb2.ChatEvent(part_delta=chat_pb2.PartDelta(index=0, text="b"))
    assert fold([event, delta]).message.parts[0].text == "ab"
    assert event.part_started.part.text == "a"


def test_a_closed_part_ends_before_the_answer_does() -> None:
    """A part that the provider closed ends there, once; closing what never began or ended does nothing."""
    assembler = ChatAssembler()
    assembler.text("a")
    assembler.close("text")
    assembler.close("text")
    assembler.close("unknown")
    kinds = [event.WhichOneof("event") for event in assembler.take()]
    assert kinds == ["part_started", "part_finished"]
    assert [event.WhichOneof("event") for event in assembler.finish(FINISH_REASON_STOP, None)] == ["finished"]
