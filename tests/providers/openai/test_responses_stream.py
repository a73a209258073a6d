"""Tests of broken and odd answers of the responses wire: an error every time, never a truncated success."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1.usage_pb2 import Usage
from ringmain_server import errors
from ringmain_server.operations.chat_fold import fold

from tests.fakes.responses import Head, closing, contents, numbered, opening, response
from tests.fakes.script import Answer, ToolCall
from tests.fakes.script import Usage as Counts
from tests.providers.openai import responses_golden
from tests.providers.openai.responses_golden import decoder, event

HEAD = Head(id="resp_7", model="gpt-x")


def stream(answer: Answer) -> list[bytes]:
    """The events of an answer's stream, as data."""
    found = [*opening(answer, HEAD), *contents(answer, HEAD), closing(answer, HEAD)]
    return [numbered(one, number) for number, one in enumerate(found)]


def sent(data: list[bytes]) -> bytes:
    """These events as bytes."""
    return b"".join(b"data: " + one + b"\n\n" for one in data)


def delta(text: object = "Hi", **fields: object) -> dict[str, object]:
    """An event with a piece of text."""
    return {
        "type": "response.output_text.delta",
        "output_index": 0,
        "content_index": 0,
        "delta": text,
        **fields,
    }


MALFORMED_ITEMS: list[object] = [
    7,
    {"type": "message"},
    {"type": "message", "content": "Hi"},
    {"type": "message", "content": ["Hi"]},
    {"type": "message", "content": [{"type": "output_text"}]},
    {"type": "message", "content": [{"type": "refusal", "refusal": 7}]},
    {"type": "reasoning", "summary": "Hm"},
    {"type": "reasoning", "summary": [{"text": 7}]},
    {"type": "reasoning", "summary": [7]},
    {"type": "function_call", "arguments": "{}"},
    {"type": "function_call", "name": 7, "arguments": "{}"},
    {"type": "function_call", "name": "now"},
    {"type": "function_call", "name": "now", "call_id": 7, "arguments": "{}"},
]


@pytest.mark.parametrize("item", MALFORMED_ITEMS, ids=str)
def test_items_of_unknown_shape(item: object) -> None:
    """An item that breaks the wire's rules is malformed, whole, streamed and at a stream's end."""
    with pytest.raises(errors.MalformedAnswer):
        responses_golden.answer(orjson.dumps({"output": [item]}))
    with pytest.raises(errors.MalformedAnswer):
        decoder().feed(event({"type": "response.output_item.done", "output_index": 0, "item": item}))
    with pytest.raises(errors.MalformedAnswer):
        decoder().feed(event({"type": "response.completed", "response": {"output": [item]}}))


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"type": 7},
        delta(7),
        {"type": "response.refusal.delta", "output_index": 0, "content_index": 0},
        {"type": "response.reasoning_summary_text.delta", "output_index": 0},
        {"type": "response.reasoning_text.delta", "output_index": 0, "content_index": 0},
        {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": "{}"},
        {"type": "response.output_item.added", "output_index": 0, "item": 7},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "function_call"}},
        {"type": "response.completed"},
        {"type": "response.completed", "response": {}},
        {"type": "response.cancelled", "response": {"output": []}},
    ],
    ids=str,
)
def test_events_of_unknown_shape(document: object) -> None:
    """An event that breaks the wire's rules is malformed."""
    with pytest.raises(errors.MalformedAnswer):
        decoder().feed(event(document))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b'{"a": "\xff"}',
        b"<html>Welcome to nginx!</html>",
        b'{"status": "completed"}',
        b'{"status": "queued", "output": []}',
        b'{"status": "in_progress", "output": []}',
        b'{"status": "cancelled", "output": []}',
    ],
)
def test_what_is_no_whole_answer(raw: bytes) -> None:
    """Bytes that are no finished response are malformed."""
    with pytest.raises(errors.MalformedAnswer):
        responses_golden.answer(raw)


@pytest.mark.parametrize("raw", [b"{", b"null", b'{"a": "\xff"}'])
def test_what_is_no_event(raw: bytes) -> None:
    """Data that is no JSON object is malformed."""
    with pytest.raises(errors.MalformedAnswer):
        decoder().feed(b"data: " + raw + b"\n\n")


ANSWERS = (
    Answer(),
    Answer(tokens=("Well",), finish_reason="length"),
    Answer(tokens=(), refusal="No."),
    Answer(
        reasoning=("Let me", " think."),
        tool_calls=(
            ToolCall(name="now", arguments=("{", "}"), id="a"),
            ToolCall(name="now", arguments=(), id="b"),
        ),
        interleave_tool_calls=True,
    ),
)


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_a_stream_cut_anywhere_is_broken(answer: Answer) -> None:
    """Without its last event a response is not complete, however much of it came."""
    data = stream(answer)
    for length in range(len(data)):
        for ending in (b"", data[length][:-1], b"data: [DONE]\n\n"):
            reader = decoder()
            with pytest.raises(errors.StreamBroken):
                reader.feed(sent(data[:length]) + ending)
                reader.end()
            assert not reader.complete


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_a_stream_that_lost_or_swapped_events_is_broken(answer: Answer) -> None:
    """Events are numbered: one that is missing, or comes twice or too early, breaks the stream."""
    data = stream(answer)
    for index in range(1, len(data) - 1):
        lost = data[:index] + data[index + 1 :]
        twice = data[: index + 1] + data[index:]
        swapped = [*data[:index], data[index + 1], data[index], *data[index + 2 :]]
        for broken in (lost, twice, swapped):
            with pytest.raises(errors.StreamBroken):
                decoder().feed(sent(broken))


def test_an_event_without_end_is_malformed() -> None:
    """An event larger than any answer is refused before it fills the memory."""
    reader = decoder()
    with pytest.raises(errors.MalformedAnswer):
        for _ in range(65):
            reader.feed(b"x" * (1 << 20))


def test_nothing_comes_after_the_end() -> None:
    """After the last event nothing more is read, and closing adds nothing."""
    reader = decoder()
    assert reader.feed(sent(stream(Answer())) + b"data: [DONE]\n\n")
    assert reader.complete
    assert not reader.feed(b"data: nonsense\n\n")
    assert not reader.end()


def test_what_is_not_content_makes_no_event() -> None:
    """The frame of a response, and items that have only begun, are not content."""
    reader = decoder()
    answer = Answer(reasoning=("Hm.",))
    assert not reader.feed(sent([numbered(one, number) for number, one in enumerate(opening(answer, HEAD))]))
    item = {"type": "reasoning", "id": "rs_1", "summary": []}
    assert not reader.feed(event({"type": "response.output_item.added", "output_index": 0, "item": item}))
    assert not reader.feed(event({"type": "keepalive"}))


@pytest.mark.parametrize("kind", ["mcp_call_arguments", "code_interpreter_call_code"])
def test_pieces_of_a_tool_that_was_never_announced_are_skipped(kind: str) -> None:
    """The provider's own tools are told whole at the end of their item, so no piece of them is needed."""
    reader = decoder()
    assert not reader.feed(event({"type": f"response.{kind}.delta", "output_index": 0, "delta": "x"}))


def test_a_part_ends_with_its_item() -> None:
    """A part is finished as soon as the provider says so, not only at the end."""
    reader = decoder()
    events = [one.WhichOneof("event") for one in reader.feed(sent(stream(ANSWERS[3])[:-1]))]
    assert events.count("part_started") == events.count("part_finished") == 4
    last = reader.feed(sent(stream(ANSWERS[3])[-1:]))
    assert [one.WhichOneof("event") for one in last] == ["finished"]


def test_usage_so_far_is_an_estimate_until_the_provider_counts() -> None:
    """A cancelled stream is billed for what came, by the provider's counts where it gave any."""
    reader = decoder()
    before = reader.usage()
    assert before.estimated
    assert before.output_token_count == 0
    reader.feed(event(delta("Hello there, you")))
    assert reader.usage().output_token_count == 4
    counted = {
        "output": [],
        "usage": {"input_tokens": 3, "output_tokens": 2},
        "error": {"code": "server_error"},
    }
    with pytest.raises(errors.ServerFault):
        reader.feed(event({"type": "response.failed", "response": counted}))
    assert reader.usage() == Usage(input_token_count=3, output_token_count=2)


def filtered(output: list[object], **fields: object) -> dict[str, object]:
    """A response that the safety system cut."""
    return {
        "status": "incomplete",
        "incomplete_details": {"reason": "content_filter"},
        "output": output,
        **fields,
    }


REASONED = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}]}
SIGNED = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}
AZURE = [
    7,
    {"content_filter_results": {"hate": {"filtered": False}}},
    {"content_filter_results": {"violence": {"filtered": True, "severity": "high"}}},
]


@pytest.mark.parametrize(
    ("document", "category"),
    [
        (filtered([]), "unspecified"),
        (filtered([REASONED]), "unspecified"),
        (filtered([SIGNED]), "unspecified"),
        (filtered([], content_filters=AZURE), "violence"),
    ],
)
def test_a_filtered_answer_is_an_error(document: dict[str, object], category: str) -> None:
    """An answer that the safety system withheld, but for its reasoning, is never an empty success."""
    with pytest.raises(errors.ContentFiltered) as caught:
        responses_golden.answer(orjson.dumps(document))
    assert caught.value.metadata == {"category": category}
    with pytest.raises(errors.ContentFiltered) as caught:
        responses_golden.events(event({"type": "response.incomplete", "response": document}))
    assert caught.value.metadata == {"category": category}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "server_error", "message": "m"}, errors.ServerFault),
        ({"code": "vector_store_timeout", "message": "m"}, errors.ServerFault),
        ({"code": "rate_limit_exceeded", "message": "m"}, errors.RateLimited),
        ({"code": "insufficient_quota", "message": "m"}, errors.QuotaSpent),
        ({"code": "invalid_prompt", "message": "against our usage policies"}, errors.ContentFiltered),
        ({"code": "invalid_prompt", "message": "m"}, errors.Rejected),
        ({"code": "invalid_image", "message": "m"}, errors.Rejected),
        ({"code": "image_content_policy_violation", "message": "m"}, errors.ContentFiltered),
        ({"code": "bio_policy", "message": "m"}, errors.ContentFiltered),
        ({"code": "context_length_exceeded", "message": "m"}, errors.ContextTooLong),
        ({"code": "model_not_found", "message": "m"}, errors.UnknownProviderModel),
        ({"code": "unheard_of", "message": "m"}, errors.Unexplained),
        (None, errors.ServerFault),
    ],
)
def test_a_failed_response(error: object, kind: type[errors.ProviderError]) -> None:
    """A response that failed is the error it would have been with a status of its own, however it is told."""
    document = {"status": "failed", "output": [], "error": error}
    with pytest.raises(errors.ProviderError) as caught:
        responses_golden.answer(orjson.dumps(document))
    assert type(caught.value) is kind
    told: list[object] = [{"type": "response.failed", "response": document}]
    told += [{"type": "response.gave_up", "response": document}] if error else []
    if isinstance(error, dict):
        told += [{"type": "error", **error}, {"type": "error", "error": error}, {"error": error}]
    for one in told:
        with pytest.raises(errors.ProviderError) as caught:
            responses_golden.events(event(delta()) + event(one))
        assert type(caught.value) is kind


def test_a_policy_is_the_category_of_its_refusal() -> None:
    """What OpenAI refuses by a policy of its own is told by that policy's name."""
    with pytest.raises(errors.ContentFiltered) as caught:
        responses_golden.answer(b'{"status": "failed", "error": {"code": "bio_policy", "message": "m"}}')
    assert caught.value.metadata == {"category": "bio_policy"}


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
    reasoning=_WORDS | st.just(("",)),
    tool_calls=_CALLS,
    interleave_tool_calls=st.booleans(),
    refusal=st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=9),
    finish_reason=st.sampled_from([None, "stop", "length"]),
    usage=st.none() | st.builds(Counts, prompt=st.integers(0, 50), completion=st.integers(0, 50)),
)


@given(_ANSWERS, st.booleans(), st.lists(st.integers(0, 100_000), max_size=8).map(tuple))
def test_fold_of_the_stream_is_the_whole_answer(
    answer: Answer, encrypted: bool, cuts: tuple[int, ...]
) -> None:
    """The same upstream answer gives the same response, whole or streamed, however the network cuts it."""
    head = Head(id="resp_7", model="gpt-x", encrypted=encrypted)
    found = [*opening(answer, head), *contents(answer, head), closing(answer, head)]
    raw = sent([numbered(one, number) for number, one in enumerate(found)])
    assert fold(responses_golden.events(raw, cuts)) == responses_golden.answer(response(answer, head))


@pytest.mark.parametrize("status", ["completed", "incomplete", "failed", "cancelled"])
@pytest.mark.parametrize("reason", ["safety", "content_policy", "content_filter"])
def test_a_reason_of_safety_is_one_beside_any_status(status: str, reason: str) -> None:
    """An answer of nothing for reasons of safety is withheld, whole and streamed, whatever its status."""
    document = {"status": status, "incomplete_details": {"reason": reason}, "output": []}
    with pytest.raises(errors.ContentFiltered):
        responses_golden.answer(orjson.dumps(document))
    with pytest.raises(errors.ContentFiltered):
        responses_golden.events(event({"type": f"response.{status}", "response": document}))
