import asyncio
import gc
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import grpc
import pytest
import ringmain
from ringmain import Answer, AsyncClient, AsyncStream
from ringmain.v1 import chat_service_pb2 as chat_pb
from ringmain.v1 import model_service_pb2 as models_pb
from ringmain.v1.content_pb2 import Part

from tests.client import samples
from tests.client.gateway import Gateway, answers, breaks, fails, hangs, sleeps, streams
from tests.fakes.waiting import LIMIT

OPENING = (samples.started(), samples.opened(Part(text="one")), samples.text(" two"))


async def test_chat(gateway: Gateway, aclient: AsyncClient) -> None:
    """A question gets an answer, with the client's model and deadline."""
    gateway.script(answers(samples.response("hello")))
    assert await aclient.chat("Hi") == Answer(samples.response("hello"))
    assert gateway.requests == [ringmain.chat_request("Hi", model="smart")]
    assert gateway.timeouts[0] == pytest.approx(LIMIT, abs=20)


async def test_errors_are_ours(gateway: Gateway, aclient: AsyncClient) -> None:
    """A failed call raises the reason's class, with what gRPC raised as its cause."""
    gateway.script(fails(grpc.StatusCode.INVALID_ARGUMENT, "CONTEXT_TOO_LONG"))
    with pytest.raises(ringmain.ContextTooLong) as caught:
        await aclient.chat("Hi")
    assert isinstance(caught.value.__cause__, grpc.aio.AioRpcError)


async def test_deadline(gateway: Gateway, aclient: AsyncClient) -> None:
    """A call that takes longer than its timeout raises DeadlineExceeded."""
    gateway.script(sleeps())
    with pytest.raises(ringmain.DeadlineExceeded):
        await aclient.chat("Hi", timeout=0.05)


async def test_unavailable_is_tried_again(gateway: Gateway, aclient: AsyncClient) -> None:
    """A call that ends UNAVAILABLE before an answer is repeated by gRPC."""
    gateway.script(fails(grpc.StatusCode.UNAVAILABLE), answers(samples.response("at last")))
    assert (await aclient.chat("Hi")).text == "at last"
    assert len(gateway.requests) == 2


async def test_stream(gateway: Gateway, aclient: AsyncClient) -> None:
    """A stream yields deltas whose text adds up to the answer, which is complete at the end."""
    gateway.script(streams(*samples.events_of(["Hel", "lo"])))
    stream = aclient.stream("Hi")
    with pytest.raises(RuntimeError, match="not complete"):
        _ = stream.answer
    assert "".join([str(delta) async for delta in stream]) == "Hello"
    assert stream.answer == Answer(samples.response("Hello"))


async def test_events(gateway: Gateway, aclient: AsyncClient) -> None:
    """The contract's own events are there for who wants them, and fold all the same."""
    events = samples.events_of(["Hel", "lo"])
    gateway.script(streams(*events))
    stream = aclient.stream("Hi")
    assert [event async for event in stream.events()] == events
    assert stream.answer.text == "Hello"


async def test_a_broken_stream_keeps_what_came(gateway: Gateway, aclient: AsyncClient) -> None:
    """When a stream breaks, the error is raised and the text so far is not lost."""
    failing = fails(grpc.StatusCode.ABORTED, "STREAM_INTERRUPTED")
    gateway.script(breaks(*OPENING, failing=failing))
    stream = aclient.stream("Hi")
    with pytest.raises(ringmain.StreamInterrupted, match="STREAM_INTERRUPTED"):
        _ = [delta async for delta in stream]
    assert stream.partial.text == "one two"


async def test_silence_is_no_end(gateway: Gateway, aclient: AsyncClient) -> None:
    """A stream that ends well but without its last event is an interrupted one."""
    gateway.script(streams(*OPENING))
    with pytest.raises(ringmain.StreamInterrupted, match="without its last event"):
        _ = [delta async for delta in aclient.stream("Hi")]


async def leave_by_break(stream: AsyncStream) -> None:
    """One way to leave a stream."""
    async for _ in stream:
        break


async def leave_by_error(stream: AsyncStream) -> None:
    """One way to leave a stream."""
    with pytest.raises(ZeroDivisionError):
        async for _ in stream:
            raise ZeroDivisionError


async def leave_block(stream: AsyncStream) -> None:
    """One way to leave a stream."""
    async with stream, aclosing(stream.events()) as events:
        await anext(events)


async def leave_by_timeout(stream: AsyncStream) -> None:
    """One way to leave a stream."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            async for _ in stream:
                pass


async def close(stream: AsyncStream) -> None:
    """One way to leave a stream."""
    await stream.close()


LEAVES = [leave_by_break, leave_by_error, leave_block, leave_by_timeout, close]


@pytest.mark.parametrize("leave", LEAVES)
async def test_leaving_cancels(
    gateway: Gateway, aclient: AsyncClient, leave: Callable[[AsyncStream], Awaitable[None]]
) -> None:
    """However a stream is left, the gateway, which would go on for ever, hears of it."""
    gateway.script(hangs(*OPENING))
    stream = aclient.stream("Hi")
    assert await asyncio.to_thread(gateway.arrived)
    await leave(stream)
    assert await asyncio.to_thread(gateway.ended.wait, LIMIT)


async def test_a_dropped_stream_is_cancelled(gateway: Gateway, aclient: AsyncClient) -> None:
    """A stream that was started, never read and dropped is cancelled."""
    gateway.script(hangs(*OPENING))
    stream = aclient.stream("Hi")
    assert await asyncio.to_thread(gateway.arrived)
    del stream
    gc.collect()
    assert await asyncio.to_thread(gateway.ended.wait, LIMIT)


async def test_closing_from_another_task(gateway: Gateway, aclient: AsyncClient) -> None:
    """A stream that another task closes is Cancelled, and its reader's task is not."""
    gateway.script(hangs(*OPENING))
    stream = aclient.stream("Hi")
    asyncio.get_running_loop().call_later(0.05, lambda: tasks.append(closing()))
    tasks: list[asyncio.Task[None]] = []

    def closing() -> asyncio.Task[None]:
        return asyncio.create_task(stream.close())

    with pytest.raises(ringmain.Cancelled, match="closed"):
        async for _ in stream:
            pass
    assert not (asyncio.current_task() or tasks[0]).cancelling()


async def test_cancelling_the_task(gateway: Gateway, aclient: AsyncClient) -> None:
    """A task that is cancelled while it reads ends as cancelled, and so does the call."""
    gateway.script(hangs(*OPENING))

    async def read() -> None:
        async for _ in aclient.stream("Hi"):
            pass

    task = asyncio.create_task(read())
    assert await asyncio.to_thread(gateway.arrived)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(gateway.ended.wait, LIMIT)


async def test_counting_and_pricing(gateway: Gateway, aclient: AsyncClient) -> None:
    """Tokens and cost are asked with the very request that chat would send."""
    gateway.script(
        answers(chat_pb.CountTokensResponse(input_token_count=7)),
        answers(chat_pb.EstimateCostResponse(min_cost_nano_usd=1)),
    )
    assert (await aclient.count_tokens("Hi")).input_token_count == 7
    assert (await aclient.estimate_cost("Hi")).min_cost_nano_usd == 1


async def test_models(gateway: Gateway, aclient: AsyncClient) -> None:
    """All pages of models are walked, and one model is fetched by name."""
    pages = [
        models_pb.ListModelsResponse(models=[models_pb.Model(model="a")], next_page_token="2"),
        models_pb.ListModelsResponse(models=[models_pb.Model(model="b")]),
    ]
    one = models_pb.GetModelResponse(model=models_pb.Model(model="a"))
    gateway.script(*map(answers, pages), answers(one))
    assert [model.model async for model in aclient.models(["chat"])] == ["a", "b"]
    assert (await aclient.model("a")).model == "a"


async def test_server_info(gateway: Gateway, aclient: AsyncClient) -> None:
    """The gateway says its version."""
    gateway.script(answers(models_pb.GetServerInfoResponse(version="1.4.0")))
    assert (await aclient.server_info()).version == "1.4.0"


async def test_health(gateway: Gateway, aclient: AsyncClient) -> None:
    """Health is what the standard health service says."""
    assert await aclient.health() == "SERVING"
    with pytest.raises(ringmain.NotFound):
        await aclient.health("nobody")


async def test_a_given_channel_stays_open(gateway: Gateway) -> None:
    """A channel that the caller made is the caller's to close."""
    gateway.script(*[answers(samples.response("x"))] * 2)
    async with grpc.aio.insecure_channel(gateway.target) as channel:
        for _ in range(2):
            async with AsyncClient(channel=channel) as client:
                assert (await client.chat("Hi")).text == "x"


def test_a_stream_outside_a_loop_is_an_error(gateway: Gateway) -> None:
    """Starting a stream where no event loop runs says so and leaves nothing behind."""
    with pytest.raises(RuntimeError, match="no running event loop"):
        AsyncStream(_NoCall())


class _NoCall:
    """A call that is never made."""

    def __aiter__(self) -> "_NoCall":
        return self

    async def __anext__(self) -> chat_pb.ChatEvent:
        raise StopAsyncIteration

    def cancel(self) -> bool:
        return False
