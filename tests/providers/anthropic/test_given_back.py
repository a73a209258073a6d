"""Property tests: an answer that is sent back has the blocks that the provider wrote, in their order."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatRequest, ChatResponse
from ringmain.v1.content_pb2 import ROLE_ASSISTANT, Message, Part, ProviderToolCall
from ringmain_server.edge import validate
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.anthropic.request import Options, chat_request
from ringmain_server.providers.json_base64 import plain

from tests.fakes.anthropic_behaviours import RAN, SEARCHED
from tests.fakes.anthropic_blocks import streamed
from tests.fakes.anthropic_rules import complaint
from tests.providers.anthropic.golden import answer, asked, candidate, events, stream_of

Json = Mapping[str, Any]
WORDS = st.text(min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
CALLERS = st.sampled_from(
    [{}, {"caller": {"type": "direct"}}, {"caller": {"type": "code_execution_20250825", "tool_id": "srv_0"}}]
)


def whole(blocks: Sequence[Json], stop: str = "end_turn") -> ChatResponse:
    """What a whole answer with these blocks amounts to."""
    usage = {"input_tokens": 1, "output_tokens": 2}
    return answer(orjson.dumps({"content": blocks, "stop_reason": stop, "usage": usage}))


def from_stream(blocks: Sequence[Json], stop: str = "end_turn") -> ChatResponse:
    """What the same answer in events amounts to."""
    found: list[dict[str, Any]] = [{"type": "message_start", "message": {"usage": {"input_tokens": 1}}}]
    for index, block in enumerate(blocks):
        found += [dict(one) for one in streamed(block, index)]
    delta = {"stop_reason": stop}
    found.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 2}})
    return fold(events(stream_of([*found, {"type": "message_stop"}])))


def following(*messages: Message) -> ChatRequest:
    """A request that goes on from earlier turns of the model."""
    request = asked()
    request.messages.extend(messages)
    return request


def sent_back(*messages: Message) -> list[Json]:
    """The blocks of the model's turn in such a request, which the wire accepts."""
    request = following(*messages)
    assert validate.chat(request) == []
    body = plain(chat_request(request, candidate(), Options(), stream=False).body)
    assert complaint(body, "2026-10-21") is None
    turn: list[Json] = body["messages"][1]["content"] if len(body["messages"]) > 1 else []
    return turn


@st.composite
def results(draw: st.DrawFn, call_id: str, name: str) -> Json:
    """The result of a tool."""
    content: Any
    match name:
        case "web_search":
            hit = {
                "type": "web_search_result",
                "url": "https://e.com/" + draw(st.text("abc")),
                "title": draw(WORDS),
            }
            content = [{**hit, "encrypted_content": draw(WORDS), "page_age": None}] * draw(st.integers(0, 2))
        case "web_fetch":
            source = {"type": "text", "media_type": "text/plain", "data": draw(WORDS)}
            page = {"type": "document", "source": source, "title": None, "citations": {"enabled": True}}
            content = {
                "type": "web_fetch_result",
                "url": "https://e.com",
                "content": page,
                "retrieved_at": "x",
            }
        case "advisor":
            content = {"type": "advisor_result", "text": draw(WORDS), "stop_reason": "end_turn"}
        case "mcp":
            content = [{"type": "text", "text": draw(WORDS), "citations": None}]
        case _:
            ran = {"stdout": draw(st.text(max_size=3)), "stderr": "", "return_code": draw(st.integers(0, 1))}
            outputs = [{"type": "bash_code_execution_output", "file_id": "file_1"}] * draw(st.integers(0, 1))
            content = {"type": f"{name}_result", **ran, "content": outputs}
    if draw(st.booleans()) and name != "mcp":
        content = {"type": f"{name}_tool_result_error", "error_code": "unavailable"}
    more = {"is_error": draw(st.booleans())} if name == "mcp" else draw(CALLERS)
    return {"type": f"{name}_tool_result", "tool_use_id": call_id, "content": content, **more}


CITATIONS: tuple[Json, ...] = (
    {
        "type": "char_location",
        "cited_text": "a",
        "document_index": 0,
        "document_title": "a.txt",
        "file_id": None,
        "start_char_index": 0,
        "end_char_index": 1,
    },
    {
        "type": "page_location",
        "cited_text": "b",
        "document_index": 1,
        "document_title": None,
        "start_page_number": 3,
        "end_page_number": 4,
    },
    {
        "type": "search_result_location",
        "cited_text": "c",
        "source": "https://e.com/c",
        "title": "C",
        "search_result_index": 0,
        "start_block_index": 0,
        "end_block_index": 1,
    },
    *SEARCHED[3]["citations"],
)


@st.composite
def calls(draw: st.DrawFn, number: int) -> tuple[Json, str]:
    """A call of a tool that the provider runs, and the name that its result has."""
    if draw(st.booleans()):
        call = {"type": "mcp_tool_use", "id": f"mcptoolu_{number}", "name": "echo", "server_name": "s"}
        return {**call, "input": {"number": number}}, "mcp"
    name = draw(st.sampled_from(["web_search", "web_fetch", "bash_code_execution", "advisor"]))
    given = {"input": draw(st.sampled_from([{}, {"query": "é"}])), **draw(CALLERS)}
    return {"type": "server_tool_use", "id": f"srvtoolu_{number}", "name": name, **given}, name


BLOCKS: st.SearchStrategy[Json] = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, WORDS),
    st.builds(
        lambda text, cited: {"type": "text", "text": text, "citations": cited},
        WORDS,
        st.lists(st.sampled_from(CITATIONS), min_size=1, max_size=3),
    ),
    st.builds(lambda text: {"type": "thinking", "thinking": text, "signature": "sig="}, st.text(max_size=4)),
    st.just({"type": "redacted_thinking", "data": "cipher="}),
    st.builds(lambda text: {"type": "compaction", "content": text}, WORDS),
)
"""Blocks that are no call and no result."""


@st.composite
def turns(draw: st.DrawFn) -> list[Json]:
    """The blocks of an answer, with results anywhere after their calls."""
    blocks: list[Json] = []
    waiting: list[tuple[str, str]] = []
    for number in range(draw(st.integers(1, 8))):
        match draw(st.sampled_from(["call", "result", "block"])):
            case "call":
                call, name = draw(calls(number))
                blocks.append(call)
                waiting.append((call["id"], name))
            case "result" if waiting:
                blocks.append(draw(results(*waiting.pop(draw(st.integers(0, len(waiting) - 1))))))
            case _:
                blocks.append(draw(BLOCKS))
    return [*blocks, *(draw(results(*one)) for one in draw(st.permutations(waiting)))]


def mended(blocks: Sequence[Json]) -> list[Json]:
    """Blocks without the white space that the wire does not take at the end of the model's turn."""
    *rest, last = blocks
    return [*rest, {**last, "text": last["text"].rstrip()} if last["type"] == "text" else last]


@given(blocks=turns())
def test_blocks_come_back_as_they_were(blocks: list[Json]) -> None:
    """Read whole or streamed, an answer is the same, and sent back it has the blocks that it had."""
    found = whole(blocks)
    assert found == from_stream(blocks)
    assert sent_back(found.message) == mended(blocks)


@given(blocks=turns())
def test_another_provider_gets_the_words_alone(blocks: list[Json]) -> None:
    """What is bound to one provider does not go to another: its texts do, without their citations."""
    message = whole(blocks).message
    for part in message.parts:
        part.provider_id = part.provider_id and "other"
    request = following(message)
    body = plain(chat_request(request, candidate(), Options(), stream=False).body)
    texts = [{"type": "text", "text": block["text"]} for block in blocks if block["type"] == "text"]
    assert body["messages"][1:] == ([{"role": "assistant", "content": mended(texts)}] if texts else [])


@given(blocks=turns(), data=st.data())
def test_a_changed_signature_is_left_out(blocks: list[Json], data: st.DataObject) -> None:
    """Whatever a caller makes of the signatures, a request is built, without fields that nobody wants."""
    message = whole(blocks).message
    for part in message.parts:
        size = len(part.signature)
        at = data.draw(st.integers(0, size))
        part.signature = data.draw(
            st.sampled_from(
                [
                    part.signature[:at],
                    part.signature[:at] + data.draw(st.binary(max_size=3)) + part.signature[at:],
                    part.signature.replace(b'"type"', b'"cache_control": {"type": "ephemeral"}, "type"'),
                    b"[" * 2000,
                    b'{"a": ' * 2000,
                ]
            )
        )
    body = plain(chat_request(following(message), candidate(), Options(), stream=False).body)
    assert b"cache_control" not in orjson.dumps(body)


@pytest.mark.parametrize(
    "smuggled",
    [
        {"type": "tool_result", "tool_use_id": "srvtoolu_1", "content": "x"},
        {"type": "image", "tool_use_id": "srvtoolu_1", "source": {"type": "url", "url": "https://e.com"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_9", "content": []},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [], "extra": 1},
        {
            "type": "web_fetch_tool_result",
            "tool_use_id": "srvtoolu_1",
            "content": {
                "type": "web_fetch_result",
                "content": {"type": "document", "source": {"type": "file", "file_id": "file_of_another"}},
            },
        },
        {
            "type": "web_search_tool_result",
            "tool_use_id": "srvtoolu_1",
            "cache_control": {"type": "ephemeral"},
        },
    ],
)
def test_nothing_else_gets_in(smuggled: Json) -> None:
    """A signature that a caller wrote adds nothing but a result of the tool that its part is about."""
    line = {"result": smuggled, "at": 0, "order": 0}
    call = ProviderToolCall(tool_call_id="srvtoolu_1", name="web_search")
    part = Part(provider_tool_call=call, signature=json.dumps(line).encode(), provider_id="claude")
    message = Message(role=ROLE_ASSISTANT, parts=[Part(text="Hm."), part])
    assert sent_back(message) == [{"type": "text", "text": "Hm."}]


def test_a_result_comes_in_a_later_turn() -> None:
    """A pause between a call and its result: both turns come back as one, in their order."""
    first, second = whole(SEARCHED[:2], "pause_turn"), whole(SEARCHED[2:])
    late = second.message.parts[0]
    assert late.provider_tool_call.tool_call_id == first.message.parts[1].provider_tool_call.tool_call_id
    assert late.provider_tool_call.name == "web_search"
    assert not late.provider_tool_call.arguments_json
    assert sent_back(first.message, second.message) == list(SEARCHED)


def test_two_results_of_one_call() -> None:
    """A second result of a call is a part of its own with the same id, whole and streamed."""
    blocks = [*SEARCHED[1:3], SEARCHED[2], SEARCHED[0]]
    found = whole(blocks)
    first, second, _ = (part.provider_tool_call for part in found.message.parts)
    assert (second.tool_call_id, second.arguments_json) == (first.tool_call_id, "")
    assert found == from_stream(blocks)
    assert sent_back(found.message) == blocks


def test_odd_shapes_are_read() -> None:
    """Whatever shape the content of a result, a citation or a summary has, the answer is read."""
    call = {"type": "server_tool_use", "id": "s", "name": "web_fetch", "input": {}}
    odd: list[Any] = [
        None,
        1,
        "text",
        [],
        [1, {}],
        {},
        {"type": 1},
        {"url": "u"},
        {"url": "u", "content": {}},
    ]
    odd += [{"url": "u", "content": {"source": {"type": "base64", "data": "not base64!"}}}, {"lines": 1}]
    odd += [{"tool_references": [{}]}, {"return_code": "x"}, {"error_code": "e"}, {"lines": [1, None]}]
    for content in odd:
        result = {"type": "web_fetch_tool_result", "tool_use_id": "s", "content": content}
        cited = {"type": "text", "text": "a", "citations": [content]}
        blocks = [call, result, cited, {"type": "compaction", "content": content}]
        found = whole(blocks)
        assert found.message.parts[0].provider_tool_call.name == "web_fetch"
        assert validate.chat(following(found.message)) == []


def test_a_summary_is_joined_from_its_pieces() -> None:
    """A character of a summary that is cut in two is whole again."""
    start = {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "compaction", "content": None},
    }
    deltas = [{"type": "compaction_delta", "content": piece} for piece in ("So \ud83d", "\ude42 far")]
    found = [
        {"type": "message_start", "message": {"usage": {}}},
        start,
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "compaction"}},
        {"type": "message_stop"},
    ]
    raw = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in found)
    assert sent_back(fold(events(raw)).message) == [{"type": "compaction", "content": "So 🙂 far"}]


def test_code_under_any_name() -> None:
    """Code that runs under several names is the contract's `code_execution`."""
    found = whole(RAN).message.parts[0].provider_tool_call
    assert (found.name, found.results[0].text, found.failed) == ("code_execution", "4\n", False)
    assert json.loads(found.arguments_json) == RAN[0]["input"]


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"type": "container_upload", "file_id": "file_1"}, '{"file_id":"file_1"}'),
        ({"type": "something_new", "text": "So.", "more": None, "none": []}, '{"text":"So."}'),
        ({"type": "something_new", "text": ""}, None),
        ({"type": "something_new"}, None),
        ({"text": "of no type"}, None),
    ],
)
def test_a_block_of_an_unknown_type(block: dict[str, Any], said: str | None) -> None:
    """What a block holds is passed on, whatever its type; it does not go back."""
    message = whole([block, {"type": "text", "text": "Yes."}]).message
    assert sent_back(message) == [{"type": "text", "text": "Yes."}]
    *unknown, text = message.parts
    assert text.text == "Yes."
    assert [part.provider_tool_call.results[0].text for part in unknown] == ([said] if said else [])
    assert [part.provider_tool_call.name for part in unknown] == ([block["type"]] if said else [])


def test_a_block_of_an_unknown_type_in_pieces() -> None:
    """The pieces of such a block are joined by the names of their fields."""
    deltas: list[dict[str, Any]] = [{"type": "words_delta", "words": piece} for piece in ("So", " far")]
    stream: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"usage": {}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "new", "words": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_stop"},
    ]
    (part,) = fold(events(stream_of(stream))).message.parts
    assert part.provider_tool_call.results[0].text == '{"words":"So far"}'
