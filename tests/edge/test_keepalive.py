"""A caller that stands still is noticed, though its kernel still takes what is sent."""

import asyncio
import signal
import sys

import grpc
from ringmain.v1 import chat_service_pb2 as chat_pb2

from tests.e2e.gateway import gateway, upstreams
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.script import FaultKind, broken
from tests.fakes.waiting import LIMIT, until

_CALLER = """
import sys, grpc
from ringmain.v1 import chat_service_pb2, chat_service_pb2_grpc

request = chat_service_pb2.ChatRequest(model="m")
request.messages.add(role=2).parts.add(text="Hello")
with grpc.insecure_channel(sys.argv[1]) as channel:
    chat_service_pb2_grpc.ChatServiceStub(channel).Chat(request)
"""
METHOD = "ringmain.v1.ChatService/Chat"


async def test_a_frozen_callers_call_ends_with_its_keepalive() -> None:
    """The process of a caller is stopped within a call: its connection ends within keepalive_time and
    keepalive_timeout, and the call and the provider's work with it."""
    keepalive = {"keepalive_time": "1s", "keepalive_timeout": "1s"}
    async with (
        FakeOpenAI(broken(FaultKind.HANG)) as upstream,
        gateway({**upstreams(a=upstream.base_url), "server": keepalive}) as running,
    ):
        address = f"127.0.0.1:{running.app.port}"
        caller = await asyncio.create_subprocess_exec(sys.executable, "-c", _CALLER, address)
        try:
            async with asyncio.timeout(LIMIT):
                while not upstream.requests:  # noqa: ASYNC110  what is waited for is another process
                    await asyncio.sleep(0.05)
            caller.send_signal(signal.SIGSTOP)
            await until(lambda: running.metric("ringmain_calls_total", method=METHOD, code="CANCELLED") == 1)
        finally:
            caller.kill()
            await caller.wait()


async def test_connections_are_renewed_and_their_calls_run_on() -> None:
    """A connection that is older than max_connection_age is given up; a stream over it runs to its end."""
    async with gateway({"server": {"max_connection_age": "200ms"}}) as running:
        request = chat_pb2.ChatRequest(model="sandbox/echo")
        request.messages.add(role=2).parts.add(text=" ".join(["word"] * 30))
        request.generation_config.provider_options["sandbox"].update({"tokens_per_second": 30})
        events = [event async for event in running.stub.StreamChat(request)]
        assert events[-1].HasField("finished")
        await until(lambda: running.channel.get_state() is grpc.ChannelConnectivity.IDLE)
        request.generation_config.ClearField("provider_options")
        assert (await running.stub.Chat(request)).message.parts
