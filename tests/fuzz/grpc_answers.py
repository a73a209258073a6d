"""Tests, fuzz: an upstream of Vertex AI's wire that answers with any bytes and any status."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import grpc
import grpc.aio
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from ringmain_server.providers.vertex import wire

from tests.fakes.vertex_server import SERVICE, UTILITY
from tests.fuzz import trees, values
from tests.fuzz.judge import KEY

if TYPE_CHECKING:
    from tests.fuzz.cases import Case

_KINDS: dict[str, Any] = {
    "GenerateContent": wire.GenerateContentResponse,
    "StreamGenerateContent": wire.GenerateContentResponse,
    "Predict": wire.PredictResponse,
    "EmbedContent": wire.EmbedContentResponse,
    "CountTokens": wire.CountTokensResponse,
}
_TEXTS = (
    "Quota exceeded",
    "Resource has been exhausted",
    "",
    "x" * 5000,
    f"key {KEY} of http://127.0.0.1/x",
    "\u202e\u00e9",
    "policy",
)
CODES = tuple(code for code in grpc.StatusCode if code is not grpc.StatusCode.OK)


@dataclass(slots=True)
class Script:
    """What a call gets.

    Attributes:
        answers: Messages as bytes.
        code: The status, None for OK.
        details: Its text.
        trailers: Beside it.
        hangs: Whether the end never comes.
    """

    answers: Sequence[bytes]
    code: grpc.StatusCode | None = None
    details: str = ""
    trailers: tuple[tuple[str, bytes | str], ...] = ()
    hangs: bool = False
    told: list[str] = field(default_factory=list)


UNKNOWN = Script([], grpc.StatusCode.NOT_FOUND, "no such case")


class GrpcUpstream:
    """A server on a loopback port, for as long as its context lasts.

    Args:
        script: What a call gets, by its method and its request's bytes.
    """

    def __init__(self, script: Callable[[str, bytes], Script]) -> None:
        self.port = 0
        self._script = script
        self._server: grpc.aio.Server | None = None

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = grpc.aio.server(
            options=[("grpc.so_reuseport", 0), ("grpc.max_send_message_length", -1)]
        )
        handlers = {name: self._handler(name) for name in _KINDS}
        for service in (SERVICE, UTILITY):
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        await self._server.stop(0)

    def _handler(self, name: str) -> "grpc.RpcMethodHandler[Any, Any]":
        async def whole(request: bytes, context: Any) -> bytes:
            script = self._script(name, request)
            await _end(script, context)
            return script.answers[0] if script.answers else b""

        async def streamed(request: bytes, context: Any) -> AsyncIterator[bytes]:
            script = self._script(name, request)
            for answer in script.answers:
                yield answer
            await _end(script, context)

        if name.startswith("Stream"):
            return grpc.unary_stream_rpc_method_handler(streamed)
        return grpc.unary_unary_rpc_method_handler(whole)


async def _end(script: Script, context: Any) -> None:
    if script.hangs:
        await asyncio.Event().wait()
    if script.code is not None:
        await context.abort(script.code, script.details, script.trailers)


def golden(method: str, content: Any) -> Script:
    """A good answer: a document, or those of a stream."""
    documents = content if isinstance(content, list) else [content]
    return Script([_message(method, one).SerializeToString() for one in documents])


def _message(method: str, document: Any) -> Message:
    found: Message = ParseDict(document, _KINDS[method](), ignore_unknown_fields=True)
    return found


def odd(case: "Case", method: str, content: Any) -> Script:
    """An answer with something done to it; the case is told what."""
    rng = case.rng
    documents = content if isinstance(content, list) else [content]
    made = [_message(method, one) for one in documents]
    fate = case.fate
    if fate < 0.12:
        case.truncated = case.fails = True
        script = _refusal(rng, case.code, made)
    elif fate < 0.3:
        at = rng.randrange(len(made) + 1)
        script = Script(
            [one.SerializeToString() for one in made[:at]], told=[f"first {at} of {len(made)} messages"]
        )
        script.hangs = rng.random() < 0.2
        case.truncated = not any(map(_ends, made[:at])) and method.endswith("GenerateContent")
    elif fate < 0.7:
        one = rng.choice(made)
        told = trees.changed(rng, one)
        script = Script([one.SerializeToString() for one in made], told=told)
    elif fate < 0.85:
        raw = [one.SerializeToString() for one in made]
        at = rng.randrange(len(raw))
        raw[at] = values.broken(rng, raw[at])
        script = Script(raw, told=[f"broken bytes of message {at}"])
    else:
        rng.shuffle(made)
        made += rng.choices(made, k=rng.randrange(4))
        script = Script([one.SerializeToString() for one in made], told=["shuffled and repeated"])
    case.told += [f"{method}: {', '.join(script.told)}"]
    return script


def _refusal(rng: random.Random, code: grpc.StatusCode, made: Sequence[Message]) -> Script:
    trailers: list[tuple[str, bytes | str]] = []
    if rng.random() < 0.5:
        trailers.append(("grpc-status-details-bin", values.raw(rng, 100)))
    if rng.random() < 0.3:
        trailers.append(
            (
                rng.choice(("retry-after", "grpc-retry-pushback-ms")),
                rng.choice(("soon", "-1", "9" * 30, "NaN")),
            )
        )
    before = made[: rng.randrange(len(made))] if rng.random() < 0.5 else []
    details = rng.choice(_TEXTS)
    return Script(
        [one.SerializeToString() for one in before],
        code,
        details,
        tuple(trailers),
        told=[f"{code.name} {details[:30]!r} after {len(before)}"],
    )


def _ends(message: Any) -> bool:
    feedback = message.HasField("prompt_feedback") if hasattr(message, "prompt_feedback") else False
    return feedback or any(one.finish_reason for one in getattr(message, "candidates", ()))
