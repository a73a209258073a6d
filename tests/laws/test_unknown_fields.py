"""Laws: no field of an answer is dropped without a word: what no translator knows is counted by its name."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest
from google.protobuf.message import Message
from ringmain_server import errors
from ringmain_server.providers.anthropic import fields as messages
from ringmain_server.providers.gemini import fields as gemini
from ringmain_server.providers.jobs import service_of
from ringmain_server.providers.known_fields import At, Fields, Kinds, Known
from ringmain_server.providers.openai import chat_fields, media_fields, responses_fields
from ringmain_server.providers.unknown_fields import TALLY, Since

from tests.laws.documents import Documents, Unsayable
from tests.laws.recorded import Recorded, places, recordings, replaced
from tests.laws.streams import DONE, MAKES
from tests.laws.test_mutated_answers import WIRES, twins
from tests.providers.vertex import golden as vertex

NEW = "invented_tomorrow"
FOUND = {one.name: one for one in recordings()}
BLOCKS = {"choices.message.content[output_text]", "choices.message.content[sketch]"}
UNHEARD: Mapping[str, set[str]] = {
    "anthropic-answer-unknown": {"content[something_new]"},
    "anthropic-answer-unknown-streamed": {
        "content[something_new]",
        "content[something_new_delta]",
        "event[something_new]",
    },
    "openai-answer-blocks-more": BLOCKS,
    "openai-answer-blocks-more-streamed": BLOCKS,
    "openai-answer-unknown-fields": {"choices.message.new"},
    "openai-answer-unknown-fields-streamed": {"choices.message.new", "type"},
    "responses-answer-unknown": {"unheard_of", "output[unheard_of]", "output.content[unheard_of]"},
    "responses-answer-unknown-streamed": {
        "unheard_of",
        "output[unheard_of]",
        "output.content[unheard_of]",
        "event[response.unheard_of]",
    },
    "vertex-imagen-odd": {"predictions.other"},
    "gemini-shape-arguments-by-path-streamed": {
        f"candidates.content.parts.functionCall.{name}" for name in ("partialArgs", "willContinue")
    },
    # Only the caller could answer these, and so the answer is an error, or they are passed on.
    **{
        f"responses-shape-{name}{form}": {f"output[{kind}]"}
        for name, kind in {
            "apply-patch-alone": "apply_patch_call",
            "custom-call-alone": "custom_tool_call",
            "local-shell-alone": "local_shell_call",
        }.items()
        for form in ("", "-streamed")
    },
}
"""The golden answers that hold what is not known, on purpose."""
MEDIA: Mapping[str, Known] = {
    "classify": media_fields.RATINGS,
    "embed": media_fields.EMBEDDINGS,
    "generate": media_fields.IMAGES,
    "edit": media_fields.IMAGES,
    "stream": media_fields.IMAGE_EVENT,
}


def table(recorded: Recorded, document: Any) -> Known | None:
    """What is known of a document of a recording; None if it is no object, or comes as a message."""
    wire, _, rest = recorded.name.partition("-")
    streamed = rest.endswith("-streamed")
    match wire:
        case "openai":
            return chat_fields.ANSWER
        case "responses":
            return responses_fields.EVENT if streamed else responses_fields.RESPONSE
        case "anthropic":
            return messages.COUNTED if rest == "count" else messages.EVENT if streamed else messages.MESSAGE
        case "gemini":
            return gemini.ANSWER
        case "transcribe":
            return media_fields.TRANSCRIPT_EVENT if "type" in document else media_fields.TRANSCRIPT
        case "vertex":
            return None
    return MEDIA[wire] if wire in MEDIA else service_of(wire).fields


def counted(recorded: Recorded, documents: Documents) -> set[str]:
    """The fields that are counted as documents are read, whether that succeeds or not."""
    TALLY.clear()  # as if nothing had been counted before, so that no limit is reached
    since = Since()
    with suppress(errors.RingmainError, Unsayable):
        recorded.read(documents)
    return {one.field for one in since.news()}


def resolved(known: Known | None, value: Any) -> Fields | None:
    """The fields of an object; None if its type is not known."""
    while isinstance(known, At | Kinds):
        known = known.known if isinstance(known, At) else known.known_of(value)
    assert known is None or isinstance(known, Fields)
    return known


def is_read(known: Known | None, document: Any, path: tuple[Any, ...]) -> bool:
    """Whether the object at a place is one whose fields are known, and not one that may have any fields."""
    value = document
    for step in path:
        if isinstance(step, str):
            fields = resolved(known, value)
            if fields is None or step in fields.free:
                return False
            assert step in fields.names, f"{path}: {step} is not known"
            known = fields.inner.get(step)
            assert known is not None or not holds_objects(value[step]), f"{path}: {step} holds objects"
        value = value[step]
    return resolved(known, value) is not None


def holds_objects(value: Any) -> bool:
    """Whether a value is an object, or a list with one."""
    return isinstance(value, dict) or (isinstance(value, list) and any(map(holds_objects, value)))


def extended(document: Any, known: Known | None) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """A document with a new field at every level that is read, and where it is."""
    for path, value in places(document):
        if isinstance(value, dict) and is_read(known, document, path):
            yield path, replaced(document, path, {**value, NEW: {"deep": 1}})


@pytest.mark.parametrize("name", FOUND)
def test_golden_answers_hold_nothing_unknown(name: str) -> None:
    """Every field of every golden answer is known, or is unknown on purpose."""
    assert counted(FOUND[name], FOUND[name].documents) == UNHEARD.get(name, set())


def is_answer(recorded: Recorded) -> bool:
    """Whether a recording is an answer, and not an error that came in place of one or within it."""
    try:
        recorded.read(recorded.documents)
    except errors.ModelOutputInvalid:
        return not any(isinstance(one, dict) and one.get("error") for one in recorded.documents)
    except (errors.RingmainError, Unsayable):
        return False
    return True


@pytest.mark.parametrize("name", [name for name in FOUND if name not in UNHEARD and is_answer(FOUND[name])])
def test_a_new_field_is_counted_at_every_level(name: str) -> None:
    """Whatever an object of an answer has beside what is known, it is counted under its name."""
    recorded = FOUND[name]
    for at, document in enumerate(recorded.documents):
        if document == DONE:
            break  # what follows the end is not read
        known = table(recorded, document) if isinstance(document, dict) else None
        for path, found in extended(document, known) if known is not None else ():
            documents = [*recorded.documents[:at], found, *recorded.documents[at + 1 :]]
            fields = counted(recorded, documents)
            assert [field.rpartition(".")[2] for field in fields] == [NEW], f"{at}: {path}"


@pytest.mark.parametrize("wire", [wire for wire in WIRES if wire != "vertex"])
def test_new_fields_are_counted_alike(wire: str) -> None:
    """A new field of an answer has the same name whole and streamed, however the stream is cut."""
    for twin in twins(wire):
        whole = twin.whole.documents[0]
        known = table(twin.whole, whole)
        for path, document in extended(whole, known) if twin.whole.name not in UNHEARD else ():
            fields = counted(twin.whole, [document])
            for make in MAKES[wire]:
                events = make(document)
                if events is not None and NEW in str(events):
                    assert counted(twin.streamed, events) == fields, f"{twin.whole}: {path}"


# --- messages of Vertex AI -------------------------------------------------------------------------------

NUMBER = 9_999
RAW = bytes((NUMBER << 3 & 0x7F | 0x80, NUMBER >> 4 & 0x7F | 0x80, NUMBER >> 11, 1))
"""A field of that number, which holds a one: https://protobuf.dev/programming-guides/encoding."""


def within(message: Message) -> Iterator[tuple[str, Message]]:
    """Every message within a message, and where it is; those that may hold anything are left out."""
    yield "", message
    for field, value in message.ListFields():
        if field.message_type is not None and not field.message_type.full_name.startswith("google.protobuf."):
            for inner in value if field.is_repeated else (value,):
                yield from (
                    (".".join(filter(None, (field.name, path))), found) for path, found in within(inner)
                )


@pytest.mark.parametrize("one", vertex.goldens("messages", "response"), ids=lambda one: one.name)
def test_unknown_numbers_are_counted(one: vertex.Golden) -> None:
    """A field that the library's messages lack is counted under its number, whole and streamed."""
    for at, message in enumerate(one.messages):
        for nth, (path, _) in enumerate(within(message)):
            messages = [type(each).FromString(each.SerializeToString()) for each in one.messages]
            list(within(messages[at]))[nth][1].MergeFromString(RAW)
            fields = {".".join(filter(None, (path, str(NUMBER))))}
            TALLY.clear()
            since = Since()
            with suppress(errors.RingmainError):
                list(vertex.events(messages))
            told = {found.field for found in since.news()}
            assert told == fields or (not told and _only_continues(one.messages, at)), path
            if len(messages) == 1:
                with suppress(errors.RingmainError):
                    vertex.answer(messages[0])
                assert {found.field for found in since.news()} == fields


def _only_continues(messages: list[Any], at: int) -> bool:
    """Whether a message does nothing but add to the text or thought that the message before it ended with."""
    if not at or len(messages[at].candidates) != 1 or messages[at].candidates[0].finish_reason:
        return at > 0 and not len(messages[at].candidates)
    (candidate,) = messages[at].candidates
    before = [part for each in messages[at - 1].candidates for part in each.content.parts][-1:]
    kinds = {(part.WhichOneof("data"), part.thought) for part in (*before, *candidate.content.parts)}
    return kinds <= {("text", False)} or kinds <= {("text", True)}
