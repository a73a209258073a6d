"""Answers and their events, for the tests of both clients."""

from collections.abc import Sequence

from ringmain.v1.chat_service_pb2 import (
    ChatEvent,
    ChatFinished,
    ChatRecovered,
    ChatResponse,
    ChatStarted,
    PartDelta,
    PartFinished,
    PartStarted,
)
from ringmain.v1.content_pb2 import ROLE_ASSISTANT, Message, Part
from ringmain.v1.generation_pb2 import FINISH_REASON_STOP
from ringmain.v1.routing_pb2 import Route
from ringmain.v1.usage_pb2 import Usage

ROUTE = Route(provider_id="sandbox", provider_model="chat")


def response(text: str) -> ChatResponse:
    """Return an answer of one text."""
    return ChatResponse(
        response_id="r-1",
        message=Message(role=ROLE_ASSISTANT, parts=[Part(text=text)]),
        finish_reason=FINISH_REASON_STOP,
        usage=Usage(input_token_count=3, output_token_count=2, cost_nano_usd=1_500_000),
        route=ROUTE,
    )


def started(provider: str = "sandbox") -> ChatEvent:
    """Return a stream's first event."""
    return ChatEvent(started=ChatStarted(response_id="r-1", provider_id=provider, provider_model="chat"))


def opened(part: Part, index: int = 0) -> ChatEvent:
    """Return the begin of a part."""
    return ChatEvent(part_started=PartStarted(index=index, part=part))


def text(piece: str, index: int = 0) -> ChatEvent:
    """Return the growth of a text."""
    return ChatEvent(part_delta=PartDelta(index=index, text=piece))


def closed(index: int = 0) -> ChatEvent:
    """Return the end of a part."""
    return ChatEvent(part_finished=PartFinished(index=index))


def recovered(*, discarded: bool) -> ChatEvent:
    """Return a recovery by the provider `other`."""
    return ChatEvent(
        recovered=ChatRecovered(provider_id="other", provider_model="chat-2", content_discarded=discarded)
    )


def finished(whole: ChatResponse) -> ChatEvent:
    """Return a stream's last event."""
    end = ChatFinished(response_id=whole.response_id, finish_reason=whole.finish_reason)
    if whole.HasField("usage"):
        end.usage.CopyFrom(whole.usage)
    if whole.HasField("route"):
        end.route.CopyFrom(whole.route)
    end.safety_ratings.extend(whole.safety_ratings)
    return ChatEvent(finished=end)


def events_of(pieces: Sequence[str]) -> list[ChatEvent]:
    """Return the stream of an answer of one text."""
    return [
        started(),
        opened(Part(text="")),
        *map(text, pieces),
        closed(),
        finished(response("".join(pieces))),
    ]
