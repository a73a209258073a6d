"""A repeated request, end to end over gRPC: joined or answered again, worked on once, counted once."""

import asyncio

import grpc
import grpc.aio
import pytest
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain_server.operations.chat_fold import fold

from tests.e2e.gateway import Gateway, ask, gateway

PACED = {"providers": {"sandbox": {"kind": "sandbox", "first_token_ms": 50, "tokens_per_second": 300}}}


def _once(text: str = "Hello", model: str = "sandbox/echo") -> chat_pb2.ChatRequest:
    request = ask(model, text)
    request.request_id = "order-1"
    return request


async def _stream(ringmain: Gateway, request: chat_pb2.ChatRequest) -> list[chat_pb2.ChatEvent]:
    return [event async for event in ringmain.stub.StreamChat(request)]


def _calls(ringmain: Gateway) -> list[dict[str, object]]:
    return [line for line in ringmain.log() if line["event"] == "call"]


async def test_a_repeat_gets_the_stored_answer_and_is_not_counted() -> None:
    """A repeat, whole or streamed, gets the first answer byte for byte; its log line has no usage."""
    async with gateway() as ringmain:
        first = await ringmain.stub.Chat(_once())
        again = await ringmain.stub.Chat(_once())
        assert again.SerializeToString() == first.SerializeToString()
        assert fold(await _stream(ringmain, _once())) == first
        one, two, three = _calls(ringmain)
        assert "input_tokens" in one
        for repeat in (two, three):
            assert repeat["replayed"] is True
            assert repeat["answer_id"] == first.response_id != repeat["response_id"]
            assert "input_tokens" not in repeat
            assert "provider" not in repeat


async def test_simultaneous_repeats_share_one_answer() -> None:
    """Callers of both methods at the same time get one response id, from one attempt at the provider."""
    async with gateway(PACED) as ringmain:
        request = _once("some words that take a while to be said again")
        streams = [asyncio.create_task(_stream(ringmain, request)) for _ in range(3)]
        whole = await asyncio.gather(*(ringmain.stub.Chat(request) for _ in range(3)))
        answers = [*whole, *map(fold, await asyncio.gather(*streams))]
        assert all(answer == answers[0] for answer in answers)
        assert sum("provider" in line for line in _calls(ringmain)) == 1


async def test_the_answer_survives_the_first_caller() -> None:
    """When the first caller cancels, a caller who joined still gets the whole answer, and pays for it."""
    async with gateway(PACED) as ringmain:
        request = _once("some words that take a while to be said again")
        first = ringmain.stub.StreamChat(request)
        await first.read()
        joined = aiter(ringmain.stub.StreamChat(request))
        started = await anext(joined)
        first.cancel()
        answer = fold([started, *[event async for event in joined]])
        assert answer.message.parts[0].text.endswith("again")
        left, stayed = _calls(ringmain)
        assert (left["code"], stayed["code"]) == ("CANCELLED", "OK")
        assert "provider" not in left
        assert stayed["provider"] == "sandbox"
        assert stayed["output_tokens"] == answer.usage.output_token_count


async def test_another_request_under_the_id_is_refused() -> None:
    """INVALID_ARGUMENT names the field `request_id`."""
    async with gateway() as ringmain:
        await ringmain.stub.Chat(_once())
        with pytest.raises(grpc.aio.AioRpcError, match="request_id") as caught:
            await ringmain.stub.Chat(_once("Goodbye"))
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_failed_request_may_be_repeated() -> None:
    """A failure is not kept: the same request under the same id runs again."""
    async with gateway() as ringmain:
        for _ in range(2):
            with pytest.raises(grpc.aio.AioRpcError):
                await ringmain.stub.Chat(_once(model="sandbox/fault-401"))
        assert not any("replayed" in line for line in _calls(ringmain))
