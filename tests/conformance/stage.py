"""Conformance: everything that runs while one driver is asked: upstreams, and gateways in front of them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from ringmain.v1.model_service_pb2 import Capability, GetModelRequest, GetModelResponse
from ringmain.v1.model_service_pb2_grpc import ModelServiceStub

from tests.conformance.callers import Guarded, guarded
from tests.conformance.case import Case, Needs
from tests.conformance.upstreams import Upstreams, route, upstreams
from tests.faults.processes import Gateway, gateway

COMMON: Mapping[str, Any] = {
    # What is tried is the clients: the gateway's own waits must not show.
    "backoff": {"initial": 0.01, "maximum": 0.05, "budget": 1.0, "budget_min_per_second": 1000},
}


def configuration(cases: Sequence[Case], behind: Upstreams) -> dict[str, Any]:
    """The gateway's settings: each case has providers and a model of its own, and disturbs no other."""
    providers: dict[str, Any] = {"sandbox": {"kind": "sandbox"}}
    models: dict[str, Any] = {}
    for case in cases:
        candidates = []
        for index, upstream in enumerate(case.upstream):
            name = route(case, index)
            providers[name] = {**behind.settings(upstream.wire), **upstream.provider}
            candidates.append({"provider": name, "model": name, **upstream.candidate})
        if candidates:
            models[case.name] = {"candidates": candidates, **case.model}
    return {**COMMON, "providers": providers, "models": models}


@dataclass(frozen=True, slots=True)
class Stage:
    """What a driver is asked against.

    Attributes:
        behind: The upstreams.
        shared: The gateway of all cases that need none of their own.
        lacking: What is needed and not served.
        guarded: The gateway that knows its callers, None where no case needs it.
    """

    behind: Upstreams
    shared: Gateway
    lacking: frozenset[Needs]
    guarded: Guarded | None = None

    def signed(self, case: Case) -> Case:
        """Returns a case with the credentials of its caller."""
        return case if case.caller is None or self.guarded is None else self.guarded.signed(case)

    @asynccontextmanager
    async def gateway(self, case: Case) -> AsyncIterator[Gateway]:
        """The gateway of a case."""
        if not case.alone:
            yield self.shared if case.caller is None or self.guarded is None else self.guarded.served
            return
        settings = {**configuration([case], self.behind), **(case.gateway or {})}
        async with gateway(settings) as own:
            yield own


@asynccontextmanager
async def stage(cases: Sequence[Case]) -> AsyncIterator[Stage]:
    """Starts what these cases need, and ends it."""
    async with upstreams(cases) as behind:
        shared = configuration([case for case in cases if not case.alone], behind)
        async with AsyncExitStack() as stack:
            served = await stack.enter_async_context(gateway(shared))
            needs = {case.needs for case in cases}
            lacking = frozenset([one for one in needs if not await _serves(served, one)])
            called = any(case.caller is not None for case in cases)
            strict = await stack.enter_async_context(guarded()) if called else None
            yield Stage(behind, served, lacking, strict)


async def _serves(served: Gateway, needs: Needs) -> bool:
    if needs.service is not None and not await _has_service(served.channel, needs.service):
        return False
    if needs.model is None:
        return True
    stub: Any = ModelServiceStub(served.channel)
    try:
        response: GetModelResponse = await stub.GetModel(GetModelRequest(model=needs.model))
    except grpc.aio.AioRpcError:
        return False
    wanted = f"CAPABILITY_{needs.capability}".upper()
    return needs.capability is None or Capability.Value(wanted) in response.model.capabilities


async def _has_service(channel: grpc.aio.Channel, name: str) -> bool:
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=HealthCheckRequest.SerializeToString,
        response_deserializer=HealthCheckResponse.FromString,
    )
    try:
        await check(HealthCheckRequest(service=name))
    except grpc.aio.AioRpcError:
        return False
    return True
