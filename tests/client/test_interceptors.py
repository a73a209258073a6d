"""What goes past the methods of the clients: interceptors, and stubs over their channels."""

from collections.abc import Callable
from typing import Any, cast

import grpc
import grpc.aio
import pytest
import ringmain
from ringmain import AsyncClient, Client
from ringmain.v1.model_service_pb2 import GetModelRequest, GetModelResponse, Model
from ringmain.v1.model_service_pb2_grpc import ModelServiceStub

from tests.client import samples
from tests.client.gateway import Gateway, answers, fails
from tests.fakes.waiting import LIMIT


class Noting(grpc.UnaryUnaryClientInterceptor):
    """Notes the calls that pass."""

    def __init__(self) -> None:
        self.methods: list[str] = []

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        self.methods.append(client_call_details.method)
        return continuation(client_call_details, request)


class AsyncNoting(grpc.aio.UnaryUnaryClientInterceptor):
    """Notes the calls that pass."""

    def __init__(self) -> None:
        self.methods: list[bytes] = []

    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        # gRPC's own type says text, which it is not.
        self.methods.append(cast("bytes", client_call_details.method))
        return await continuation(client_call_details, request)


async def test_interceptors_see_the_calls(gateway: Gateway) -> None:
    """Interceptors that a client is made with see its calls."""
    gateway.script(*[answers(samples.response("x"))] * 2)
    noting, anoting = Noting(), AsyncNoting()
    with Client(gateway.target, interceptors=[noting]) as client:
        client.chat("Hi", model="smart")
    async with AsyncClient(gateway.target, interceptors=[anoting]) as aclient:
        await aclient.chat("Hi", model="smart")
    assert noting.methods == ["/ringmain.v1.ChatService/Chat"]
    assert [method.decode() for method in anoting.methods] == noting.methods


async def test_stubs_share_the_channel(gateway: Gateway) -> None:
    """A generated stub uses a client's channel, deadline and metadata, and its errors can be translated."""
    found = GetModelResponse(model=Model(model="a"))
    gateway.script(answers(found), fails(grpc.StatusCode.NOT_FOUND), answers(found))
    request = GetModelRequest(model="a")
    with Client(gateway.target, token="sk-1", timeout=LIMIT) as client:
        stub = client.stub(ModelServiceStub)
        assert stub.GetModel(request, **client.call_arguments()) == found
        with pytest.raises(grpc.RpcError) as failed:
            stub.GetModel(request, **client.call_arguments(timeout=5))
        assert isinstance(ringmain.error_of(failed.value), ringmain.NotFound)
    async with AsyncClient(gateway.target, token="sk-1") as aclient:
        make: Callable[[Any], Any] = ModelServiceStub
        assert await aclient.stub(make).GetModel(request, **aclient.call_arguments()) == found
    assert {seen["authorization"] for seen in gateway.metadata} == {"Bearer sk-1"}
    whole, own = gateway.timeouts[:2]
    assert whole is not None
    assert own is not None
    assert 0 < own < 6 < whole < LIMIT + 1
