"""Laws: whatever is wrong with an answer, the caller gets the same of it whole and streamed.

Every golden answer that exists in both forms is mutated, and every shape (`tests/shapes`), whose streams are
made here where it has none. `RINGMAIN_MUTATIONS=1` tries all mutations; without it, a share of them that is
the same in every run.
"""

import os
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from ringmain.v1.chat_service_pb2 import ChatResponse
from ringmain_server import errors
from ringmain_server.operations.chat_fold import fold

from tests.laws import streams
from tests.laws.documents import Documents, Unsayable, sse
from tests.laws.mutations import ODD, disordered, everywhere, mutated, truncated, within
from tests.laws.recorded import SHAPE, Recorded, recordings

SHARE = float(os.environ.get("RINGMAIN_MUTATIONS", "0.25"))
OF_SHAPES = float(os.environ.get("RINGMAIN_MUTATIONS", "0.04"))
Outcome = ChatResponse | type[errors.ProviderError]


@dataclass(frozen=True, slots=True)
class Wire:
    """What a wire's streams are made of.

    Attributes:
        ends: Whether an event is one without which a stream has no end.
        numbers: Fields that say only which item, call or event something belongs to, and are not kept.
    """

    ends: Callable[[Any], bool]
    numbers: tuple[frozenset[str], ...]


def _has(event: Any, *path: str) -> bool:
    for name in path:
        event = event[0] if isinstance(event, list) and event else event
        event = event.get(name) if isinstance(event, dict) else None
    return bool(event)


def _kind(event: Any) -> str:
    return str(event.get("type")) if isinstance(event, dict) else ""


_GOOGLE = Wire(
    lambda event: _has(event, "candidates", "finishReason"),
    (frozenset({"modelVersion"}), frozenset({"index"})),
)
WIRES: Mapping[str, Wire] = {
    "openai": Wire(
        lambda event: event == streams.DONE or _has(event, "choices", "finish_reason"),
        (frozenset({"object", "created", "model", "role"}),),
    ),
    "responses": Wire(
        lambda event: _kind(event) in ("response.completed", "response.incomplete"),
        (
            frozenset({"output_index"}),
            frozenset({"item_id"}),
            frozenset({"sequence_number"}),
            frozenset({"sequence_number", "item_id", "obfuscation"}),
        ),
    ),
    "anthropic": Wire(
        lambda event: _has(event, "delta", "stop_reason") or _has(event, "message", "stop_reason"),
        (frozenset({"index"}),),
    ),
    "gemini": _GOOGLE,
    "vertex": _GOOGLE,
}
_FOUND = {one.name: one for one in recordings()}


@dataclass(frozen=True, slots=True)
class Twin:
    """A golden answer in both forms."""

    whole: Recorded
    streamed: Recorded


def twins(wire: str) -> Iterator[Twin]:
    """The golden answers of a wire that exist in both forms."""
    for name, whole in _FOUND.items():
        if name.startswith(f"{wire}-") and f"{name}-streamed" in _FOUND:
            yield Twin(whole, _FOUND[f"{name}-streamed"])


def streamed_answers(wire: str) -> Iterator[Recorded]:
    """The golden answers of a wire that are streams."""
    for name, found in _FOUND.items():
        if name.startswith(f"{wire}-") and name.endswith("-streamed"):
            yield found


def outcome(recorded: Recorded, documents: Documents) -> Outcome | None:
    """What a caller gets: an answer or a foreseen error; None if the wire cannot say the documents."""
    try:
        found = recorded.read(documents)
    except errors.ProviderError as exc:
        return type(exc)
    except Unsayable:
        return None
    return found[0] if isinstance(found[0], ChatResponse) else fold(found)


def agree(one: Outcome | None, other: Outcome | None) -> bool:
    """Whether two outcomes are the same answer, or errors of which one is a case of the other."""
    if isinstance(one, type) and isinstance(other, type):
        return issubclass(one, other) or issubclass(other, one)
    return one == other


def sampled(name: str) -> Callable[[], bool]:
    """Draws the share of mutations that is tried."""
    draws = random.Random(name)
    share = OF_SHAPES if f"-{SHAPE}-" in name else SHARE
    return lambda: draws.random() < share


@pytest.mark.parametrize("wire", WIRES)
def test_there_are_twins(wire: str) -> None:
    """Nothing is tried in vain."""
    assert len(list(twins(wire))) > 10


@pytest.mark.parametrize("make", dict.fromkeys(make for makes in streams.MAKES.values() for make in makes))
def test_streams_are_read(make: streams.Make) -> None:
    """The streams that are made here say what the whole answers say."""
    for wire, makes in streams.MAKES.items():
        for twin in twins(wire) if make in makes else ():
            events = make(twin.whole.documents[0])
            if events is not None:
                said = outcome(twin.whole, twin.whole.documents)
                assert agree(said, outcome(twin.streamed, events)), twin.whole.name


@pytest.mark.parametrize("wire", WIRES)
def test_whole_and_streamed_agree(wire: str) -> None:
    """The same mutation of the same field gives the same answer, or the same class of error."""
    for twin in twins(wire):
        for what, document in mutated(twin.whole.documents[0], sampled(twin.whole.name)):
            whole = outcome(twin.whole, [document])
            for make in streams.MAKES[wire] if whole is not None else ():
                if (events := make(document)) is not None:
                    streamed = outcome(twin.streamed, events)
                    assert agree(whole, streamed), f"{twin.whole}, {make.__name__}: {what}"


@pytest.mark.parametrize("wire", WIRES)
def test_numbers_of_events(wire: str) -> None:
    """However a server numbers its events and items, the answer is the same or an error."""
    for twin in twins(wire):
        is_tried = sampled(twin.whole.name)
        said = outcome(twin.whole, twin.whole.documents)
        for names in WIRES[wire].numbers:
            for what, odd in ODD.items():
                if what != "a number" and is_tried():
                    streamed = outcome(twin.streamed, everywhere(twin.streamed.documents, names, odd))
                    fits = streamed is None or isinstance(streamed, type) or agree(said, streamed)
                    assert fits, f"{twin.streamed}: every {sorted(names)} is {what}"


@pytest.mark.parametrize("names", [("index",), ("id",), ("index", "id")], ids="-".join)
@pytest.mark.parametrize("what", ODD)
def test_calls_without_numbers(what: str, names: tuple[str, ...]) -> None:
    """Calls of a chat completion stay apart without indexes and ids, or are an error."""
    calls = frozenset({"tool_calls", "executed_tools"})
    for twin in twins("openai"):
        documents = within(twin.streamed.documents, calls, frozenset(names), ODD[what])
        said, streamed = outcome(twin.whole, twin.whole.documents), outcome(twin.streamed, documents)
        fits = isinstance(streamed, type) or agree(_without_ids(said), _without_ids(streamed))
        assert fits, f"{twin.streamed}: every {sorted(names)} of a call is {what}"


def _without_ids(found: Outcome | None) -> Outcome | None:
    for part in found.message.parts if isinstance(found, ChatResponse) else ():
        if part.HasField("tool_call"):
            part.tool_call.tool_call_id = ""
        if part.HasField("provider_tool_call"):
            part.provider_tool_call.tool_call_id = ""
    return found


@pytest.mark.parametrize("wire", WIRES)
def test_disordered_events(wire: str) -> None:
    """Events that come twice, not at all or out of order are read or are an error, never a fault of ours."""
    for answer in streamed_answers(wire):
        for _, _, documents in disordered(answer.documents):
            outcome(answer, documents)


@pytest.mark.parametrize("wire", ["responses", "anthropic"])
def test_disorder_that_shows(wire: str) -> None:
    """Where events are numbered, or blocks begin and end, an event in the wrong place changes no answer."""
    for twin in twins(wire):
        said = outcome(twin.whole, twin.whole.documents)
        for how, at, documents in disordered(twin.streamed.documents):
            event = twin.streamed.documents[at]
            if "sequence_number" in event or not _kind(event).endswith(("delta", ".done")):
                found = outcome(twin.streamed, documents)
                assert isinstance(found, type) or agree(said, found), f"{twin.streamed}: {at} {how}"


@pytest.mark.parametrize("wire", WIRES)
def test_truncated_streams(wire: str) -> None:
    """A stream that breaks off before its end is an error, wherever it breaks off."""
    for answer in streamed_answers(wire):
        documents = answer.documents
        if wire == "vertex":
            beginnings = [(at, documents[:at]) for at in range(len(documents))]
        else:
            beginnings = list(truncated([sse([document]) for document in documents]))
        for at, beginning in beginnings:
            if not any(map(WIRES[wire].ends, documents[:at])):
                found = outcome(answer, beginning)
                assert isinstance(found, type), f"{answer}: {at} events and a piece"
