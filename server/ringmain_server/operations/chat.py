"""Room 3: the operations of chat."""

from collections.abc import Sequence

from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.content_pb2 import ROLE_ASSISTANT
from ringmain.v1.model_service_pb2 import CAPABILITY_CHAT

from ringmain_server.call import Call
from ringmain_server.candidate import Candidate
from ringmain_server.catalog.tokens import request_tokens
from ringmain_server.operations.base import Accounted, Recovering, Replay, Streamed, Unary
from ringmain_server.operations.chat_fold import fold, unfold
from ringmain_server.operations.identity import identify, identify_last
from ringmain_server.operations.needs import CHAT_NEEDS, chat_needs, may_hold_media
from ringmain_server.operations.recovery import Recovery as ChatRecovery
from ringmain_server.operations.replay import essence


def _chat_started(call: Call, candidate: Candidate, _: chat_pb2.ChatEvent) -> Sequence[chat_pb2.ChatEvent]:
    started = chat_pb2.ChatStarted(
        response_id=call.response_id,
        provider_id=candidate.provider_id,
        provider_model=candidate.provider_model,
    )
    return (chat_pb2.ChatEvent(started=started),)


def _chat_accounted(event: chat_pb2.ChatEvent) -> Accounted | None:
    return event.finished if event.HasField("finished") else None


def _continued(request: chat_pb2.ChatRequest) -> str:
    """Returns the provider of the turn that the model is to go on with, such as a paused one."""
    last = request.messages[-1] if request.messages else None
    if last is None or last.role != ROLE_ASSISTANT:
        return ""
    return next((part.provider_id for part in reversed(last.parts) if part.provider_id), "")


def _passes_options(request: chat_pb2.ChatRequest) -> bool:
    return bool(request.generation_config.provider_options)


_CHAT_REPLAY: Replay[chat_pb2.ChatRequest, chat_pb2.ChatResponse, chat_pb2.ChatEvent] = Replay(
    request_id=lambda request: request.request_id,
    essence=essence,
    fold=fold,
    unfold=unfold,
    serialize=chat_pb2.ChatResponse.SerializeToString,
    parse=chat_pb2.ChatResponse.FromString,
    event_size=chat_pb2.ChatEvent.ByteSize,
)

CHAT: Unary[chat_pb2.ChatRequest, chat_pb2.ChatResponse] = Unary(
    name="chat",
    capability=CAPABILITY_CHAT,
    cacheable=True,
    routed=lambda request: request,
    accounted=lambda response: response,
    identify=identify,
    may_need=CHAT_NEEDS,
    needs=chat_needs,
    may_hold_media=may_hold_media,
    passes_options=_passes_options,
    input_tokens=request_tokens,
    continued=_continued,
    replay=_CHAT_REPLAY,
)


def _chat_recovering(
    request: chat_pb2.ChatRequest, prefill: bool
) -> Recovering[chat_pb2.ChatRequest, chat_pb2.ChatEvent]:
    return ChatRecovery(request, prefill=prefill)


STREAM_CHAT: Streamed[chat_pb2.ChatRequest, chat_pb2.ChatEvent] = Streamed(
    name="stream_chat",
    capability=CAPABILITY_CHAT,
    cacheable=True,
    routed=lambda request: request,
    started=_chat_started,
    accounted=_chat_accounted,
    identify=identify_last,
    recovering=_chat_recovering,
    may_need=CHAT_NEEDS,
    needs=chat_needs,
    may_hold_media=may_hold_media,
    passes_options=_passes_options,
    input_tokens=request_tokens,
    continued=_continued,
    replay=_CHAT_REPLAY,
)

COUNT_TOKENS: Unary[chat_pb2.CountTokensRequest, chat_pb2.CountTokensResponse] = Unary(
    name="count_tokens",
    capability=CAPABILITY_CHAT,
    cacheable=False,
    routed=lambda request: request.chat,
    accounted=lambda _: None,
    may_need=CHAT_NEEDS,
    needs=lambda request, media: chat_needs(request.chat, media),
    may_hold_media=lambda request: may_hold_media(request.chat),
    passes_options=lambda request: _passes_options(request.chat),
    input_tokens=lambda request: request_tokens(request.chat),
)
