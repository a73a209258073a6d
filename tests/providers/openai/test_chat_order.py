"""Tests of the order of a conversation: who says the instructions, and who speaks after whom, by model."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import ROLE_SYSTEM, ROLE_USER
from ringmain_server.catalog.knobs import USUAL_KNOBS
from ringmain_server.config import load
from ringmain_server.kinds.openai import Dialect, SystemPlace, SystemRole, Texts, Turns
from ringmain_server.operations import CHAT
from ringmain_server.providers.json_base64 import plain
from ringmain_server.providers.openai.chat_order import arranged
from ringmain_server.providers.registry import build_provider
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.translator import UnaryTranslator

from tests.candidates import known_candidate
from tests.laws.conversations import OWN, conversations, signed_by, thought
from tests.laws.openai_rules import chat_complaint, responses_complaint, template_complaint

Said = list[tuple[str, Any]]

SYSTEM, USER, MODEL, TOOL = "system", "user", "assistant", "tool"


def order(said: Said, **forms: Any) -> Said:
    """Messages as a dialect wants them: who says what."""
    messages: list[dict[str, object]] = [{"role": role, "content": content} for role, content in said]
    found = arranged(messages, Dialect(**forms))
    return [(str(one["role"]), one["content"]) for one in found]


def part(text: str) -> Mapping[str, object]:
    """A text as a part of a content."""
    return {"type": "text", "text": text}


def test_instructions_of_the_user() -> None:
    """Instructions that open a conversation are the user's first words; later ones have tags."""
    said: Said = [(SYSTEM, "A"), (SYSTEM, "B"), (USER, "Hi"), (MODEL, "Yes?"), (SYSTEM, "C"), (USER, "Go")]
    assert order(said, system_role="user") == [
        (USER, "A\nB"),
        (USER, "Hi"),
        (MODEL, "Yes?"),
        (USER, "<system>\nC\n</system>"),
        (USER, "Go"),
    ]


def test_instructions_of_the_developer() -> None:
    """Another name for who gives instructions moves nothing."""
    said: Said = [(SYSTEM, "A"), (SYSTEM, "B"), (USER, "Hi"), (SYSTEM, "C")]
    expected: Said = [("developer", "A"), ("developer", "B"), (USER, "Hi"), ("developer", "C")]
    assert order(said, system_role="developer") == expected


def test_instructions_in_front() -> None:
    """They are one message; later ones are the user's, and lists of texts stay lists."""
    said: Said = [(SYSTEM, "A"), (SYSTEM, [part("B"), part("C")]), (USER, "Hi"), (SYSTEM, [part("D")])]
    assert order(said, system_place="first") == [
        (SYSTEM, [part("A"), part("B"), part("C")]),
        (USER, "Hi"),
        (USER, [part("<system>\nD\n</system>")]),
    ]


def test_answered_turns() -> None:
    """The model speaks between a tool and the user, and its last turn is marked as unfinished."""
    assert order([(TOOL, "1"), (USER, "Go")], turns="answered") == [(TOOL, "1"), (MODEL, "OK."), (USER, "Go")]
    messages: list[dict[str, object]] = [{"role": MODEL, "content": "Once"}]
    assert arranged(messages, Dialect(turns="answered")) == [{**messages[0], "prefix": True}]


def test_alternating_turns() -> None:
    """What one speaker says in a row is one turn; the user begins, and no user speaks after a tool."""
    image = {"type": "image_url", "image_url": {"url": "data:"}}
    said: Said = [
        (SYSTEM, "A"),
        (MODEL, "Hi"),
        (USER, ""),
        (USER, "Look"),
        (USER, [image]),
        (MODEL, "1"),
        (MODEL, "2"),
    ]
    assert order(said, turns="alternating") == [
        (SYSTEM, "A"),
        (USER, "(The conversation begins.)"),
        (MODEL, "Hi"),
        (USER, [part("Look"), image]),
        (MODEL, "1\n2"),
    ]
    both: Said = [(SYSTEM, "A"), (USER, "Hi"), (SYSTEM, "B"), (USER, "Go")]
    assert order(both, turns="alternating", system_role="user") == [
        (USER, "A\nHi\n<system>\nB\n</system>\nGo"),
    ]


def test_results_stay_apart() -> None:
    """Each result of a tool is a message of its own, in any order of turns."""
    said: Said = [(USER, "Go"), (MODEL, ""), (TOOL, "1"), (TOOL, "2"), (USER, "And?")]
    for turns in get_args(Turns):
        assert [one for one in order(said, turns=turns) if one[0] == TOOL] == [(TOOL, "1"), (TOOL, "2")]


FORMS: st.SearchStrategy[dict[str, str]] = st.fixed_dictionaries(
    {
        "system_role": st.sampled_from(get_args(SystemRole)),
        "system_place": st.sampled_from(get_args(SystemPlace)),
        "turns": st.sampled_from(get_args(Turns)),
        "texts": st.sampled_from(get_args(Texts)),
        "tool_ids": st.sampled_from(["up_to_40", "nine_alphanumeric"]),
    }
)


def body(request: ChatRequest, wire: str, forms: Mapping[str, str]) -> dict[str, Any]:
    """The body of a request for a candidate whose model has these knobs."""
    stated = {"kind": "openai", "api_key": "sk", "wire": wire}
    own = load(environ={}, overrides={"providers": {OWN: stated}}).providers[OWN]
    candidate = known_candidate(OWN, "openai", "house-model", knobs=replace(USUAL_KNOBS, **forms))  # type: ignore[arg-type]
    choose = build_provider(OWN, own, HttpSessions()).translators_for
    assert choose is not None
    translator = choose(candidate)[CHAT]
    assert isinstance(translator, UnaryTranslator)
    found = plain(translator.request(request, candidate).body)
    assert isinstance(found, dict)
    return found


@given(conversations(), FORMS)
@settings(max_examples=60)
def test_no_template_refuses(drawn: ChatRequest, forms: dict[str, str]) -> None:
    """Whatever a model wants, every conversation comes in that form, and nothing that is said is lost."""
    request = signed_by(lambda token: thought(token, OWN), drawn)
    sent = body(request, "chat", forms)
    assert chat_complaint(sent) is None
    wanted = (forms["system_role"], forms["system_place"], forms["turns"])
    assert template_complaint(sent["messages"], *wanted) is None
    written = "\n".join(_texts(sent["messages"]))
    assert all(text in written for text in _said(request))


@given(conversations(), FORMS)
@settings(max_examples=30)
def test_responses_know_who_instructs(drawn: ChatRequest, forms: dict[str, str]) -> None:
    """Who says the instructions, and where, holds on the other wire too."""
    sent = body(signed_by(lambda token: thought(token, OWN), drawn), "responses", forms)
    assert responses_complaint(sent) is None
    roles = [item.get("role") for item in sent["input"]]
    assert set(roles) <= {None, "user", "assistant", forms["system_role"]}
    if forms["system_place"] == "first" and forms["system_role"] != "user":
        assert forms["system_role"] not in roles[1:]


def _said(request: ChatRequest) -> Iterator[str]:
    for message in request.messages:
        if message.role in (ROLE_SYSTEM, ROLE_USER):
            yield from (one.text for one in message.parts)


def _texts(messages: list[dict[str, Any]]) -> Iterator[str]:
    for message in messages:
        content = message["content"]
        parts = [{"text": content}] if isinstance(content, str) else content or ()
        yield from (str(one.get("text", "")) for one in parts)
