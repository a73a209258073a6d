"""Tests, fakes: a wire-true Vertex AI that does what scripts tell it, over gRPC on loopback.

The script of a request is the next of the queue, else the one given for its model, else the behaviour that
its model names, else the default. As its own process: `python -m tests.fakes.vertex_server --port 9803`; it
prints its port.
"""

import argparse
import asyncio
import functools
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import grpc.aio
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.json_format import MessageToDict, ParseDict
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status as RpcStatus
from ringmain_server.providers.vertex import wire

from tests.fakes.vertex_behaviours import behaviour
from tests.fakes.vertex_media import VECTOR, embedded, predictions, usual_for, vector
from tests.fakes.vertex_media_rules import predict_refusal, routing_refusal
from tests.fakes.vertex_relay import Relay
from tests.fakes.vertex_rules import refusal
from tests.fakes.vertex_script import HELLO, Answer, Fault, Flap, Script, Status, text, whole
from tests.fakes.waiting import LIMIT

SERVICE = "google.cloud.aiplatform.v1.PredictionService"
UTILITY = "google.cloud.aiplatform.v1.LlmUtilityService"
TOKEN = " word"
TOKEN_COUNT = 64
BENCH_DIMENSIONS = 1536

Context = grpc.aio.ServicerContext[Any, Any]
Request = wire.GenerateContentRequest | wire.CountTokensRequest
Recorded = Request | wire.PredictRequest | wire.EmbedContentRequest


@dataclass(slots=True)
class Received:
    """A call that arrived, and what became of it. Times are `time.monotonic()`.

    Attributes:
        method: The method's name.
        message: What was sent.
        metadata: By name.
        at: When it had arrived.
        cancelled_at: When the client gave up, None if it did not.
        answered: Whether the script came to its end.
    """

    method: str
    message: Any
    metadata: Mapping[str, Any]
    at: float
    cancelled_at: float | None = None
    answered: bool = False
    _ended: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Notes whether the script comes to its end, rather than that the client gives up."""
        try:
            yield
        except grpc.aio.AbortError:
            self.answered = True
            raise
        self.answered = True

    def end(self) -> None:
        """Notes that the call has ended."""
        if not self.answered:
            self.cancelled_at = time.monotonic()
        self._ended.set()

    async def ended(self, *, within: float = LIMIT) -> None:
        """Waits until the call has ended.

        Raises:
            TimeoutError: It still runs after `within` seconds.
        """
        async with asyncio.timeout(within):
            await self._ended.wait()


class FakeVertex:
    """A scripted upstream on a loopback port, for as long as its context lasts."""

    def __init__(
        self, default: Script = HELLO, *, models: Mapping[str, Script] | None = None, port: int = 0
    ) -> None:
        """Describes the upstream; entering the context starts it.

        Args:
            default: The script for requests that nothing else has a script for.
            models: Scripts by the name of the model that is asked for.
            port: The port to listen on; 0 takes a free one.
        """
        self.default = default
        self.models = dict(models or {})
        self.requests: list[Received] = []
        self.port = port
        self.relay: Relay | None = None
        self._queue: deque[Script] = deque()
        self._counts: dict[str, int] = {}
        self._arrived = asyncio.Condition()
        self._server: grpc.aio.Server | None = None

    @property
    def endpoint(self) -> str:
        """What a client calls its endpoint."""
        return f"127.0.0.1:{self.port}"

    def enqueue(self, *scripts: Script) -> None:
        """Sets the scripts for the next requests, one each; afterwards the others count again."""
        self._queue.extend(scripts)

    async def received(self, count: int = 1, *, within: float = LIMIT) -> Received:
        """Waits for the `count`-th request, counted from 1, and returns it.

        Raises:
            TimeoutError: It has not arrived after `within` seconds.
        """
        async with asyncio.timeout(within), self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= count)
        return self.requests[count - 1]

    async def __aenter__(self) -> Self:
        self._server = grpc.aio.server(
            options=[("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)]
        )
        self._server.add_generic_rpc_handlers(self._handlers())
        inner = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self.relay = await Relay(inner, self.port).__aenter__()
        self.port = self.relay.port
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        assert self.relay is not None
        await self.relay.__aexit__(None, None, None)
        await self._server.stop(0)

    def _handlers(self) -> tuple[grpc.GenericRpcHandler, grpc.GenericRpcHandler]:
        generate, count = wire.GenerateContentRequest.FromString, wire.CountTokensRequest.FromString
        prediction: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            "GenerateContent": grpc.unary_unary_rpc_method_handler(self._generate, generate),
            "StreamGenerateContent": grpc.unary_stream_rpc_method_handler(self._stream, generate),
            "Predict": grpc.unary_unary_rpc_method_handler(self._predict, wire.PredictRequest.FromString),
            "EmbedContent": grpc.unary_unary_rpc_method_handler(
                self._embed, wire.EmbedContentRequest.FromString
            ),
        }
        utility: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            "CountTokens": grpc.unary_unary_rpc_method_handler(self._count, count)
        }
        return (
            grpc.method_handlers_generic_handler(SERVICE, prediction),
            grpc.method_handlers_generic_handler(UTILITY, utility),
        )

    async def _generate(self, request: wire.GenerateContentRequest, context: Context) -> bytes:
        received = await self._record("GenerateContent", request, context)
        with received.answering():
            script = await self._taken(request, received, context)
            return await self._whole(script, context)

    async def _predict(self, request: wire.PredictRequest, context: Context) -> bytes:
        received = await self._record("Predict", request, context)
        with received.answering():
            model = request.endpoint.rpartition("/")[2]
            instances = [dict(MessageToDict(one)) for one in request.instances]
            parameters = MessageToDict(request.parameters)
            await self._refused(routing_refusal("endpoint", request.endpoint, received.metadata), context)
            await self._refused(predict_refusal(model, instances, parameters), context)
            script = await self._script(model, context)
            found = predictions(instances, parameters) if script.predictions is None else script.predictions
            return await self._plain(script, _response(found), context)

    async def _embed(self, request: wire.EmbedContentRequest, context: Context) -> bytes:
        received = await self._record("EmbedContent", request, context)
        with received.answering():
            await self._refused(routing_refusal("model", request.model, received.metadata), context)
            script = await self._script(request.model.rpartition("/")[2], context)
            text = request.content.parts[0].text
            response = wire.EmbedContentResponse()
            size = request.embed_content_config.output_dimensionality or VECTOR
            response.embedding.values.extend(vector(text, size))
            response.usage_metadata.prompt_token_count = len(text)
            return await self._plain(script, response.SerializeToString(), context)

    async def _plain(self, script: Answer, usual: bytes, context: Context) -> bytes:
        """An answer that no message of a model holds, broken as the script says."""
        if script.fault is None:
            await asyncio.sleep(script.pace.headers + script.pace.first)
            return usual
        return await self._whole(script, context)

    async def _refused(self, wrong: str | None, context: Context) -> None:
        if wrong is not None:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, wrong)

    async def _whole(self, script: Answer, context: Context) -> bytes:
        await asyncio.sleep(script.pace.headers + script.pace.first + script.pace.each * len(script.messages))
        match script.fault:
            case Fault.HANG:
                await asyncio.Event().wait()
            case Fault.RESET:
                self._reset()
            case Fault.EMPTY:
                return b""
            case Fault.GIANT:
                return _giant(script.size)
            case Fault.MALFORMED:
                return b"\xff\xff"
            case Fault.CUT | Fault.FAILS_AT_END:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "The service is currently unavailable.")
            case Fault.NO_FINISH:
                return whole(script.messages[: script.after]).SerializeToString()
        return whole(script.messages).SerializeToString()

    async def _stream(self, request: wire.GenerateContentRequest, context: Context) -> AsyncIterator[bytes]:
        received = await self._record("StreamGenerateContent", request, context)
        with received.answering():
            script = await self._taken(request, received, context)
            async for data in self._messages(script, context):
                yield data

    async def _messages(self, script: Answer, context: Context) -> AsyncIterator[bytes]:
        await asyncio.sleep(script.pace.headers)
        if script.fault is Fault.HANG:
            await asyncio.Event().wait()
        await context.send_initial_metadata(())
        if script.fault is Fault.EMPTY:
            return
        messages = script.messages[: script.after] if script.fault else script.messages
        messages = script.messages if script.fault is Fault.FAILS_AT_END else messages
        for index, message in enumerate(messages):
            await asyncio.sleep(script.pace.each if index else script.pace.first)
            yield message.SerializeToString()
        async for data in self._break(script, context):
            yield data

    async def _break(self, script: Answer, context: Context) -> AsyncIterator[bytes]:
        match script.fault:
            case Fault.STALL:
                await asyncio.Event().wait()
            case Fault.CUT:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "The service is currently unavailable.")
            case Fault.FAILS_AT_END:
                await context.abort(grpc.StatusCode.INTERNAL, "Internal error encountered.")
            case Fault.RESET:
                self._reset()
            case Fault.GIANT:
                yield _giant(script.size)
            case Fault.MALFORMED:
                yield b"\xff\xff"
            case Fault.ENDLESS:
                while True:
                    yield script.messages[0].SerializeToString()

    async def _count(self, request: wire.CountTokensRequest, context: Context) -> bytes:
        received = await self._record("CountTokens", request, context)
        with received.answering():
            await self._refuse(request, received, context)
        texts = [part.text for content in request.contents for part in content.parts]
        total = sum(len(found) // 4 + 1 for found in texts)
        return wire.CountTokensResponse(total_tokens=total).SerializeToString()

    async def _record(self, method: str, request: Recorded, context: Context) -> Received:
        metadata = dict(context.invocation_metadata() or ())
        received = Received(method, request, metadata, time.monotonic())
        context.add_done_callback(lambda _: received.end())  # type: ignore[arg-type]
        self.requests.append(received)
        async with self._arrived:
            self._arrived.notify_all()
        return received

    async def _taken(
        self, request: wire.GenerateContentRequest, received: Received, context: Context
    ) -> Answer:
        """The script of a call; one that has no answer ends the call."""
        await self._refuse(request, received, context)
        script = await self._script(request.model.rpartition("/")[2], context)
        return usual_for(request) or script if script is HELLO else script

    async def _script(self, model: str, context: Context) -> Answer:
        script = self._script_for(model)
        if isinstance(script, Status):
            await self._end(script, context)
        assert isinstance(script, Answer)
        return script

    async def _refuse(self, request: Request, received: Received, context: Context) -> None:
        await self._refused(refusal(request, received.metadata), context)

    async def _end(self, status: Status, context: Context) -> None:
        packed = []
        for detail in status.details:
            packed.append(Packed())
            packed[-1].Pack(detail)
        rpc = RpcStatus(code=Code.Value(status.code.name), message=status.message, details=packed)
        trailers = (("grpc-status-details-bin", rpc.SerializeToString()),) if packed else ()
        await context.abort(status.code, status.message, trailing_metadata=trailers)

    def _script_for(self, model: str) -> Answer | Status:
        if self._queue:
            script = self._queue.popleft()
        else:
            script = self.models.get(model) or behaviour(model) or self.default
        if not isinstance(script, Flap):
            return script
        count = self._counts.get(model, 0)
        self._counts[model] = count + 1
        return script.at(count)

    def _reset(self) -> None:
        assert self.relay is not None
        self.relay.reset()


def _response(found: Sequence[Mapping[str, object]]) -> bytes:
    document = {"predictions": list(found)}
    return bytes(ParseDict(document, wire.PredictResponse()).SerializeToString())


def _giant(size: int) -> bytes:
    found = text("").messages[0]
    found.candidates[0].content.parts[0].text = "x" * size
    return found.SerializeToString()


# --- an upstream for benchmarks -------------------------------------------------------------------------

_SHAPE = re.compile(r"burst-(?P<burst>\d+)|paced-(?P<paced>\d+)-(?P<ms>\d+)")


@functools.cache
def _rendered(model: str) -> tuple[tuple[bytes, ...], float]:
    """The messages of a stream as bytes, and the seconds between two of them."""
    shape = _SHAPE.fullmatch(model)
    count = int((shape["burst"] or shape["paced"]) if shape else TOKEN_COUNT)
    found = text(*(TOKEN,) * count, usage={"promptTokenCount": 12, "candidatesTokenCount": count})
    gap = int(shape["ms"] or 0) / 1000 if shape else 0.0
    return tuple(message.SerializeToString() for message in found.messages), gap


async def _bench_stream(request: wire.GenerateContentRequest, _context: Context) -> AsyncIterator[bytes]:
    messages, gap = _rendered(request.model.rpartition("/")[2])
    due = time.monotonic()
    for message in messages:
        if gap:
            due += gap
            await asyncio.sleep(due - time.monotonic())
        yield message


async def bench_server(port: int = 0) -> tuple[grpc.aio.Server, int]:
    """An upstream that costs next to nothing: started, with its port.

    The model's name says what a stream does: `burst-N` N tokens at once, `paced-N-MS` one every MS
    milliseconds, any other 64 at once. Whole answers have 64 tokens, vectors 1,536 numbers.
    """
    answer = whole(text(*(TOKEN,) * TOKEN_COUNT).messages).SerializeToString()
    prediction = _response([embedded("some words", BENCH_DIMENSIONS)])

    async def generate(_request: bytes, _context: Context) -> bytes:
        return answer

    async def predict(request: wire.PredictRequest, _context: Context) -> bytes:
        # Messages one after the other are one message with what all of them repeat.
        return prediction * len(request.instances)

    server = grpc.aio.server(options=[("grpc.http2.bdp_probe", 0)])
    methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "GenerateContent": grpc.unary_unary_rpc_method_handler(generate),
        "Predict": grpc.unary_unary_rpc_method_handler(predict, wire.PredictRequest.FromString),
        "StreamGenerateContent": grpc.unary_stream_rpc_method_handler(
            _bench_stream, wire.GenerateContentRequest.FromString
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    return server, bound


async def _serve(port: int, *, bench: bool) -> None:
    if bench:
        server, bound = await bench_server(port)
        print(bound, flush=True)
        await server.wait_for_termination()
    async with FakeVertex(port=port) as upstream:
        print(upstream.port, flush=True)
        await asyncio.get_running_loop().create_future()


def main() -> None:
    """Serves every behaviour until it is interrupted, and prints the port when it listens."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--bench", action="store_true", help="serve cheap answers without any behaviour")
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options.port, bench=options.bench))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
