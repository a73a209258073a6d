"""Streams that go on with another candidate: nothing lost, nothing twice, nothing wrongly spliced."""

from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.content_pb2 import Citation, Media, Part, TokenLogprobs
from ringmain.v1.generation_pb2 import FINISH_REASON_STOP
from ringmain.v1.routing_pb2 import Attempt
from ringmain_server.operations.chat_events import TEXT, ChatAssembler
from ringmain_server.operations.chat_fold import fold
from ringmain_server.operations.recovery import HELD_LIMIT, Sent, Splice, prefilled

PIECES = st.lists(st.sampled_from(["a", "b", "ab", "ba ", " "]), max_size=8)


def _stream(pieces: Sequence[str], *, end: bool = True) -> list[chat_pb2.ChatEvent]:
    assembler = ChatAssembler()
    events: list[chat_pb2.ChatEvent] = []
    for piece in pieces:
        assembler.text(piece)
        events += assembler.take()
    return events + (assembler.finish(FINISH_REASON_STOP, None) if end else [])


def _spliced(
    sent: Sequence[chat_pb2.ChatEvent], then: Sequence[chat_pb2.ChatEvent], *, prefill: bool = False
) -> list[chat_pb2.ChatEvent]:
    """What the caller sees: what was sent, then the splice."""
    memory = Sent()
    for event in sent:
        memory.saw(event)
    splice = Splice(memory, Attempt(provider_id="first"), "second", "model", prefilled=prefill)
    seen = list(sent)
    for event in then:
        seen += splice.feed(event)
    return seen


def _recovered(events: Sequence[chat_pb2.ChatEvent]) -> chat_pb2.ChatRecovered:
    (found,) = [event.recovered for event in events if event.HasField("recovered")]
    return found


def _text(events: Sequence[chat_pb2.ChatEvent]) -> str:
    return "".join(part.text for part in fold(events).message.parts)


@given(PIECES.filter(bool), PIECES)
def test_after_restart_the_answer_is_the_new_candidates(sent: list[str], then: list[str]) -> None:
    """Whatever was sent, the folded answer is the new candidate's whole answer; void only if it differs."""
    seen = _spliced(_stream(sent, end=False), _stream(then))
    assert _text(seen) == "".join(then)
    assert _recovered(seen).content_discarded == (not "".join(then).startswith("".join(sent)))
    assert fold(seen).finish_reason == FINISH_REASON_STOP


@given(PIECES.filter(bool), PIECES)
def test_a_repeated_answer_goes_on_with_nothing_twice(sent: list[str], rest: list[str]) -> None:
    """A candidate that repeats what was sent adds only what is new, after a prefill too."""
    for prefill in (False, True):
        seen = _spliced(_stream(sent, end=False), _stream([*sent, *rest]), prefill=prefill)
        assert _text(seen) == "".join([*sent, *rest])
        assert not _recovered(seen).content_discarded


@given(st.text("ab ", min_size=1, max_size=9), st.text("xy", max_size=9))
def test_a_continuation_is_appended_to_what_was_sent(sent: str, rest: str) -> None:
    """After a prefill, text that differs continues; white space that the prefill lost comes once."""
    blank = sent[len(sent.rstrip()) :]
    seen = _spliced(_stream([sent], end=False), _stream([blank, rest]), prefill=True)
    assert _text(seen) == sent + rest
    assert not _recovered(seen).content_discarded


def test_nothing_is_shown_while_the_text_repeats() -> None:
    """Held back means held back: not even `recovered` shows before it is decided."""
    memory = Sent()
    for event in _stream(["one two"], end=False):
        memory.saw(event)
    splice = Splice(memory, Attempt(), "p", "m", prefilled=False)
    first, second, third = _stream(["one", " two", " three"], end=False)
    assert list(splice.feed(first)) == []
    shown = splice.feed(second)
    assert [event.WhichOneof("event") for event in shown] == ["recovered"]
    assert [event.part_delta.text for event in splice.feed(third)] == [" three"]


def _with_tool(text: str) -> list[chat_pb2.ChatEvent]:
    assembler = ChatAssembler()
    assembler.text(text)
    assembler.tool_call(0, "call", "f")
    return assembler.finish(FINISH_REASON_STOP, None)


def _with_reasoning(text: str) -> list[chat_pb2.ChatEvent]:
    assembler = ChatAssembler()
    assembler.reasoning("hm")
    assembler.text(text)
    return assembler.finish(FINISH_REASON_STOP, None)


def test_tools_and_reasoning_are_never_spliced() -> None:
    """Once a tool call or reasoning was sent, or the new answer reasons first, all that was sent is void."""
    for sent in (_with_tool("same")[:2], _with_reasoning("same")[:2]):
        seen = _spliced(sent, _stream(["same and more"]), prefill=True)
        assert _recovered(seen).content_discarded
        assert fold(seen).message == fold(_stream(["same and more"])).message
    seen = _spliced(_stream(["same"], end=False), _with_reasoning("same"), prefill=True)
    assert _recovered(seen).content_discarded
    assert fold(seen).message == fold(_with_reasoning("same")).message


SOURCE = Citation(uri="https://x.test", start_index=1, end_index=3)


def _with(text: str, say: Callable[[ChatAssembler], None], more: str = "") -> list[chat_pb2.ChatEvent]:
    """A text, something beside it, and more of the text, each in events of its own."""
    assembler = ChatAssembler("p")
    assembler.text(text)
    events = assembler.take()
    say(assembler)
    events += assembler.take()
    assembler.text(more)
    return events + assembler.finish(FINISH_REASON_STOP, None)


def _run_a_tool(assembler: ChatAssembler) -> None:
    assembler.provider_tool_call("run", "srv_1", "web_search")
    assembler.arguments("{}", "run")


BESIDE: Mapping[str, Callable[[ChatAssembler], None]] = {
    "citation": lambda assembler: assembler.citation(SOURCE),
    "logprobs": lambda assembler: assembler.logprobs([TokenLogprobs(token="same")]),
    "signature": lambda assembler: assembler.signature(b"s", TEXT),
    "media": lambda assembler: assembler.media(Media(data=b"x"), "image"),
    "provider tool": _run_a_tool,
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_only_one_provider_can_have_said_is_never_spliced(name: str) -> None:
    """Once a citation, a signature, a medium or a tool of the provider was sent, say, all is void."""
    sent = _with("same", BESIDE[name])[:2]
    for prefill in (False, True):
        seen = _spliced(sent, _stream(["same and more"]), prefill=prefill)
        assert _recovered(seen).content_discarded
        assert fold(seen).message == fold(_stream(["same and more"])).message


def test_a_part_that_two_wrote_has_no_signature_and_no_log_probabilities() -> None:
    """What the second candidate adds of them is left out, whether it comes before or after the splice."""
    for name in ("signature", "logprobs"):
        for prefill, text in ((False, "same"), (True, "")):
            seen = _spliced(_stream(["same"], end=False), _with(text, BESIDE[name], "!"), prefill=prefill)
            assert fold(seen).message.parts[0] == Part(text="same!")


def test_citations_of_a_continuation_are_where_its_text_is() -> None:
    """After a prefill, places count from the start of the joined text; those of a repeated text stand."""
    seen = _spliced(_stream(["one "], end=False), _with("two", BESIDE["citation"]), prefill=True)
    part = fold(seen).message.parts[0]
    assert (part.text, part.citations[0].start_index, part.citations[0].end_index) == ("one two", 5, 7)
    again = _spliced(_stream(["same"], end=False), _with("same", BESIDE["citation"], "!"))
    assert list(fold(again).message.parts[0].citations) == [SOURCE]


def test_citations_that_come_before_the_text_are_kept() -> None:
    """Some providers cite before they write: the citation opens the part that repeats or continues."""
    assembler = ChatAssembler()
    assembler.citation(Citation(uri="https://x.test"))
    assembler.text("same")
    events = assembler.finish(FINISH_REASON_STOP, None)
    seen = _spliced(_stream(["same"], end=False), events)
    assert not _recovered(seen).content_discarded
    assert fold(seen).message == fold(events).message


def test_a_tool_call_after_the_repeated_text_goes_through() -> None:
    """The new candidate may call a tool after all of the text: the text stands, the call follows."""
    seen = _spliced(_stream(["same"], end=False), _with_tool("same"))
    assert not _recovered(seen).content_discarded
    assert fold(seen).message == fold(_with_tool("same")).message


def test_other_deltas_make_an_answer_not_plain() -> None:
    """A delta of another part, or more text than may be remembered, ends splicing."""
    sent = Sent()
    sent.saw(_stream(["x"])[0])
    sent.saw(chat_pb2.ChatEvent(finished=chat_pb2.ChatFinished()))
    assert (sent.plain, sent.text) == (True, "x")
    sent.saw(chat_pb2.ChatEvent(part_delta=chat_pb2.PartDelta(index=1, text="x")))
    assert not sent.plain
    long = Sent()
    long.saw(_stream(["x" * (HELD_LIMIT + 1)])[0])
    assert not long.plain


def test_a_prefill_is_the_answer_so_far_without_trailing_space() -> None:
    """The prefilled request ends with an assistant's turn, and the given request is left as it was."""
    request = chat_pb2.ChatRequest(model="m")
    request.messages.add(role=2).parts.add(text="hi")
    found = prefilled(request, "so far \n")
    assert [part.text for part in found.messages[-1].parts] == ["so far"]
    assert len(request.messages) == 1
