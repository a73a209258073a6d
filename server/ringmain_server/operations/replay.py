"""Room 3, pure: how a repeated request is recognized, and how its answer is given again."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message

from ringmain_server.operations.base import Replay, unhurried

LARGE = 32 << 20
"""The most bytes of an answer with media that can be given again."""
_LENGTH = 4
"""The bytes of the number in front of each event of a serialized stream."""

Req = TypeVar("Req")
ResT = TypeVar("ResT", bound=Message)
EventT = TypeVar("EventT", bound=Message)


def _request_id(request: Any) -> str:
    found: str = request.request_id
    return found


def essence(request: Any, digest: bytes = b"") -> bytes:
    """Returns the bytes of a request without what may differ between repeats. See `Replay.essence`.

    Args:
        request: The request, or the configuration of an upload.
        digest: A hash of the uploaded bytes, always of the same length for one type of request.
    """
    bare: Any = type(request)()
    bare.CopyFrom(request)
    for name in ("request_id", "attribution", "routing_policy"):
        bare.ClearField(name)
    policy = unhurried(request.routing_policy)
    if policy is not None:
        bare.routing_policy.CopyFrom(policy)
    name = request.DESCRIPTOR.full_name.encode()
    return b"".join((name, b"\0", digest, bare.SerializeToString(deterministic=True)))


def whole(response: type[ResT]) -> Replay[Any, ResT, ResT]:
    """Returns how the answers of an operation are given again that are only ever whole.

    Args:
        response: The type of its responses.
    """
    return Replay(
        request_id=_request_id,
        essence=essence,
        fold=_only,
        unfold=lambda answer: (answer,),
        serialize=response.SerializeToString,
        parse=response.FromString,
        event_size=response.ByteSize,
        keep=LARGE,
    )


def streamed(
    event: type[EventT],
    *,
    request_id: Callable[[Req], str] = _request_id,
    essence: Callable[[Req], bytes] = essence,
) -> Replay[Req, Sequence[EventT], EventT]:
    """Returns how the answers of an operation are given again that only come in events.

    Args:
        event: The type of its events.
        request_id: See `Replay.request_id`.
        essence: See `Replay.essence`.
    """
    return Replay(
        request_id=request_id,
        essence=essence,
        fold=list,
        unfold=list,
        serialize=_joined,
        parse=lambda body: _cut(body, event),
        event_size=event.ByteSize,
        keep=LARGE,
    )


def _only(answers: Iterable[ResT]) -> ResT:
    (answer,) = answers
    return answer


def _joined(events: Sequence[Message]) -> bytes:
    bodies = [event.SerializeToString() for event in events]
    return b"".join(piece for body in bodies for piece in (len(body).to_bytes(_LENGTH, "big"), body))


def _cut(body: bytes, event: type[EventT]) -> Sequence[EventT]:
    view, events, at = memoryview(body), [], 0
    while at < len(view):
        start = at + _LENGTH
        at = start + int.from_bytes(view[at:start], "big")
        events.append(event.FromString(bytes(view[start:at])))
    return events
