"""What callers invent grows nothing: no memory, no metric, and no line of `status`."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import grpc
import grpc.aio
import pytest
from ringmain.admin.v1 import admin_service_pb2 as admin_pb2
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import image_service_pb2_grpc as image_grpc

from tests.e2e.gateway import ask, gateway, upstreams
from tests.e2e.processes import fetch
from tests.e2e.test_admin import provider
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.ports import closed_port
from tests.fakes.rejections import MODEL_NOT_FOUND, SERVER_ERROR
from tests.fakes.script import Answer
from tests.fakes.waiting import until
from tests.faults import processes

NAMES = 3_000
MEGABYTE = 1 << 20
ENDS = {
    "nosuch": "NOT_FOUND",
    "sandbox/": "NOT_FOUND",
    "gone/": "NOT_FOUND",
    "any/": "OK",
    "bad/": "UNAVAILABLE",
}
"""How a name begins, and how a call with it ends."""


def _resident(pid: int) -> float:
    """Megabytes of memory that a process has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / MEGABYTE


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux: reads /proc")
async def test_invented_names_take_no_memory() -> None:
    """Three thousand names take less than 20 MB, and the last third nothing, whatever comes of them."""
    async with AsyncExitStack() as stack:
        servers = {
            "gone": await stack.enter_async_context(FakeOpenAI(MODEL_NOT_FOUND)),
            "any": await stack.enter_async_context(FakeOpenAI(Answer(tokens=("Hi",)))),
            "bad": await stack.enter_async_context(FakeOpenAI(SERVER_ERROR)),
        }
        config = {
            "retry": {"attempts": 0},
            **upstreams(**{name: server.base_url for name, server in servers.items()}),
            "models": {},
        }
        served = await stack.enter_async_context(processes.gateway(config))

        async def end_of(name: str) -> str:
            try:
                await served.stub.Chat(ask(name))
            except grpc.aio.AioRpcError as error:
                return error.code().name
            return "OK"

        async def invent(start: int, end: int) -> float:
            begins = list(ENDS)
            for first in range(start, end, 10):
                names = [f"{begins[number % len(begins)]}{number}" for number in range(first, first + 10)]
                ends = await asyncio.gather(*map(end_of, names))
                assert ends == [*ENDS.values()] * 2
            return _resident(served.process.pid)

        begin = await invent(NAMES, NAMES + 100)
        middle = await invent(0, 2 * NAMES // 3)
        await invent(2 * NAMES // 3, NAMES)
        # Twice a minute the gateway gives free memory back; it may have done so just before the middle.
        await until(lambda: _resident(served.process.pid) < min(begin + 20, middle + 3))
        page = await asyncio.to_thread(fetch, served.metrics_port, "/metrics")
        assert len(page) < 40_000
        assert "nosuch" not in page
        assert "gone/" not in page


async def test_status_shows_what_is_used_or_held_and_nothing_invented() -> None:
    """Of addressed candidates, `status` shows those that answered, not those that nobody knows."""
    async with (
        FakeOpenAI(Answer(tokens=("Hi",))) as upstream,
        gateway(upstreams(oai=upstream.base_url)) as ringmain,
    ):
        await ringmain.stub.Chat(ask("oai/tuned"))
        upstream.enqueue(*[MODEL_NOT_FOUND] * 3)
        for number in range(3):
            with pytest.raises(grpc.aio.AioRpcError):
                await ringmain.stub.Chat(ask(f"oai/made-up-{number}"))
        await ringmain.stub.Chat(ask("oai/tuned"))
        shown = await provider(ringmain, "oai")
        assert [breaker.provider_model for breaker in shown.breakers] == ["gpt-4o-mini", "tuned"]


async def test_a_name_that_nobody_knows_does_not_reach_its_provider_again_and_again() -> None:
    """After a provider said that it does not know a model, further callers are told so without asking it."""
    async with FakeOpenAI(MODEL_NOT_FOUND) as upstream, gateway(upstreams(oai=upstream.base_url)) as ringmain:
        for _ in range(5):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await ringmain.stub.Chat(ask("oai/made-up"))
            assert refused.value.code() is grpc.StatusCode.NOT_FOUND
        assert len(upstream.requests) == 1
        await ringmain.admin.RestoreProvider(admin_pb2.RestoreProviderRequest(provider_id="oai"))
        upstream.enqueue(Answer(tokens=("Hi",)))
        await ringmain.stub.Chat(ask("oai/made-up"))
        assert len(upstream.requests) == 2


async def test_what_is_held_against_an_addressed_candidate_outlives_a_reload() -> None:
    """A breaker that opened for a `provider/model` is open after the configuration was read again."""
    async with FakeOpenAI(SERVER_ERROR) as upstream:
        config = upstreams(oai=upstream.base_url)
        async with gateway({**config, "retry": {"attempts": 0}}) as ringmain:
            for _ in range(6):
                with pytest.raises(grpc.aio.AioRpcError):
                    await ringmain.stub.Chat(ask("oai/tuned"))
            count = len(upstream.requests)
            ringmain.config["models"] = {"other": {"candidates": ["oai/gpt-4o"]}}
            await ringmain.admin.ReloadConfig(admin_pb2.ReloadConfigRequest())
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await ringmain.stub.Chat(ask("oai/tuned"))
            assert "breaker is open" in (refused.value.details() or "")
            assert len(upstream.requests) == count


WIRES = {
    "openai": {},
    "azure": {"api_version": "2024-10-21"},
    "gemini": {},
    "fal": {},
    "replicate": {},
}
ODD = ("a b", "a?x=1#y", "%2e%2e/x", "%zz", "//", "\\..\\x", "@inner/x", "🙂" * 60, "'\"<>{}|^`")


@pytest.mark.parametrize("kind", WIRES)
async def test_an_odd_name_becomes_a_path_and_never_a_fault(kind: str) -> None:
    """Names that callers address go to the provider as they are, escaped where they are part of a path."""
    settings = {"kind": kind, "api_key": "sk-one-secret-key", **WIRES[kind]}
    with closed_port() as port:
        settings["base_url"] = f"http://127.0.0.1:{port}"
        await _names_become_paths({"providers": {"p": settings}, "retry": {"attempts": 0}})


async def _names_become_paths(config: Mapping[str, object]) -> None:
    """Fails unless calls with odd names end as others do; nobody listens where they go."""
    async with gateway(config) as ringmain:
        images: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(ringmain.channel)
        for name in ODD:
            for call in (
                ringmain.stub.Chat(ask(f"p/{name}")),
                images.GenerateImages(image_pb2.GenerateImagesRequest(model=f"p/{name}", prompt="a fox")),
            ):
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    await call
                # There is nobody at that port, or nothing to draw with.
                assert refused.value.code().name in ("UNAVAILABLE", "FAILED_PRECONDITION")
