"""Fields that no translator knows are found wherever they stand, and counted without growing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.providers.known_fields import At, Fields, Kinds, Known
from ringmain_server.providers.unknown_fields import (
    LONGEST,
    MOST_NAMES,
    OTHER,
    Since,
    Tally,
    UnknownFields,
    look,
)

TOKEN = Fields("token")
BLOCKS = Kinds(
    {"text": Fields("type text", tokens=TOKEN), "call": Fields("type id", free="input")},
    ending=("_result", Fields("type", free="content")),
    other=Fields("text"),
)
ANSWER = Fields("id", free="metadata", content=BLOCKS, usage=Fields("read written"))
EVENT = At("event", Kinds({"begun": Fields("type", block=At("content", BLOCKS), message=At("", ANSWER))}))


@pytest.mark.parametrize(
    ("known", "found", "paths"),
    [
        (ANSWER, {"id": 1, "usage": {"read": 1}, "content": []}, set()),
        (ANSWER, {"id": 1, "new": None, "newer": {"deep": 1}}, {"new", "newer"}),
        (ANSWER, {"usage": {"read": 1, "thought": 2}}, {"usage.thought"}),
        (ANSWER, {"usage": None, "content": "text", "metadata": {"any": {"thing": 1}}}, set()),
        (ANSWER, {"usage": [{"x": 1}, 7, {"y": 1}]}, {"usage.x", "usage.y"}),
        (ANSWER, {"content": {"text": "bare", "new": 1}}, {"content.new"}),
        (
            ANSWER,
            {"content": [{"type": "text", "n": 1}, {"type": "call", "input": {"x": 1}}]},
            {"content.n"},
        ),
        (ANSWER, {"content": [{"type": "text", "tokens": [{"token": "a", "p": 1}]}]}, {"content.tokens.p"}),
        (
            ANSWER,
            {"content": [{"type": "sketch", "x": 1}, {"type": "a_result", "x": 1}]},
            {"content[sketch]", "content.x"},
        ),
        (
            ANSWER,
            {"content": [{"type": ["odd"], "x": 1}, {"type": 7}, {"type": ""}]},
            {"content.type", "content.x"},
        ),
        (EVENT, {"type": "begun", "new": 1}, {"event.new"}),
        (EVENT, {"type": "ended"}, {"event[ended]"}),
        (EVENT, {"type": "begun", "block": {"type": "text", "new": 1}}, {"content.new"}),
        (EVENT, {"type": "begun", "block": {"type": "sketch"}}, {"content[sketch]"}),
        (EVENT, {"type": "begun", "message": {"new": 1, "usage": {"x": 1}}}, {"new", "usage.x"}),
        (ANSWER, "no object", set()),
    ],
)
def test_paths_of_unknown_fields(known: Known, found: object, paths: set[str]) -> None:
    """A field has the path that it has in a whole answer; what is of an unknown type has its type."""
    tally = counted(known, found)
    assert {one.field for one in tally.counts()} == paths


def counted(known: Known, found: object) -> Tally:
    """A tally of one answer."""
    tally = Tally()
    tally.add("wire", "p", {path.lstrip("/") for path in known.unknown(found)})
    return tally


def test_an_answer_counts_a_field_once() -> None:
    """However often a stream or a list repeats a field, it is one answer that has it."""
    since = Since()
    streamed = UnknownFields("test-once", "p")
    for _ in range(3):
        streamed.look({"usage": [{"x": 1}, {"x": 2}]}, ANSWER)
    look("test-once", "q", {"usage": {"x": 1}}, ANSWER)
    assert [tuple(one) for one in since.news()] == [("test-once", "usage.x", "p", 2)]
    assert list(since.news()) == []


@given(st.lists(st.lists(st.text(max_size=300), max_size=40), max_size=60))
def test_counts_are_bounded(answers: list[list[str]]) -> None:
    """Whatever a provider calls its fields, the names are few, short and printable."""
    tally = Tally()
    known = Fields(usage=Fields())
    for names in answers:
        found = {**dict.fromkeys(names), "usage": dict.fromkeys(names)}
        tally.add("wire", "p", known.unknown(found))
    fields = [one.field for one in tally.counts()]
    assert len(fields) <= MOST_NAMES + 1
    for field in fields:
        assert len(field) <= LONGEST
        assert field.isascii()
        assert field.isprintable()
        assert '"' not in field


def test_further_fields_are_counted_together() -> None:
    """Beyond the limit, fields of a wire share a count; those before it, and other wires, have their own."""
    tally = Tally()
    for number in range(MOST_NAMES + 30):
        tally.add("wire", "p", [f"new_{number}"])
    tally.add("wire", "p", ["new_0"])
    tally.add("other wire", "p", ["new_0", "new_99"])
    counts = {(one.wire, one.field): one.answers for one in tally.counts()}
    assert len(counts) == MOST_NAMES + 3
    assert counts["wire", OTHER] == 30
    assert counts["wire", "new_0"] == 2
    assert counts["other wire", "new_99"] == 1


def test_a_hostile_answer_takes_little() -> None:
    """An answer of a hundred thousand new fields counts a few of them."""
    since = Since()
    UnknownFields("test-hostile", "p").look({f"new_{number}": 1 for number in range(100_000)}, ANSWER)
    assert 0 < len(list(since.news())) <= 20


def test_threads_lose_no_count() -> None:
    """Answers that are read in several threads are all counted."""
    tally = Tally()

    def read(_: int) -> None:
        for _ in range(500):
            tally.add("wire", "p", ["new"])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(read, range(4)))
    assert [one.answers for one in tally.counts()] == [2_000]
