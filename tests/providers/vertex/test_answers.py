"""Tests of reading answers: what the golden files do not show."""

import pytest
from google.protobuf.json_format import ParseDict
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain_server.errors import ContentFiltered, StreamBroken
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.vertex import wire
from ringmain_server.providers.vertex.chat import VertexStreamChatTranslator

from tests.fakes.vertex_behaviours import OSLO, ROME
from tests.fakes.vertex_script import answer, message, text, whole
from tests.providers.vertex import golden


def decoder(asked: ChatRequest = golden.ASKED):  # type: ignore[no-untyped-def]
    """A reader for one stream."""
    return VertexStreamChatTranslator(golden.RESOURCES).decoder(asked, golden.candidate())


def test_completes_with_reason_and_counts() -> None:
    """A stream is complete with its reason and its counts; what comes after them changes nothing."""
    reader = decoder()
    first, last = text("Hi", "there").messages
    assert [event.WhichOneof("event") for event in reader.feed([first])] == ["part_started"]
    assert not reader.complete
    events = reader.feed([last])
    assert [event.WhichOneof("event") for event in events] == ["part_delta", "part_finished", "finished"]
    assert reader.complete
    assert reader.feed([first]) == ()
    assert reader.end() == ()


def test_waits_for_counts() -> None:
    """A reason without counts does not complete a stream; its end does."""
    reader = decoder()
    assert len(reader.feed(text("Hi", usage={}).messages)) == 1
    assert not reader.complete
    assert reader.end()[-1].finished.usage.estimated
    assert reader.complete


def test_cut() -> None:
    """A stream that ends without a reason is broken."""
    reader = decoder()
    reader.feed(text("Hi", "there").messages[:1])
    with pytest.raises(StreamBroken):
        reader.end()
    with pytest.raises(StreamBroken):
        golden.answer(whole(text("Hi", "there").messages[:1]))


def test_nothing_at_all() -> None:
    """A whole answer without candidates or reasons is malformed, not empty."""
    with pytest.raises(StreamBroken):
        golden.answer(message({}))


def test_usage_on_the_way() -> None:
    """Before the end, the output is the larger of the provider's count and the estimate."""
    reader = decoder()
    assert reader.usage().estimated
    counted = {"promptTokenCount": 9, "candidatesTokenCount": 40, "cachedContentTokenCount": 3}
    reader.feed(
        [message({"candidates": [{"content": {"parts": [{"text": "Hello"}]}}], "usageMetadata": counted})]
    )
    usage = reader.usage()
    assert (usage.input_token_count, usage.cached_input_token_count) == (9, 3)
    assert (usage.output_token_count, usage.estimated) == (40, True)


def test_block_after_the_answer_began() -> None:
    """A prompt that is blocked late ends the stream in the refusal."""
    reader = decoder()
    reader.feed(text("Hi", "there").messages[:1])
    with pytest.raises(ContentFiltered):
        reader.feed([message({"promptFeedback": {"blockReason": "SAFETY"}})])


def test_feedback_without_a_block() -> None:
    """Ratings of a prompt that was let through change nothing."""
    first = message({"promptFeedback": {"safetyRatings": [{"category": 1}]}})
    assert fold(golden.events([first, *text("Hi").messages])).message.parts[0].text == "Hi"


def test_a_signature_alone() -> None:
    """The signature of thinking may come by itself, behind what it signs."""
    thought = answer({"text": "Well", "thought": True}, {"thought": True, "thoughtSignature": "c2ln"})
    (part,) = fold(golden.events(thought.messages)).message.parts
    assert (part.reasoning.text, part.signature) == ("Well", b"sig")


def test_ids_of_calls() -> None:
    """Ids are the same whenever an answer is read, and differ between the answers of a conversation."""
    found = answer(OSLO, ROME)

    def ids(asked: ChatRequest, response_id: str) -> list[str]:
        for each in found.messages:
            each.response_id = response_id
        parts = fold(golden.events(found.messages, asked=asked)).message.parts
        return [part.tool_call.tool_call_id for part in parts]

    later = ParseDict({"messages": [{"role": "ROLE_USER"}] * 3}, ChatRequest())
    assert ids(golden.ASKED, "") == ids(golden.ASKED, "") == ["call_1_0", "call_1_1"]
    assert ids(later, "") == ["call_3_0", "call_3_1"]
    assert ids(golden.ASKED, "abc") == ["call_abc_0", "call_abc_1"]


def test_parts_end_when_the_next_begins() -> None:
    """A part is finished as soon as another one begins; a text only with the answer, as sources come last."""
    events = golden.events(answer({"text": "Let me"}, OSLO, {"text": "see"}).messages)
    kinds = [event.WhichOneof("event") for event in events]
    assert kinds == ["part_started"] * 2 + ["part_finished", "part_started"] + ["part_finished"] * 2 + [
        "finished"
    ]


def test_a_part_with_a_field_that_nobody_knows() -> None:
    """A part of a kind that the messages do not know is passed on as the bytes of its field."""
    [first] = answer({"text": "So."}).messages
    odd = wire.Part.FromString(b"\xa2\x06\x02hi" + wire.Part(thought=True).SerializeToString())
    first.candidates[0].content.parts.append(odd)
    _, part = golden.answer(first).message.parts
    assert part.provider_tool_call.name == "part_100"
    [result] = part.provider_tool_call.results
    assert (result.media.mime_type, result.media.data) == ("application/protobuf", b"hi")
