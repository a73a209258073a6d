"""What a port does not serve is refused like everything else: with a reason, in log and metrics."""

import io
from collections.abc import Iterator
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.descriptor import MethodDescriptor
from ringmain.errors import RingmainError, error_of
from ringmain_server import contract
from ringmain_server.app.app import App
from ringmain_server.config import LogSettings, load
from ringmain_server.telemetry.logs import Mask, make_log

from tests.e2e.gateway import Gateway, gateway

WITHOUT_KEYS = {"CreateApiKey", "ListApiKeys", "UpdateApiKey", "RotateApiKey", "RevokeApiKey"}
"""Methods that are served where API keys are enabled, which they are not here."""
UNBUILT = {
    "ringmain.v1.UsageService": {"ListUsageRecords", "QueryUsage", "ExportUsage"},
    "ringmain.admin.v1.AdminService": {"FlushCache", *WITHOUT_KEYS},
}
"""Methods of the contract that no port serves."""
ADMIN = "ringmain.admin.v1.AdminService"


async def refused(channel: Any, path: str) -> RingmainError:
    """The refusal of an empty message by a method, asked as for one answer."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await channel.unary_unary(path)(b"")
    return error_of(caught.value)


def methods() -> Iterator[MethodDescriptor]:
    """Every method of the contract."""
    return (method for service in contract.SERVICES for method in service.methods)


def served(method: MethodDescriptor, *, admin: bool) -> bool:
    """Whether a port serves a method."""
    service = method.containing_service.full_name
    return (service == ADMIN) is admin and method.name not in UNBUILT.get(service, ())


async def check(ringmain: Gateway, channel: Any, method: MethodDescriptor) -> None:
    """Each way to call a method that is not served ends in the same refusal."""
    service = method.containing_service.full_name
    name = f"{service}/{method.name}"
    refusals = [await refused(channel, f"/{name}")]
    for call in (channel.unary_stream(f"/{name}")(b""), channel.stream_stream(f"/{name}")(iter((b"",)))):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
        refusals.append(error_of(caught.value))
    for error in refusals:
        assert (error.code, error.reason) == (grpc.StatusCode.UNIMPLEMENTED, "METHOD_NOT_SERVED")
        assert error.metadata["method"] == name
        assert name in error.message
        if method.name in WITHOUT_KEYS:
            assert "API keys are not enabled: storage.url names" in error.message
        elif method.name in UNBUILT.get(service, ()):
            assert "this version" in error.message
        else:
            assert "server.admin_listen" in error.message or "server.listen" in error.message
    lines = [line for line in ringmain.log() if line.get("method") == name]
    assert [line["reason"] for line in lines] == ["METHOD_NOT_SERVED"] * 3
    found = ringmain.metric("ringmain_calls_total", method=name, code="UNIMPLEMENTED")
    assert found == 3


async def test_callers_port() -> None:
    """Operators' methods, and those that are not built, are refused on the port of callers."""
    async with gateway() as ringmain:
        for method in methods():
            if not served(method, admin=False):
                await check(ringmain, ringmain.channel, method)


async def test_operators_port() -> None:
    """Callers' methods, and those that are not built, are refused on the port of operators."""
    async with gateway() as ringmain:
        for method in methods():
            if not served(method, admin=True):
                await check(ringmain, ringmain.admin_channel, method)


async def test_what_is_served_is_not_refused() -> None:
    """Each method that a port serves is reached, whatever it makes of an empty request."""
    async with gateway() as ringmain:
        channel: Any = ringmain.channel
        for method in methods():
            if served(method, admin=False) and not method.client_streaming and not method.server_streaming:
                call = channel.unary_unary(f"/{method.containing_service.full_name}/{method.name}")(b"")
                assert await call.code() is not grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("name", ["ringmain.v1.ChatService/Sing", "ringmain.v9.New/Thing", "ringmain.v1."])
async def test_methods_of_other_versions(name: str) -> None:
    """A method that the contract lacks is named to its caller, but to log and metrics all are one."""
    async with gateway() as ringmain:
        error = await refused(ringmain.channel, f"/{name}")
        assert (error.code, error.reason) == (grpc.StatusCode.UNIMPLEMENTED, "METHOD_NOT_SERVED")
        assert error.metadata["method"] == name
        assert contract.CONTRACT_VERSION in error.message
        assert ringmain.metric("ringmain_calls_total", method="unknown", code="UNIMPLEMENTED") == 1


async def test_methods_of_others_are_left_to_grpc() -> None:
    """A service of another API is none of ours: gRPC's own answer, without details."""
    async with gateway() as ringmain:
        channel: Any = ringmain.channel
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/grpc.lb.v1.LoadBalancer/BalanceLoad")(b"")
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert "grpc-status-details-bin" not in dict(caught.value.trailing_metadata() or ())


async def test_without_a_port_of_operators() -> None:
    """Where it is turned off, the refusal names the setting that turns it on."""
    overrides = {"providers": {}, "server": {"listen": "127.0.0.1:0", "admin_listen": None}}
    app = App(load(environ={}, overrides=overrides), make_log(LogSettings(), Mask(), stream=io.StringIO()))
    await app.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{app.port}") as channel:
        error = await refused(channel, f"/{ADMIN}/ListProviders")
    assert "server.admin_listen" in error.message
    await app.stop()


def test_every_service_of_the_contract_is_known() -> None:
    """The list of services holds each that the packages of the contract define."""
    files = {service.file.package for service in contract.SERVICES}
    assert files == {"ringmain.v1", "ringmain.admin.v1"}
    assert len({service.full_name for service in contract.SERVICES}) == len(contract.SERVICES)
