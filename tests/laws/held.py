"""Tests, laws: what of ended calls is still there, without a garbage collector that would tidy up.

A caller that sends and reads bytes keeps no message itself, so that every message found is the gateway's.
"""

import asyncio
import gc
import types
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import ringmain_server
from google.protobuf.message import Message

_OURS = str(Path(ringmain_server.__file__).parent)
_PATIENCE = 3.0
"""Seconds for what calls left behind to end by itself, such as a connection that is being closed."""


class BytesChannel:
    """A channel whose calls turn requests into bytes before gRPC sees them; for generated stubs.

    Args:
        channel: Where the bytes go.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    def unary_unary(self, path: str, request_serializer: Any, **_: object) -> Callable[..., Any]:
        call: Any = self._channel.unary_unary(path)
        return lambda request, **options: call(request_serializer(request), **options)

    def unary_stream(self, path: str, request_serializer: Any, **_: object) -> Callable[..., Any]:
        call: Any = self._channel.unary_stream(path)
        return lambda request, **options: call(request_serializer(request), **options)

    def stream_stream(self, path: str, request_serializer: Any, **_: object) -> Callable[..., Any]:
        call: Any = self._channel.stream_stream(path)
        return lambda requests, **options: call(
            iter([request_serializer(one) for one in requests]), **options
        )


@contextmanager
def uncollected() -> Iterator[None]:
    """Without a garbage collector; only what is made meanwhile is looked at afterwards."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
        gc.collect()


async def ended(call: Any) -> str:
    """The name of the status that a call ends with, whatever it brought."""
    try:
        if hasattr(call, "__aiter__"):
            async for _ in call:
                pass
        else:
            await call
    except grpc.aio.AioRpcError as exc:
        return exc.code().name
    except asyncio.CancelledError:
        return "CANCELLED"
    return "OK"


async def left() -> Mapping[str, int]:
    """What ended calls still hold, by name; waits a while until there is nothing."""
    for _ in range(int(_PATIENCE / 0.1)):
        found = _held(gc.get_objects())
        if not found:
            break
        await asyncio.sleep(0.1)
    return found


def _held(objects: Iterable[object]) -> Counter[str]:
    return Counter(name for one in objects if (name := _name(one)))


def _name(one: object) -> str:
    """What a message, a frame or an unfinished coroutine of the gateway is called; empty for all else."""
    match one:
        case types.FrameType():
            return _of_code("frame", one.f_code)
        case types.CoroutineType():
            return _of_code("coroutine", one.cr_code)
        case types.AsyncGeneratorType():
            return _of_code("generator", one.ag_code)
        case types.GeneratorType():
            return _of_code("generator", one.gi_code)
        case BaseException() if one.__traceback__ is not None:
            return _of_code(f"exception {type(one).__name__}", one.__traceback__.tb_frame.f_code)
    if isinstance(one, Message) and one.DESCRIPTOR.file.package == "ringmain.v1":
        return f"{type(one).__name__} {getattr(one, 'model', '')}"
    return ""


def _of_code(kind: str, code: types.CodeType) -> str:
    return f"{kind} {code.co_qualname}" if code.co_filename.startswith(_OURS) else ""
