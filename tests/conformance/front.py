"""Conformance: a server between a driver and the gateway. It refuses calls, or passes them on as they are."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from ringmain.v1.chat_service_pb2 import ChatEvent, PartDelta

from tests.conformance.case import Front, Refusal

_OPTIONS = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
_DETAILS_KEY = "grpc-status-details-bin"
_PUSHBACK_KEY = "grpc-retry-pushback-ms"
_DOMAIN = "ringmain.v1"
_UNKNOWN = b"\xc2\x3e\x01x"
"""Field 1000 of a message, with one byte."""
_STREAMED = ("StreamChat", "StreamAnalyzeImages", "StreamImages")

GIVEN: set[int] = set()
"""Ports that drivers were told of. A driver keeps a client for each address, and that of a server which has
ended does not try again at once what listens there now."""

Metadata = tuple[tuple[str, str | bytes], ...]


class FrontServer(grpc.GenericRpcHandler):
    """One front, for one case.

    Args:
        front: What it does.
        gateway: Where it passes calls on to.

    Attributes:
        seen: The metadata of every call, tries by gRPC's own retries included.
        target: Where it listens, once it does.
    """

    def __init__(self, front: Front, gateway: str) -> None:
        self._front = front
        self._channel = grpc.aio.insecure_channel(gateway, options=_OPTIONS)
        self.seen: list[dict[str, str]] = []
        self.target = ""

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[bytes, bytes] | None":
        """How a call is handled, whatever its method."""
        method = handler_call_details.method
        if method.rpartition("/")[2] in _STREAMED:
            return grpc.unary_stream_rpc_method_handler(self._streamed(method))
        return grpc.unary_unary_rpc_method_handler(self._whole(method))

    def _whole(self, method: str) -> Callable[[bytes, Any], Awaitable[bytes]]:
        async def handle(request: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
            await self._enter(context)
            call = self._unary(method)(request, timeout=context.time_remaining())
            try:
                response: bytes = await call
            except grpc.aio.AioRpcError as exc:
                return await _pass_on(exc, context)
            await self._leave(context)
            return response

        return handle

    def _streamed(self, method: str) -> Callable[[bytes, Any], AsyncIterator[bytes]]:
        async def handle(
            request: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]"
        ) -> AsyncIterator[bytes]:
            await self._enter(context)
            call = self._stream(method)(request, timeout=context.time_remaining())
            try:
                async for event in call:
                    yield event
                    for newer in newer_events(event) if self._front.newer else ():
                        yield newer
            except grpc.aio.AioRpcError as exc:
                await _pass_on(exc, context)
            finally:
                call.cancel()
            await self._leave(context)

        return handle

    def _unary(self, method: str) -> "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]":
        return self._channel.unary_unary(method)

    def _stream(self, method: str) -> "grpc.aio.UnaryStreamMultiCallable[bytes, bytes]":
        return self._channel.unary_stream(method)

    async def _enter(self, context: "grpc.aio.ServicerContext[bytes, bytes]") -> None:
        metadata = context.invocation_metadata() or ()
        self.seen.append({key: value for key, value in metadata if isinstance(value, str)})
        if self._front.refuse is not None and len(self.seen) <= self._front.first:
            refusal = self._front.refuse
            await context.abort(grpc.StatusCode[refusal.code], refusal.message, trailers(refusal))
        if self._front.initial_metadata:
            await context.send_initial_metadata(tuple(self._front.initial_metadata.items()))

    async def _leave(self, context: "grpc.aio.ServicerContext[bytes, bytes]") -> None:
        context.set_trailing_metadata(tuple(self._front.trailing_metadata.items()))

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["FrontServer"]:
        """Listens on a free port that no driver was told of before."""
        server = grpc.aio.server(options=_OPTIONS)
        server.add_generic_rpc_handlers((self,))
        while (port := server.add_insecure_port("127.0.0.1:0")) in GIVEN:
            pass
        GIVEN.add(port)
        self.target = f"127.0.0.1:{port}"
        await server.start()
        try:
            yield self
        finally:
            await server.stop(None)
            await self._channel.close()


async def _pass_on(exc: grpc.aio.AioRpcError, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
    await context.abort(exc.code(), exc.details() or "", tuple(exc.trailing_metadata()))
    raise AssertionError("abort has raised")


def newer_events(event: bytes) -> list[bytes]:
    """Returns events that a newer contract could send after a part of an answer began or grew; pure.

    An event of an unknown kind, and a piece of that part with an unknown kind of delta.
    """
    found = ChatEvent.FromString(event)
    kind = found.WhichOneof("event")
    if kind not in ("part_started", "part_delta"):
        return []
    delta = PartDelta.FromString(_UNKNOWN)
    delta.index = getattr(found, kind).index
    return [_UNKNOWN, ChatEvent(part_delta=delta).SerializeToString()]


def trailers(refusal: Refusal) -> Metadata:
    """The trailing metadata of a refusal; pure."""
    made: Metadata = ()
    if refusal.reason:
        status = Status(code=grpc.StatusCode[refusal.code].value[0], message=refusal.message)
        for detail in _details(refusal):
            status.details.add().Pack(detail)
        made += ((_DETAILS_KEY, status.SerializeToString()),)
    if refusal.pushback_ms is not None:
        made += ((_PUSHBACK_KEY, str(refusal.pushback_ms)),)
    return made


def _details(refusal: Refusal) -> list[Message]:
    details: list[Message] = [
        ErrorInfo(domain=_DOMAIN, reason=refusal.reason, metadata={"response_id": "resp_front"})
    ]
    if refusal.retry_delay_ms is not None:
        delay = Duration()
        delay.FromMilliseconds(refusal.retry_delay_ms)
        details.append(RetryInfo(retry_delay=delay))
    if refusal.violations:
        fields = [BadRequest.FieldViolation(field=name, description="wrong") for name in refusal.violations]
        details.append(BadRequest(field_violations=fields))
    return details
