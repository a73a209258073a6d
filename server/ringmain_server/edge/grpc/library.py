"""Room 1: the services that come with gRPC (health, reflection and channelz), guarded like our own.

Their handlers let any exception, such as a parser's, end a call as UNKNOWN, with names of Python's classes.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import grpc
import grpc.aio

from ringmain_server.edge.grpc.binding import ServicerContext
from ringmain_server.edge.grpc.parsing import unparsed
from ringmain_server.edge.status import DETAILS_KEY, caller_error, caller_status
from ringmain_server.errors import RingmainError, release

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Crashed = Callable[[str, Exception], None]
"""Called with the method and the exception that nobody expected."""
Permit = Callable[[str, ServicerContext], Awaitable[None]]
"""Raises a RingmainError if the caller may not call the method."""
T = TypeVar("T")


class Guarded:
    """A stand-in for the server, to which a service of gRPC adds its handlers.

    Args:
        server: The server.
        crashed: Called with unknown exceptions.
        permit: Checks that the caller may call a method; without it, everybody may.
    """

    def __init__(self, server: grpc.aio.Server, crashed: Crashed, permit: Permit | None = None) -> None:
        self._server = server
        self._crashed = crashed
        self._permit = permit

    def add_generic_rpc_handlers(self, _: object) -> None:
        """Ignores the handlers, since the same ones are registered by name."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        """Adds the handlers of a service, guarded."""
        guarded = {name: self._guarded(f"{service}/{name}", handler) for name, handler in handlers.items()}
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, guarded),))

    def _guarded(self, method: str, handler: Any) -> Handler:
        parse, serialize = _parser(handler.request_deserializer), handler.response_serializer
        if handler.stream_stream is not None:
            streamed = self._streamed(method, handler.stream_stream)
            return grpc.stream_stream_rpc_method_handler(streamed, parse, serialize)
        if handler.unary_stream is not None:
            # One of a coroutine that writes its answers: it returns like a plain method.
            return grpc.unary_stream_rpc_method_handler(
                self._plain(method, handler.unary_stream), parse, serialize
            )
        return grpc.unary_unary_rpc_method_handler(self._plain(method, handler.unary_unary), parse, serialize)

    def _plain(self, method: str, behave: Callable[[Any, ServicerContext], Any]) -> Any:
        async def handle(request: Any, context: ServicerContext) -> Any:
            try:
                if self._permit is not None:
                    await self._permit(method, context)
                if isinstance(request, _Unparsed):
                    raise unparsed()
                found = behave(request, context)
                return await found if inspect.isawaitable(found) else found
            except grpc.aio.AbortError:
                raise
            except grpc.aio.InternalError:
                return None  # the caller has left meanwhile: gRPC says no more than that a batch failed
            except RingmainError as exc:
                return await _refuse(context, exc)
            except Exception as exc:  # noqa: BLE001 - the edge is where unknown exceptions end
                self._crashed(method, exc)
                return await _refuse(context, caller_error(exc))

        return handle

    def _streamed(self, method: str, behave: Callable[[Any, ServicerContext], AsyncIterator[Any]]) -> Any:
        async def handle(requests: AsyncIterator[Any], context: ServicerContext) -> None:
            try:
                if self._permit is not None:
                    await self._permit(method, context)
                async for answer in behave(_parsed(requests), context):
                    await context.write(answer)
            except grpc.aio.AbortError:
                raise
            except grpc.aio.InternalError:
                return  # likewise
            except RingmainError as exc:
                await _refuse(context, exc)
            except Exception as exc:  # noqa: BLE001 - the edge is where unknown exceptions end
                self._crashed(method, exc)
                await _refuse(context, caller_error(exc))

        return handle


class _Unparsed:
    """Stands for bytes that cannot be parsed; gRPC takes None for the end of a stream."""


async def _parsed(requests: AsyncIterator[T | _Unparsed]) -> AsyncIterator[T]:
    async for request in requests:
        if isinstance(request, _Unparsed):
            raise unparsed()
        yield request


def _parser(parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def parsed(data: bytes) -> Any:
        try:
            return parse(data)
        except Exception:  # noqa: BLE001 - gRPC would tell the caller of it, whatever it is
            return _Unparsed()

    return parsed


async def _refuse(context: ServicerContext, error: Any) -> None:
    status = caller_status(error, "")
    try:
        await context.abort(error.code, status.message, ((DETAILS_KEY, status.SerializeToString()),))
    except (grpc.aio.AbortError, grpc.aio.InternalError) as exc:
        release(exc)  # gRPC keeps it, and with it the frames that hold the request (`binding`)
