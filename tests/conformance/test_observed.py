"""A driver's answer becomes plain values, streams folded."""

import base64
from typing import Any

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from ringmain.v1 import image_service_pb2 as image_pb
from ringmain.v1.chat_service_pb2 import (
    ChatEvent,
    ChatFinished,
    ChatResponse,
    ChatStarted,
    CountTokensResponse,
    PartDelta,
    PartStarted,
)
from ringmain.v1.content_pb2 import (
    Citation,
    Media,
    Part,
    ProviderToolCall,
    Reasoning,
    TokenLogprobs,
    ToolCall,
)
from ringmain.v1.content_pb2 import Message as Turn
from ringmain.v1.embedding_service_pb2 import Embedding, EmbedResponse
from ringmain.v1.generation_pb2 import FINISH_REASON_STOP
from ringmain.v1.model_service_pb2 import (
    CAPABILITY_CHAT,
    GetServerInfoResponse,
    ListModelsResponse,
    Model,
    ServerLimits,
)
from ringmain.v1.routing_pb2 import Attempt, Route
from ringmain.v1.usage_pb2 import Usage

from tests.conformance.expand import png
from tests.conformance.observed import answered, misread, observed

ROUTE = Route(provider_id="p", provider_model="m", attempts=[Attempt()])
ACCOUNT = {"usage": {"input_token_count": 3}, "provider": "p", "provider_model": "m", "attempts": ["OK"]}
USAGE = Usage(input_token_count=3)


def _base64(message: Message) -> str:
    return base64.b64encode(message.SerializeToString()).decode()


def see(method: str, *messages: Message, **told: Any) -> dict[str, Any]:
    """What is observed of an answer."""
    return observed(method, {"responses": list(map(_base64, messages)), "status": "OK", **told})


def test_whole_and_streamed_look_alike() -> None:
    """The events of an answer give what the whole answer gives."""
    call = ToolCall(tool_call_id="c", name="t", arguments_json='{"a": 1}')
    parts = [
        Part(text="[1, 2]"),
        Part(reasoning=Reasoning(text="hm"), signature=b"s", provider_id="p"),
        Part(tool_call=call),
    ]
    response = ChatResponse(
        message=Turn(parts=parts), finish_reason=FINISH_REASON_STOP, usage=USAGE, route=ROUTE
    )
    events = [
        ChatEvent(started=ChatStarted()),
        ChatEvent(part_started=PartStarted(index=0, part=Part(text="[1"))),
        ChatEvent(part_delta=PartDelta(index=0, text=", 2]")),
        ChatEvent(part_started=PartStarted(index=1, part=parts[1])),
        ChatEvent(part_started=PartStarted(index=2, part=parts[2])),
        ChatEvent(finished=ChatFinished(finish_reason=FINISH_REASON_STOP, usage=USAGE, route=ROUTE)),
    ]
    whole, streamed = see("Chat", response), see("StreamChat", *events)
    assert whole == {
        "status": "OK",
        "message_count": 1,
        "finish_reason": "STOP",
        **ACCOUNT,
        "text": "[1, 2]",
        "text_length": 6,
        "json": [1, 2],
        "reasoning": "hm",
        "reasoning_signed": True,
        "parts": ["text", "reasoning", "tool_call"],
        "signed_parts": 1,
        "tool_calls": [{"id": "c", "name": "t", "arguments": {"a": 1}}],
    }
    assert streamed == {**whole, "message_count": 6, "last_event": "finished", "finished": True}


def test_what_a_provider_found() -> None:
    """An observed answer tells the tools that the provider ran, its sources, log probabilities and media."""
    search = ProviderToolCall(
        tool_call_id="s", name="web_search", arguments_json='{"q": 1}', results=[Part()], failed=True
    )
    parts = [
        Part(provider_tool_call=search, signature=b"s"),
        Part(text="x", citations=[Citation(uri="u", title="t")], logprobs=[TokenLogprobs(token="x")]),
        Part(media=Media(mime_type="image/png", data=png(4, 3))),
    ]
    usage = Usage(audio_duration=Duration(seconds=2), web_search_count=1)
    seen = see("Chat", ChatResponse(message=Turn(parts=parts), usage=usage))
    call = {"id": "s", "name": "web_search", "arguments": {"q": 1}, "result_count": 1, "failed": True}
    assert seen["provider_tool_calls"] == [call]
    assert seen["sources"] == [{"uri": "u", "title": "t"}]
    assert (seen["logprobs"], seen["signed_parts"]) == (["x"], 1)
    assert (seen["media"][0]["width"], seen["media"][0]["height"]) == (4, 3)
    assert seen["usage"] == {"audio_duration": "2s", "web_search_count": 1}
    assert "tool_calls" not in seen


def test_what_a_helper_makes_of_a_stream_is_compared() -> None:
    """A fold that is not what the events say is found out, and so is what is read from it."""
    search = ProviderToolCall(tool_call_id="s", name="web_search")
    events = [
        ChatEvent(part_started=PartStarted(index=0, part=Part(provider_tool_call=search))),
        ChatEvent(part_delta=PartDelta(index=0, arguments_json="{}")),
    ]
    told: dict[str, Any] = {"responses": [_base64(one) for one in events]}
    read = {"text": "", "sources": [], "tool_calls": [], "provider_tool_calls": ["s"], "must_continue": False}
    right = answered("StreamChat", told)
    wrong, more = ChatResponse(), ChatResponse(response_id="x")
    wrong.CopyFrom(right)
    wrong.message.parts[0].tool_call.arguments_json = "{}"
    more.MergeFrom(right)

    def complaint(folded: ChatResponse, **other: object) -> str:
        line = {**told, "folded": _base64(folded), "read": {**read, **other}}
        return "; ".join(misread("StreamChat", line))

    assert complaint(right) == ""
    assert "folded.message.parts[0].provider_tool_call" in complaint(wrong)
    assert "folded has more" in complaint(more)
    assert "read.tool_calls" in complaint(right, tool_calls=["s"])
    assert len(list(misread("StreamChat", told))) == 2
    assert not list(misread("Chat", {"responses": []}))
    assert not list(misread("Embed", {"responses": []}))


def test_the_largest_piece_of_a_medium() -> None:
    """A stream tells how large its pieces of media are."""
    seen = see(
        "StreamChat",
        ChatEvent(part_started=PartStarted(index=0, part=Part(media=Media(data=b"12")))),
        ChatEvent(part_delta=PartDelta(index=0, data=b"345")),
    )
    assert (seen["largest_piece"], seen["media"][0]["byte_count"]) == (3, 5)


def test_a_stream_that_broke() -> None:
    """A stream without its end shows what came and says that it did not finish."""
    seen = see("StreamChat", ChatEvent(part_started=PartStarted(part=Part(text="x"))), status="ABORTED")
    assert (seen["text"], seen["finished"], seen["last_event"]) == ("x", False, "part_started")


def test_what_the_driver_tells() -> None:
    """Status, reason, delay, violations and metadata are taken over; what is empty is not there."""
    told = {"message": "m", "reason": "R", "retry_delay_ms": 0, "violations": ["a"], "metadata": {}}
    assert see("Chat", **{**told, "status": "UNAVAILABLE"}) == {
        "status": "UNAVAILABLE",
        "message": "m",
        "reason": "R",
        "retry_delay_ms": 0,
        "violations": ["a"],
        "message_count": 0,
    }


def test_failed_attempts_have_reasons() -> None:
    """An attempt that failed shows its reason, or its code where it has none."""
    info = AnyMessage()
    info.Pack(ErrorInfo(reason="RATE_LIMITED"))
    attempts = [Attempt(error=Status(code=8, details=[info])), Attempt(error=Status(code=14)), Attempt()]
    seen = see("Chat", ChatResponse(route=Route(attempts=attempts)))
    assert seen["attempts"] == ["RATE_LIMITED", "14", "OK"]


def test_pictures_whole_and_in_pieces() -> None:
    """Pictures have their type, size and pixels, also when they come in pieces."""
    data = png(4, 3)
    made = image_pb.GeneratedImage(media=Media(mime_type="image/png", data=data), revised_prompt="p")
    said = image_pb.FinishedImage(image_index=0, revised_prompt="p")
    whole = see("GenerateImages", image_pb.GenerateImagesResponse(images=[made], usage=USAGE, route=ROUTE))
    streamed = see(
        "StreamImages",
        image_pb.ImageEvent(started=image_pb.ImageStarted()),
        image_pb.ImageEvent(preview=image_pb.ImagePreview()),
        image_pb.ImageEvent(chunk=image_pb.ImageChunk(mime_type="image/png", data=data[:9])),
        image_pb.ImageEvent(chunk=image_pb.ImageChunk(data=data[9:], last=True)),
        image_pb.ImageEvent(finished=image_pb.ImageFinished(images=[said], usage=USAGE, route=ROUTE)),
    )
    picture = {
        "mime_type": "image/png",
        "byte_count": len(data),
        "width": 4,
        "height": 3,
        "revised_prompt": "p",
    }
    assert whole["images"] == streamed["images"] == [picture]
    assert (streamed["previews"], streamed["finished"]) == (1, True)


def test_the_other_methods() -> None:
    """Counts, models, vectors and what was seen in pictures are told."""
    assert see("CountTokens", CountTokensResponse(input_token_count=4))["input_token_count"] == 4
    pages = [ListModelsResponse(models=[Model(model=name)]) for name in "ab"]
    assert see("ListModels", *pages)["models"] == ["a", "b"]
    assert see("Embed", EmbedResponse(embeddings=[Embedding(values=[1, 2])]))["vectors"] == [2]
    response = ChatResponse(message=Turn(parts=[Part(text="cat")]), usage=USAGE, route=ROUTE)
    seen = see("AnalyzeImages", response)
    expected = {"text": "cat", "text_length": 3, "parts": ["text"], **ACCOUNT}
    assert seen == {"status": "OK", "message_count": 1, **expected}
    limits = ServerLimits(max_message_bytes=5)
    info = GetServerInfoResponse(version="1", services=["s"], capabilities=[CAPABILITY_CHAT], limits=limits)
    seen = see("GetServerInfo", info)
    assert (seen["version"], seen["services"], seen["capabilities"]) == ("1", ["s"], ["CHAT"])
    assert seen["max_message_bytes"] == 5
