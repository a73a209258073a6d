"""Active health checks: the gateway itself finds out that a provider is back."""

import asyncio

import pytest
from ringmain import Unavailable
from ringmain.admin.v1 import admin_service_pb2 as pb

from tests.e2e.gateway import Gateway, gateway, upstreams
from tests.e2e.test_admin import provider
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.ports import closed_port
from tests.fakes.script import Answer, Fault, FaultKind
from tests.fakes.waiting import until

QUICK = {
    "breaker": {"consecutive_failures": 1, "open_for": 0.03, "open_max": 0.03},
    "retry": {"attempts": 0},
    "health_checks": {"enabled": True, "interval": 0.01},
}
DOWN = Answer(fault=Fault(kind=FaultKind.RESET_BEFORE_HEADERS))


async def fail(ringmain: Gateway) -> None:
    """Opens the breaker of the model's only candidate."""
    with pytest.raises(Unavailable):
        await ringmain.client.chat("Hello", model="m")


async def test_a_breaker_closes_without_a_callers_request() -> None:
    """Once it is due, the provider's list of models is asked for; success closes the breaker."""
    async with FakeOpenAI(Answer()) as upstream:
        upstream.enqueue(DOWN)
        async with gateway({**upstreams(up=upstream.base_url), **QUICK}) as ringmain:
            await fail(ringmain)
            await until(lambda: len(ringmain.events("breaker")) == 3)
            states = [line["state"] for line in ringmain.events("breaker")]
            assert states == ["open", "half_open", "closed"]
            assert [request.method for request in upstream.requests] == ["POST", "GET"]


async def test_a_failed_probe_leaves_it_open() -> None:
    """A provider that does not answer the check stays alone, and the check's failure is shown."""
    with closed_port() as port:
        async with gateway({**upstreams(up=f"http://127.0.0.1:{port}/v1"), **QUICK}) as ringmain:
            await fail(ringmain)
            await until(lambda: len(ringmain.events("breaker")) >= 5)
            states = [line["state"] for line in ringmain.events("breaker")]
            assert states[:5] == ["open", "half_open", "open", "half_open", "open"]
            (breaker,) = (await provider(ringmain, "up")).breakers
            assert breaker.last_error.message == "up: refused the connection"


async def test_nobody_is_asked_unless_it_is_wanted() -> None:
    """Probes are off by default, and drained providers are never asked."""
    async with FakeOpenAI(DOWN) as upstream:
        config = {**upstreams(up=upstream.base_url), **QUICK}
        async with gateway({**config, "health_checks": {"interval": 0.01}}) as ringmain:
            await fail(ringmain)
            await asyncio.sleep(0.08)
            ringmain.config["health_checks"] = {"enabled": True, "interval": 0.01}
            await ringmain.admin.DrainProvider(pb.DrainProviderRequest(provider_id="up"))
            await ringmain.admin.ReloadConfig(pb.ReloadConfigRequest())
            await asyncio.sleep(0.05)
            assert [request.method for request in upstream.requests] == ["POST"]
