import pytest
from ringmain import Answer, ProviderToolCall, ToolCall
from ringmain.v1 import content_pb2 as pb
from ringmain.v1.chat_service_pb2 import ChatResponse
from ringmain.v1.content_pb2 import ROLE_ASSISTANT
from ringmain.v1.generation_pb2 import (
    FINISH_REASON_MAX_TOKENS,
    FINISH_REASON_PAUSED,
    FINISH_REASON_STOP,
    FINISH_REASON_TOOL_CALLS,
    FinishReason,
)

from tests.client import samples


def test_answer_says_what_the_response_holds() -> None:
    """An answer's properties are the response's fields in Python's terms."""
    answer = Answer(samples.response('{"a": 1}'))
    assert str(answer) == answer.text == '{"a": 1}'
    assert answer.json() == {"a": 1}
    assert answer.finish_reason == "stop"
    assert answer.cost_usd == pytest.approx(0.0015)
    assert (answer.provider, answer.provider_model) == ("sandbox", "chat")
    assert answer.response_id == "r-1"
    assert answer.usage.input_token_count == 3
    assert answer.message.role == ROLE_ASSISTANT


def test_unknown_stays_unknown() -> None:
    """An absent price is None and not zero, an unknown finish reason is empty."""
    assert Answer(ChatResponse()).cost_usd is None
    assert Answer(ChatResponse()).finish_reason == ""
    newer = ChatResponse.FromString(b"\x28\x63")  # finish_reason = 99
    assert Answer(newer).finish_reason == ""


def test_arguments_are_parsed_when_asked() -> None:
    """Arguments are a dict, empty if the model wrote none, and an error if they are no object."""
    assert ToolCall("c", "add", '{"a": 1}').arguments == {"a": 1}
    assert ToolCall("c", "add", "").arguments == {}
    for broken in ("[1]", '{"a": '):
        with pytest.raises(ValueError, match=r"object|Expecting"):
            _ = ToolCall("c", "add", broken).arguments


def answer_of(*parts: pb.Part) -> Answer:
    """Returns an answer of parts."""
    return Answer(ChatResponse(message=pb.Message(role=ROLE_ASSISTANT, parts=parts)))


def test_sources_come_once_in_order() -> None:
    """A web page is a source once, a page of a file too, in the order of their first citations."""
    page, again = pb.Citation(uri="https://a.example", title="A"), pb.Citation(uri="https://a.example")
    first = pb.Citation(filename="a.pdf", page_number=1, quoted_text="x")
    second, repeated = (
        pb.Citation(filename="a.pdf", page_number=2),
        pb.Citation(filename="a.pdf", page_number=1),
    )
    answer = answer_of(
        pb.Part(text="one", citations=[first, page]),
        pb.Part(text="two", citations=[again, second, repeated]),
    )
    assert answer.sources == (first, page, second)
    assert answer.text == "onetwo"


def test_calls_of_the_provider_are_not_the_callers() -> None:
    """The caller runs `tool_calls` alone; what the provider ran is listed beside them."""
    answer = answer_of(
        pb.Part(tool_call=pb.ToolCall(tool_call_id="c1", name="add", arguments_json="{}")),
        pb.Part(provider_tool_call=pb.ProviderToolCall(tool_call_id="s1", name="web_search", failed=True)),
        pb.Part(media=pb.Media(mime_type="image/png", data=b"x")),
    )
    assert answer.tool_calls == (ToolCall("c1", "add", "{}"),)
    assert answer.provider_tool_calls == (ProviderToolCall("s1", "web_search", "", (), failed=True),)
    assert answer.provider_tool_calls[0].arguments == {}
    assert answer.media == (pb.Media(mime_type="image/png", data=b"x"),)


@pytest.mark.parametrize(
    ("reason", "more"),
    [
        (FINISH_REASON_TOOL_CALLS, True),
        (FINISH_REASON_PAUSED, True),
        (FINISH_REASON_STOP, False),
        (FINISH_REASON_MAX_TOKENS, False),
    ],
)
def test_when_a_conversation_goes_on(reason: FinishReason.ValueType, more: bool) -> None:
    """A turn that asks for tools or was paused is to be continued; one that ended, or was cut, is not."""
    assert Answer(ChatResponse(finish_reason=reason)).must_continue is more
