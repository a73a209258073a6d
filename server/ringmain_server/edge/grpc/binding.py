"""Room 1: binds servicers to gRPC, and adds what all methods have in common, once, at start-up.

A servicer's method takes the request and its Call. If the caller sends several messages, it takes the first
one's configuration, the bytes that follow, and the Call. Around every method alike: admit, validate, bound
by the deadline, map errors to statuses, observe. A stream is written by a coroutine, not by a third
generator, so that only two generators stand between an upstream read and the write.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn, TypeAlias

import grpc
import grpc.aio
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message

from ringmain_server.call import Call
from ringmain_server.edge.auth.gate import Gate
from ringmain_server.edge.auth.models import CheckModels, model_check
from ringmain_server.edge.calls import Calls
from ringmain_server.edge.grpc.arrivals import arrival, too_late
from ringmain_server.edge.grpc.parsing import parser, unparsed
from ringmain_server.edge.grpc.uploads import Discards, UploadReader
from ringmain_server.edge.status import DETAILS_KEY, caller_error, caller_status
from ringmain_server.errors import (
    DeadlineExceeded,
    Internal,
    InvalidField,
    MediaInvalid,
    Overloaded,
    RingmainError,
    ShuttingDown,
    Violation,
    release,
)
from ringmain_server.identity.permissions import SCOPES
from ringmain_server.telemetry.observer import Observer

ServicerContext: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Validator = Callable[[Any], Sequence[Violation]]
ServeWhole = Callable[[Any, Call], Awaitable[Message]]
ServeStream = Callable[[Any, Call], AsyncGenerator[Message, None]]
Uploaded = Callable[[Any, AsyncIterator[bytes], Call], AsyncGenerator[Message, None]]
Serve = Callable[[Message | None, ServicerContext, Call], Awaitable[Message | None]]
"""Serves an admitted call: returns its answer, or the last event of the stream that it sent."""
Handle = Callable[[Message | None, ServicerContext], Awaitable[Message | None]]

_PUSHBACK_KEY = "grpc-retry-pushback-ms"
"""Trailer that controls retries: https://github.com/grpc/proposal/blob/master/A6-client-retries.md."""


def _nothing_unread() -> None:
    """Returns None, for requests of one message."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Binds servicers.

    Attributes:
        calls: The calls in flight.
        observer: Records how each call ended.
        validators: Maps the full name of a request's type to its rules.
        gate: Decides who may call.
        methods: The bound methods, such as `ringmain.v1.ChatService/Chat`.
        careful: Maps their paths to handlers that are reached before the message comes, which costs more.
        refusals: Maps the paths of all methods that need credentials to handlers that refuse a call before
            its message comes.
        discards: Reads on for callers whose uploads are refused.
    """

    calls: Calls
    observer: Observer
    validators: Mapping[str, Validator]
    gate: Gate = field(default_factory=Gate)
    methods: set[str] = field(default_factory=set)
    careful: dict[str, Handler] = field(default_factory=dict)
    refusals: dict[str, Handler] = field(default_factory=dict)
    discards: Discards = field(default_factory=Discards)

    def missed(self, path: str, seconds: float) -> None:
        """Records a call that ended before its message came, so no handler saw it: its caller left early.

        Args:
            path: The path of its method. Methods that are not bound here are ignored.
            seconds: How long it lasted.
        """
        method = path.removeprefix("/")
        if method in self.methods:
            call = self.calls.missed(method)
            self.observer.began(call, None)
            self.observer.cancelled(call, seconds)

    def bind(
        self, service: ServiceDescriptor, servicer: object, *, large: bool = False
    ) -> grpc.GenericRpcHandler:
        """Returns the gRPC handlers of a servicer, whose methods have the names of the service's.

        A method that the servicer does not have is not built yet: `Unserved` refuses it.

        Args:
            service: The service of the contract.
            servicer: The servicer.
            large: Whether requests and answers may have many megabytes, so that no request is kept beside its
                answer.
        """
        built = [method for method in service.methods if hasattr(servicer, method.name)]
        for method in built:
            name = f"{service.full_name}/{method.name}"
            self.methods.add(name)
            self.guard(name, uploads=method.client_streaming)
        handlers = {method.name: self._handler(method, servicer, large=large) for method in built}
        for method in built:
            if not method.client_streaming:
                careful = handlers[method.name] if large else self._handler(method, servicer, large=True)
                self.careful[f"/{service.full_name}/{method.name}"] = careful
        return grpc.method_handlers_generic_handler(service.full_name, handlers)

    def guard(self, method: str, *, uploads: bool = False) -> None:
        """Requires credentials for a method.

        Args:
            method: The method.
            uploads: Whether its callers send several messages.

        Raises:
            LookupError: It is not decided who may call it (`identity.permissions`).
        """
        if method not in SCOPES:
            raise LookupError(f"no scope is listed for {method}")

        async def handle(messages: AsyncIterator[bytes], context: ServicerContext) -> None:
            unread = messages if uploads else None
            await self._run(method, _never, None, context, unread=lambda: unread)

        # On the wire, a stream of one message is a message.
        self.refusals[f"/{method}"] = grpc.stream_stream_rpc_method_handler(handle)

    def refusal(self, method: str, error: RingmainError) -> Handler:
        """Returns a handler for one call, which it refuses before the message comes, whoever calls.

        Args:
            method: The method by which logs and metrics name the call.
            error: Why the call is refused.
        """

        def serve(_request: Message | None, _context: ServicerContext, _call: Call) -> NoReturn:
            raise error

        async def handle(_: AsyncIterator[bytes], context: ServicerContext) -> None:
            await self._run(method, serve, None, context, guarded=False)

        return grpc.stream_stream_rpc_method_handler(handle)

    async def permit(self, method: str, context: ServicerContext) -> None:
        """Checks that a caller may call a method that is not bound here. A refusal is recorded.

        Raises:
            RingmainError: The caller may not.
        """
        call = self.calls.missed(method)
        try:
            waiting = self.gate.admit(call, arrival(time.monotonic()).verdict, context)
            if waiting is not None:
                await waiting
        except RingmainError as exc:
            self.observer.began(call, None)
            self.observer.failed(call, exc, 0.0)
            exc.metadata["response_id"] = call.response_id
            raise

    def _handler(self, method: MethodDescriptor, servicer: object, *, large: bool) -> Handler:
        name = f"{method.containing_service.full_name}/{method.name}"
        target = getattr(servicer, method.name)
        validate = self.validators.get(method.input_type.full_name, _anything_goes)
        check = model_check(method.input_type)
        parse = parser(message_factory.GetMessageClass(method.input_type))
        serialize = message_factory.GetMessageClass(method.output_type).SerializeToString
        if method.client_streaming:
            config = method.input_type.fields_by_name["config"].message_type
            assert config is not None
            validate = self.validators.get(config.full_name, _anything_goes)
            upload = self._uploaded(name, target, validate, model_check(config))
            return grpc.stream_stream_rpc_method_handler(upload, parse, serialize)
        if method.server_streaming:
            streamed = self._handler_of(name, _serve_stream(target, validate, check))
            if large:
                return grpc.stream_stream_rpc_method_handler(self._reading(name, streamed), parse, serialize)
            return grpc.unary_stream_rpc_method_handler(streamed, parse, serialize)
        unary = self._handler_of(name, _serve_whole(target, validate, check))
        if large:
            return grpc.stream_unary_rpc_method_handler(self._reading(name, unary), parse, serialize)
        return grpc.unary_unary_rpc_method_handler(unary, parse, serialize)

    def _reading(self, method: str, handle: Handle) -> Any:
        """Makes a handler that reads its one message itself, as a stream's first; on the wire both are alike.

        gRPC keeps the bytes and the message that it reads for a handler until the answer is sent.
        """

        def refuse(_request: Message | None, _context: ServicerContext, _call: Call) -> NoReturn:
            raise Overloaded("too many calls wait for their messages, and this call's did not come")

        async def read(_: AsyncIterator[Message | None], context: ServicerContext) -> Message | None:
            try:
                # No name for the message: it would be kept here too.
                return await handle(await _first(context), context)
            except _MessageTooLate:
                return await self._run(method, refuse, None, context)

        return read

    def _handler_of(self, method: str, serve: Serve) -> Handle:
        # A coroutine function around `_run` would be resumed with it at each of a call's wake-ups.
        return partial(Edge._run, self, method, serve)

    def _uploaded(self, method: str, target: Uploaded, validate: Validator, check: CheckModels) -> Any:
        async def handle(messages: AsyncIterator[Message | None], context: ServicerContext) -> None:
            upload = UploadReader(messages, validate)

            async def serve(_: Message | None, context: ServicerContext, call: Call) -> Message | None:
                config = await upload.config()
                self.observer.named(call, config)
                check(config, call)
                return await _written(target(config, upload.chunks(), call), context)

            await self._run(method, serve, None, context, unread=upload.unread)

        return handle

    async def _run(
        self,
        method: str,
        serve: Serve,
        request: Message | None,
        context: ServicerContext,
        *,
        guarded: bool = True,
        unread: Callable[[], AsyncIterator[Any] | None] = _nothing_unread,
    ) -> Message | None:
        """Runs a call and ends it.

        Args:
            method: The method.
            serve: Serves the call once it is admitted.
            request: The request, None where it comes in several messages.
            context: The gRPC context.
            guarded: Whether the caller must be known and allowed to call the method.
            unread: Returns the messages that a refused caller may be sending, None where there are none.

        Returns:
            What `serve` returns; None once the status of a failure is sent.
        """
        # Not the loop's own time, which stands still within a turn of the loop; both count the same seconds.
        now = time.monotonic()
        note = arrival(now)
        start = note.came
        call = self.calls.begin(method, context, now, start)
        self.observer.began(call, request)
        error: RingmainError
        try:
            if self.calls.closed:
                await self.calls.refuse()
            if guarded and (waiting := self.gate.admit(call, note.verdict, context)) is not None:
                await waiting
            self.calls.admit(note.waited)
            try:
                result = await serve(request, context, call)
            finally:
                self.calls.limit.release(time.monotonic() - now)
        except asyncio.CancelledError as exc:
            cancelled = self._cancelled(call, exc)
            if cancelled is None:
                self.observer.cancelled(call, time.monotonic() - start)
                raise
            error = cancelled
        except RingmainError as exc:
            error = exc
        except Exception as exc:  # noqa: BLE001 - the edge is where unknown exceptions end
            error = self._unknown(call, exc)
        else:
            self.observer.succeeded(call, result, time.monotonic() - start)
            return result
        finally:
            self.calls.end(call)
        self.observer.failed(call, error, time.monotonic() - start)
        release(error)
        if not isinstance(error, ShuttingDown):  # then there is no time
            await self.discards(unread())
        await _refuse(context, error, call)
        return None

    def _cancelled(self, call: Call, exc: asyncio.CancelledError) -> RingmainError | None:
        """Returns the error for a call whose task was cancelled; None if its caller has left."""
        if (evicted := self.calls.evicted(call)) is not None:
            _forget_cancellation()
            return evicted
        if call in self.calls.deadlines.passed and _forget_cancellation():
            return DeadlineExceeded("the deadline passed")
        if _cancellation_asked():
            return None
        # Nobody cancelled this task: raised on, it would leave the caller without a status.
        return self._unknown(call, exc)

    def _unknown(self, call: Call, exc: BaseException) -> RingmainError:
        error = caller_error(exc)
        if isinstance(error, Internal):
            self.observer.crashed(call, exc)
        release(exc)
        return error


class _MessageTooLate(Exception):
    """The call was ended because its message did not come."""


async def _first(context: ServicerContext) -> Message | None:
    try:
        message = await context.read()
    except asyncio.CancelledError:
        if too_late() and _forget_cancellation():
            raise _MessageTooLate from None
        raise
    return message if isinstance(message, Message) else None


async def _refuse(context: ServicerContext, error: RingmainError, call: Call) -> None:
    """Sends the status that a call ends with; after that, the handler returns and gRPC sends nothing more."""
    status = caller_status(error, call.response_id)
    trailers: tuple[tuple[str, str | bytes], ...] = ((DETAILS_KEY, status.SerializeToString()),)
    if error.code is grpc.StatusCode.UNAVAILABLE and not isinstance(error, ShuttingDown):
        # Every candidate was tried already: a caller's gRPC library must not multiply that at once.
        trailers += ((_PUSHBACK_KEY, "-1"),)
    try:
        # `set_code` would send an empty answer before the status, after which no caller's library retries.
        await context.abort(error.code, status.message, trailers)
    except grpc.aio.AbortError as exc:
        # gRPC keeps it beside the context: the frames that it went through would keep the request.
        release(exc)
    except grpc.aio.InternalError as exc:
        # The caller has left meanwhile: gRPC says no more than that a batch failed.
        release(exc)


def _never(_request: Message | None, _context: ServicerContext, _call: Call) -> NoReturn:
    raise AssertionError("a call was refused and served all the same")


def _serve_whole(target: ServeWhole, validate: Validator, check: CheckModels) -> Serve:
    def serve(request: Message | None, _: ServicerContext, call: Call) -> Awaitable[Message]:
        if request is None:
            raise unparsed()
        if call.allowed_models:
            check(request, call)
        if violations := validate(request):
            raise _broken(violations)
        return target(request, call)

    return serve


def _serve_stream(target: ServeStream, validate: Validator, check: CheckModels) -> Serve:
    def serve(request: Message | None, context: ServicerContext, call: Call) -> Awaitable[Message | None]:
        if request is None:
            raise unparsed()
        if call.allowed_models:
            check(request, call)
        if violations := validate(request):
            raise _broken(violations)
        return _written(target(request, call), context)

    return serve


async def _written(stream: AsyncGenerator[Message, None], context: ServicerContext) -> Message | None:
    """Sends the events of a stream and returns the last one, None where there was none."""
    event: Message | None = None
    async with aclosing(stream) as events:
        async for event in events:
            await context.write(event)
    return event


def _broken(violations: Sequence[Violation]) -> InvalidField:
    """Returns the error for a request that breaks rules."""
    of_media = all(violation.of_media for violation in violations)
    return MediaInvalid(violations) if of_media else InvalidField(violations)


def _anything_goes(_: Message) -> Sequence[Violation]:
    return ()


def _cancellation_asked() -> bool:
    """Whether somebody cancelled this task, as gRPC does when the caller leaves."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _forget_cancellation() -> bool:
    """Lets the task go on to send a status after the gateway itself cancelled it.

    Returns:
        Whether nobody else cancelled it too.
    """
    task = asyncio.current_task()
    return task is None or task.uncancel() == 0
