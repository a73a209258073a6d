"""Tests of broken and odd answers: an error every time, never a truncated success, and no empty one."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1.usage_pb2 import Usage
from ringmain_server import errors
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.openai.chat import OpenAIChatDecoder, OpenAIStreamChatTranslator
from ringmain_server.providers.sse import EVENT_LIMIT

from tests.fakes.completions import Head, completion, contents, finish, opening, usage_chunk
from tests.fakes.script import Answer, ToolCall
from tests.fakes.script import Usage as Counts
from tests.providers.openai import golden
from tests.providers.openai.golden import ASKED, candidate, wire


def decoder() -> OpenAIChatDecoder:
    """A reader for one stream."""
    return OpenAIStreamChatTranslator(wire()).decoder(ASKED, candidate())


def event(content: object) -> bytes:
    """An event's bytes."""
    return b"data: " + golden.event_data(content) + b"\n\n"


def choice(field: str = "delta", /, finish_reason: object = None, **content: object) -> dict[str, object]:
    """A document with one choice."""
    return {"id": "x", "choices": [{"index": 0, field: content, "finish_reason": finish_reason}]}


MALFORMED: list[object] = [
    [],
    7,
    {"choices": "x"},
    {"choices": {"0": {}}},
    {"choices": [7]},
    {"choices": [{"delta": "x", "message": "x"}]},
    {"choices": [{"delta": ["x"], "message": ["x"]}]},
    *(
        {"choices": [{"delta": content, "message": content}]}
        for content in (
            {"content": 7},
            {"content": {"type": "text"}},
            {"content": [7]},
            {"content": [{"type": "text", "text": 7}]},
            {"content": [{"type": "thinking", "thinking": [{"text": 7}]}]},
            {"reasoning": {"text": "x"}},
            {"refusal": 7},
            {"tool_calls": 7},
            {"tool_calls": [7]},
            {"tool_calls": [{"index": 0}]},
            {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
            {"tool_calls": [{"index": 0, "id": "a", "function": {"name": 7}}]},
        )
    ),
]


@pytest.mark.parametrize("document", MALFORMED, ids=str)
def test_documents_of_unknown_shape(document: object) -> None:
    """A document that breaks the wire's rules is malformed, whole or streamed."""
    with pytest.raises(errors.MalformedAnswer):
        golden.answer(orjson.dumps(document))
    with pytest.raises(errors.MalformedAnswer):
        golden.events(event(document) + b"data: [DONE]\n\n")


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a": "\x01"}', b"<html>Welcome to nginx!</html>", b"null"])
def test_what_is_no_json(raw: bytes) -> None:
    """Bytes that are no JSON document are malformed, whole or streamed."""
    with pytest.raises(errors.MalformedAnswer):
        golden.answer(raw)
    with pytest.raises(errors.MalformedAnswer):
        decoder().feed(b"data: " + raw + b"\n\n")


def test_an_answer_without_choices_is_malformed() -> None:
    """Nobody answered: neither an empty list nor none at all is a success."""
    documents: list[dict[str, object]] = [{"choices": []}, {"choices": None}, {}]
    for document in documents:
        with pytest.raises(errors.MalformedAnswer):
            golden.answer(orjson.dumps(document))
        with pytest.raises(errors.MalformedAnswer):
            golden.events(event(document) + b"data: [DONE]\n\n")


def test_a_stream_that_ends_early_is_broken() -> None:
    """Without end marker and finish reason an answer is not complete, however much of it came."""
    for raw in (b"", event(choice(content="Hi")), event(choice(content="Hi"))[:-1], b'{"choices": []}'):
        reader = decoder()
        reader.feed(raw)
        with pytest.raises(errors.StreamBroken):
            reader.end()
        assert not reader.complete


def test_a_field_with_an_error() -> None:
    """The error that an old llama.cpp server writes into a field of its own is told with its words."""
    for before in (b"", event(choice(content="Hi"))):
        reader = decoder()
        reader.feed(before + b'error: {"code": 400, "message": "too many slots", "type": "x"}\n\n')
        with pytest.raises(errors.Rejected, match="too many slots"):
            reader.end()


def test_an_end_marker_without_reason_ends_the_answer() -> None:
    """A server that marks the end without a reason has finished, for a reason unknown."""
    raw = event(choice(content="Hi")) + b"data: [DONE]\n\n"
    assert not fold(golden.events(raw)).finish_reason


def test_an_event_without_end_is_malformed() -> None:
    """An event larger than any answer is refused before it fills the memory."""
    reader = decoder()
    with pytest.raises(errors.MalformedAnswer):
        for _ in range(20):
            reader.feed(b"x" * (EVENT_LIMIT // 16))


def test_nothing_comes_after_the_end() -> None:
    """After the last event nothing more is read, and closing adds nothing."""
    reader = decoder()
    assert reader.feed(event(choice(content="Hi", finish_reason="stop")) + b"data: [DONE]\n\n")
    assert reader.complete
    assert not reader.feed(event(choice(content="late")))
    assert not reader.feed(b"data: nonsense\n\n")
    assert not reader.end()


def test_the_last_event_waits_for_the_usage() -> None:
    """`finished` comes once, with the counts, and not with the finish reason already."""
    reader = decoder()
    first = reader.feed(event(choice(content="Hi", finish_reason="stop")))
    assert [one.WhichOneof("event") for one in first] == ["part_started"]
    assert not reader.feed(event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}))
    last = reader.feed(b"data: [DONE]\n\n")
    assert last[-1].finished.usage == Usage(input_token_count=3, output_token_count=2)


def test_usage_so_far_is_an_estimate_until_the_provider_counts() -> None:
    """A cancelled stream is billed for what came, by the provider's counts where it gave any."""
    reader = decoder()
    before = reader.usage()
    assert before.estimated
    assert before.input_token_count > 0
    assert before.output_token_count == 0
    reader.feed(event(choice(content="Hello there, you")))
    assert reader.usage().output_token_count == 4
    reader.feed(event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}))
    assert reader.usage() == Usage(input_token_count=3, output_token_count=2)


def test_a_filtered_answer_is_an_error() -> None:
    """An answer that the safety system withheld altogether is never an empty success."""
    azure = {"violence": {"filtered": True, "severity": "high"}, "hate": {"filtered": False}}
    filtered = {"finish_reason": "content_filter", "content_filter_results": azure}
    for category, more in (("violence", filtered), ("unspecified", {"finish_reason": "content_filter"})):
        whole = orjson.dumps({"choices": [{"message": {"content": None}, **more}]})
        with pytest.raises(errors.ContentFiltered) as caught:
            golden.answer(whole)
        assert caught.value.metadata == {"category": category}
        with pytest.raises(errors.ContentFiltered) as caught:
            golden.events(event({"choices": [{"delta": {}, **more}]}) + b"data: [DONE]\n\n")
        assert caught.value.metadata == {"category": category}


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"error": {"message": "m", "type": "server_error"}}, errors.ServerFault),
        ({"error": {"message": "m", "code": 429}}, errors.RateLimited),
        ({"error": {"message": "m", "code": 400}}, errors.Rejected),
        ({"error": "m", "choices": []}, errors.Unexplained),
        ({"choices": [{"delta": {}, "message": {}, "finish_reason": "error"}]}, errors.ServerFault),
        (
            {"choices": [{"finish_reason": "insufficient_system_resource"}]},
            errors.ServerFault,
        ),
        (
            {"error": {"code": 502, "message": "m"}, "choices": [{"delta": {}, "finish_reason": "error"}]},
            errors.ServerFault,
        ),
        (
            {"choices": [{"finish_reason": "error", "error": {"code": 429, "message": "m"}}]},
            errors.RateLimited,
        ),
        (
            {"error": {"code": 502, "message": "m"}, "choices": [{"delta": {}, "message": {}}]},
            errors.ServerFault,
        ),
    ],
)
def test_errors_within_an_answer(document: object, kind: type[errors.ProviderError]) -> None:
    """An error under status 200 is the error it would have been with a status of its own."""
    with pytest.raises(errors.ProviderError) as caught:
        golden.answer(orjson.dumps(document))
    assert type(caught.value) is kind
    with pytest.raises(errors.ProviderError) as caught:
        golden.events(event(choice(content="Hi")) + event(document) + b"data: [DONE]\n\n")
    assert type(caught.value) is kind


_WORDS = st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=6), max_size=5).map(tuple)
_CALLS = st.lists(
    st.builds(
        lambda number, name, arguments: ToolCall(id=f"call_{number}", name=name, arguments=arguments),
        st.uuids(),
        st.sampled_from(["get_weather", "now"]),
        _WORDS,
    ),
    max_size=3,
).map(tuple)
_ANSWERS = st.builds(
    Answer,
    tokens=_WORDS,
    reasoning=_WORDS,
    tool_calls=_CALLS,
    interleave_tool_calls=st.booleans(),
    refusal=st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=9),
    finish_reason=st.sampled_from([None, "stop", "length"]),
    usage=st.none() | st.builds(Counts, prompt=st.integers(0, 50), completion=st.integers(0, 50)),
)


@given(_ANSWERS, st.lists(st.integers(0, 100_000), max_size=8).map(tuple))
def test_fold_of_the_stream_is_the_whole_answer(answer: Answer, cuts: tuple[int, ...]) -> None:
    """The same upstream answer gives the same response, whole or streamed, however the network cuts it."""
    head = Head(id="chatcmpl-7", model="gpt-x", include_usage=True)
    chunks = [opening(answer, head), *contents(answer, head), finish(answer, head), usage_chunk(answer, head)]
    stream = b"".join(b"data: " + chunk.json + b"\n\n" for chunk in chunks if chunk) + b"data: [DONE]\n\n"
    assert fold(golden.events(stream, cuts)) == golden.answer(completion(answer, head))
