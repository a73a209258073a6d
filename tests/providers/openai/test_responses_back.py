"""Tests of the responses wire: what an answer holds goes back as it was, and nothing else gets in with it."""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import (
    ROLE_ASSISTANT,
    ROLE_USER,
    Media,
    Part,
    ProviderToolCall,
    Reasoning,
    ToolCall,
)
from ringmain_server import errors
from ringmain_server.candidate import Candidate
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.json_base64 import plain
from ringmain_server.providers.openai.responses_shapes import ITEMS
from ringmain_server.providers.openai.responses_state import packed, state_of

from tests.fakes.responses import Head, closing, contents, numbered, opening, response
from tests.fakes.responses_rules import complaint
from tests.fakes.script import Answer
from tests.providers.openai import responses_golden
from tests.providers.openai.golden import Golden
from tests.providers.openai.responses_golden import candidate, translator

Json = dict[str, Any]


def _is_whole(answer: Golden) -> bool:
    """Whether an answer is OpenAI's own, with the state of its reasoning."""
    output = answer.content["answer"]["output"]
    thoughts = [item for item in output if item["type"] == "reasoning"]
    return not answer.content.get("odd") and all(item.get("encrypted_content") for item in thoughts)


WHOLE = list(filter(_is_whole, responses_golden.goldens("answer")))
NAMED = {one.name: one.response for one in WHOLE}
HEAD = Head(id="resp_7", model="gpt-x")


def sent_back(answer: ChatResponse, asked: Candidate | None = None) -> list[Json]:
    """The items of a request that continues the conversation after an answer."""
    request = ChatRequest(model="m")
    request.messages.add(role=ROLE_USER).parts.add(text="Hi")
    request.messages.add().CopyFrom(answer.message)
    request.messages.add(role=ROLE_USER).parts.add(text="And?")
    body = plain(translator().request(request, asked or candidate()).body)
    assert complaint(body) is None
    return _of_model(body["input"][1:-1])


def _of_model(items: list[Json]) -> list[Json]:
    """Items without the results that calls get which nobody answered."""
    return [item for item in items if item.get("type") != "function_call_output"]


def as_sent(items: list[Json]) -> list[Json]:
    """Items as a server wants them back: without log probabilities, and what says or led to nothing."""
    found = deepcopy(items)
    for item in found:
        for part in item.get("content") or ():
            part.pop("logprobs", None)
        if item["type"] == "message":
            said = [part for part in item["content"] if part.get("text") or part.get("refusal")]
            item["content"] = said or item["content"]
        if item["type"] == "function_call":
            item["arguments"] = item["arguments"] or "{}"
    while found and (found[-1]["type"] == "reasoning"):
        found.pop()
    return found


@pytest.mark.parametrize("golden_file", WHOLE, ids=[one.name for one in WHOLE])
def test_an_answer_goes_back_as_it_was(golden_file: Golden) -> None:
    """The items of an answer that is sent back are those of the answer, in their order."""
    output = golden_file.content["answer"]["output"]
    assert sent_back(golden_file.response) == as_sent(output)


_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
_PLACES = st.integers(0, 9)
_ANNOTATIONS = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.just("url_citation"),
            "url": _TEXT,
            "title": _TEXT,
            "start_index": _PLACES,
            "end_index": _PLACES,
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("file_citation"), "file_id": _TEXT, "filename": _TEXT, "index": _PLACES}
    ),
)
_CONTENTS = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.just("output_text"),
            "text": st.just("") | _TEXT,
            "annotations": st.lists(_ANNOTATIONS, max_size=2),
            "logprobs": st.just([]),
        }
    ),
    st.fixed_dictionaries({"type": st.just("refusal"), "refusal": _TEXT}),
)
_SOURCES = st.fixed_dictionaries({"type": st.just("url"), "url": _TEXT})
_DONE = {"status": st.just("completed")}
_OUTPUTS = st.one_of(
    st.fixed_dictionaries({"type": st.just("logs"), "logs": _TEXT}),
    st.fixed_dictionaries(
        {"type": st.just("image"), "url": st.sampled_from(["data:image/png;base64,AAAA", "https://x.test/a"])}
    ),
)
_KINDS: Mapping[str, Mapping[str, st.SearchStrategy[Any]]] = {
    "reasoning": {"summary": st.just([]), "encrypted_content": _TEXT},
    "message": {
        **_DONE,
        "role": st.just("assistant"),
        "content": st.lists(_CONTENTS, min_size=1, max_size=2),
        "phase": st.sampled_from(["commentary", "final_answer"]),
    },
    "function_call": {**_DONE, "name": _TEXT, "arguments": st.just("{}"), "namespace": _TEXT},
    "web_search_call": {
        "status": st.sampled_from(["completed", "failed"]),
        "action": st.fixed_dictionaries(
            {
                "type": st.just("search"),
                "query": _TEXT,
                "sources": st.lists(
                    st.fixed_dictionaries({"type": st.just("url"), "url": _TEXT}), max_size=2
                ),
            }
        ),
    },
    "code_interpreter_call": {
        **_DONE,
        "code": _TEXT,
        "container_id": _TEXT,
        "outputs": st.none() | st.lists(_OUTPUTS, max_size=3),
    },
    "image_generation_call": {**_DONE, "result": st.just("iVBORw0KGgo="), "revised_prompt": _TEXT},
    "mcp_call": {
        **_DONE,
        "name": _TEXT,
        "server_label": _TEXT,
        "arguments": st.just('{"a":1}'),
        "output": st.none() | _TEXT,
    },
}


@st.composite
def outputs(draw: st.DrawFn) -> tuple[Json, ...]:
    """Items of any kinds in any order, the last of them one that says something."""
    kinds = [*draw(st.lists(st.sampled_from(sorted(_KINDS)), max_size=6)), "message"]
    found = []
    for number, kind in enumerate(kinds):
        item = {"type": kind, "id": f"i_{number}", **draw(st.fixed_dictionaries(dict(_KINDS[kind])))}
        found.append({**item, "call_id": f"c_{number}"} if kind == "function_call" else item)
    return tuple(found)


@given(outputs(), st.lists(st.integers(0, 100_000), max_size=8).map(tuple))
def test_any_items_are_folded_and_go_back(items: tuple[Json, ...], cuts: tuple[int, ...]) -> None:
    """Whatever the provider ran and said: a stream folds to the whole, and it goes back item by item."""
    answer = Answer(items=items)
    found = [*opening(answer, HEAD), *contents(answer, HEAD), closing(answer, HEAD)]
    data = [numbered(one, number) for number, one in enumerate(found)]
    raw = b"".join(b"data: " + one + b"\n\n" for one in data)
    whole = responses_golden.answer(response(answer, HEAD))
    assert fold(responses_golden.events(raw, cuts)) == whole
    request = ChatRequest(model="m")
    request.messages.add().CopyFrom(whole.message)
    back = plain(translator().request(request, candidate()).body)["input"]
    assert _of_model(back) == as_sent(list(items))


SEARCHED = NAMED["answer-web-search"]
CODED = NAMED["answer-code"]
DRAWN = NAMED["answer-images"]


def test_another_provider_gets_what_was_said() -> None:
    """What only its maker can read is left out for any other provider; texts and images stay."""
    other = replace(candidate(), provider_id="other")
    assert sent_back(SEARCHED, other) == [
        {"role": "assistant", "content": "Let me look."},
        {"role": "assistant", "content": "It rains 🌧 in Oslo (yr.no)."},
    ]
    assert [item["role"] for item in sent_back(DRAWN, other)] == ["user", "assistant"]


def test_items_without_the_reasoning_before_them_lose_their_ids() -> None:
    """The server refuses an item's id without its reasoning, which callers may drop; a phase stays."""
    bare = ChatResponse()
    bare.CopyFrom(SEARCHED)
    kept = [part for part in bare.message.parts if not part.HasField("reasoning")]
    del bare.message.parts[:]
    bare.message.parts.extend(kept)
    assert sent_back(bare) == [
        {"role": "assistant", "content": "Let me look.", "phase": "commentary"},
        {"role": "assistant", "content": "It rains 🌧 in Oslo (yr.no).", "phase": "final_answer"},
    ]


def test_a_call_keeps_its_namespace_without_its_id() -> None:
    """A function in a namespace cannot be found without it, even where the id may not go back."""
    state = packed(
        {"type": "function_call", "id": "fc_1", "namespace": "widgets", "status": "completed"}, after="rs_1"
    )
    answer = ChatResponse()
    answer.message.role = ROLE_ASSISTANT
    call = answer.message.parts.add(signature=state, provider_id="up").tool_call
    call.tool_call_id, call.name = "call_1", "create"
    (item,) = sent_back(answer)
    assert item["namespace"] == "widgets"
    assert "id" not in item


def test_code_without_a_picture_that_it_made_is_left_out() -> None:
    """A picture goes back from the part's media. Without it the call is not what it was."""
    bare = ChatResponse()
    bare.CopyFrom(CODED)
    call = next(part for part in bare.message.parts if part.HasField("provider_tool_call"))
    del call.provider_tool_call.results[:]
    assert [item.get("id") for item in sent_back(bare)] == ["rs_1", "ci_2", "msg_1"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def edited(draw: st.DrawFn) -> bytes:
    """A signature that somebody wrote: any bytes, or an item with fields and values of all kinds."""
    kind = draw(st.sampled_from([*ITEMS, "item_reference", "computer_call"]))
    names = st.sampled_from(["id", "role", "content", "call_id", "tools", "model", *ITEMS.get(kind, {})])
    item = {**draw(st.dictionaries(names, _JSON, max_size=4)), "type": kind}
    state = {"item": item, "after": draw(_JSON), "content": draw(_JSON), "model": "other"}
    written = b"responses:" + json.dumps(state).encode()
    return draw(st.one_of(st.binary(max_size=30), st.just(written), st.just(written[:-3])))


_PARTS = [
    Part(text="x"),
    Part(reasoning=Reasoning()),
    Part(tool_call=ToolCall(tool_call_id="a", name="f")),
    Part(provider_tool_call=ProviderToolCall(tool_call_id="a", name="web_search")),
    Part(media=Media(mime_type="image/png", data=b"x")),
]
_WRITTEN = frozenset({"role", "content", "call_id", "name", "arguments", "result"})
"""Fields of items that the gateway writes itself."""


@given(st.sampled_from(_PARTS), edited())
def test_nothing_gets_in_by_a_signature(part: Part, signature: bytes) -> None:
    """A signature comes from a caller: it adds fields of its item's kind or nothing, and never fails."""
    answer = ChatResponse()
    answer.message.role = ROLE_ASSISTANT
    answer.message.parts.add().CopyFrom(part)
    answer.message.parts[0].signature = signature
    answer.message.parts[0].provider_id = "up"
    request = ChatRequest(model="m", messages=[answer.message])
    body = plain(translator().request(request, candidate()).body)
    orjson.dumps(body)
    assert body["model"] == "gpt-x"
    for item in _of_model(body["input"]):
        kind = item.get("type", "message")
        assert item.keys() <= {*ITEMS[kind], *_WRITTEN}
        assert item.get("role", "assistant") == "assistant" or part.HasField("media")


def test_a_signature_of_any_size_is_bounded() -> None:
    """What is larger than any item is not read."""
    part = Part(text="x", provider_id="up", signature=packed({"type": "message", "id": "m" * (8 << 20)}))
    assert state_of(part, "up") is None


ASKING: list[Json] = [
    {"type": "mcp_approval_request", "id": "a", "name": "f", "server_label": "s", "arguments": "{}"},
    {"type": "apply_patch_call", "id": "a", "call_id": "c", "status": "completed", "operation": {}},
    {"type": "local_shell_call", "id": "a", "call_id": "c", "status": "completed", "action": {}},
    {"type": "computer_call", "id": "a", "call_id": "c", "status": "completed", "action": {}},
    {"type": "custom_tool_call", "id": "a", "call_id": "c", "name": "f", "input": "x"},
    {"type": "shell_call", "id": "a", "call_id": "c", "environment": {"type": "local"}},
    {"type": "tool_search_call", "id": "a", "call_id": "c", "execution": "client"},
    {"type": "invented_tomorrow_call", "id": "a"},
]
SAID: Json = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Done.", "annotations": []}],
}


@pytest.mark.parametrize("item", ASKING, ids=lambda item: item["type"])
@pytest.mark.parametrize("before", [[], [SAID]], ids=["alone", "after-a-text"])
def test_what_callers_cannot_answer_is_an_error(item: Json, before: list[Json]) -> None:
    """An answer that waits for what the contract has no word for says so, and is never an empty success."""
    with pytest.raises(errors.ModelOutputInvalid, match=item["type"]) as failure:
        responses_golden.answer(orjson.dumps({"status": "completed", "output": [*before, item]}))
    assert not failure.value.breaker_failure
    done = {"type": "response.output_item.done", "output_index": 0, "item": item}
    end = {"type": "response.completed", "response": {"output": [item]}}
    with pytest.raises(errors.ModelOutputInvalid, match=item["type"]):
        responses_golden.events(responses_golden.event(done) + responses_golden.event(end))


@pytest.mark.parametrize(
    "after",
    [[SAID], [{"type": "invented_tomorrow_output", "id": "o", "call_id": "c"}, SAID]],
    ids=["text", "output"],
)
def test_what_the_provider_answered_itself_is_no_error(after: list[Json]) -> None:
    """Items of unknown tools that the provider ran are no question, because the model went on after them."""
    called = {"type": "invented_tomorrow_call", "id": "a", "call_id": "c"}
    found = responses_golden.answer(orjson.dumps({"status": "completed", "output": [called, *after]}))
    assert [part.text for part in found.message.parts] == ["Done."]


@pytest.mark.parametrize("asking", ASKING[1:6], ids=lambda item: item["type"])
@pytest.mark.parametrize("status", ["completed", "incomplete"])
def test_what_unknown_tools_did_is_passed_on(asking: Json, status: str) -> None:
    """What a tool was asked and gave is shown, whole and streamed, if the model went on or was cut short."""
    asked = {**asking, "asked": {"n": 1}}
    given = {"type": "invented_tomorrow_output", "id": "o", "output": {"n": 2}}
    items = [asked, given, SAID] if status == "completed" else [SAID, asked]
    whole = {"status": status, "output": items}
    found = responses_golden.answer(orjson.dumps(whole))
    told = [
        {"type": "response.output_item.done", "output_index": index, "item": item}
        for index, item in enumerate(items)
    ]
    told.append({"type": f"response.{status}", "response": whole})
    assert fold(responses_golden.events(b"".join(map(responses_golden.event, told)))) == found
    calls = [part.provider_tool_call for part in found.message.parts if part.HasField("provider_tool_call")]
    assert [call.name for call in calls] == [item["type"] for item in items if item is not SAID]
    for call, item in zip(calls, (one for one in items if one is not SAID), strict=True):
        held = {name: value for name, value in item.items() if name != "type" and value}
        assert orjson.loads(call.results[0].text) == held


@pytest.mark.parametrize("result", ["é", "A", 7])
def test_an_image_that_is_no_image(result: object) -> None:
    """A picture that is not base64 is malformed, and one that is no text is none."""
    item = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": result}
    raw = orjson.dumps({"status": "completed", "output": [item, SAID]})
    if result == 7:
        assert responses_golden.answer(raw).message.parts[0].HasField("provider_tool_call")
        return
    with pytest.raises(errors.MalformedAnswer):
        responses_golden.answer(raw)


def test_the_providers_count_of_searches_wins() -> None:
    """Searches are counted by the provider, or else in the output."""
    search = {"type": "web_search_call", "id": "w", "status": "completed", "action": {"type": "search"}}
    document: Json = {"status": "completed", "output": [search, search, SAID]}
    assert responses_golden.answer(orjson.dumps(document)).usage.web_search_count == 2
    document["tool_usage"] = {"web_search": {"num_requests": 5}}
    assert responses_golden.answer(orjson.dumps(document)).usage.web_search_count == 5


def test_a_search_alone_that_was_filtered_is_an_error() -> None:
    """Tools that the provider ran say nothing to the caller: what is left of such an answer is nothing."""
    search = {"type": "web_search_call", "id": "w", "status": "completed", "action": {"type": "search"}}
    document = {
        "status": "incomplete",
        "incomplete_details": {"reason": "content_filter"},
        "output": [search],
    }
    with pytest.raises(errors.ContentFiltered):
        responses_golden.answer(orjson.dumps(document))


def test_impossible_tokens_have_the_contracts_number() -> None:
    """Minus infinity, which Python's JSON can write, is next to impossible."""
    weighed = {"token": "x", "logprob": float("-inf"), "top_logprobs": []}
    item = {**SAID, "content": [{**SAID["content"][0], "logprobs": [weighed]}]}
    raw = json.dumps({"status": "completed", "output": [item]}).encode()
    assert responses_golden.answer(raw).message.parts[0].logprobs[0].logprob == -9999
