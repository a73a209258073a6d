"""Room 3, pure: folds the events of a chat into the whole answer, and unfolds an answer into events."""

from collections.abc import Iterable, Iterator, Sequence

from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1.content_pb2 import ROLE_ASSISTANT, Part

DATA_LIMIT = 256 * 1024
"""The most bytes of a medium in one event, as the contract promises (`PartDelta.data`)."""

_TEXTS = frozenset({"text", "reasoning_text", "arguments_json"})
_BYTES = frozenset({"signature", "data"})


def fold(events: Iterable[chat_pb2.ChatEvent]) -> chat_pb2.ChatResponse:
    """Returns the response that a stream of events amounts to.

    Args:
        events: The events in order, `finished` included. A `recovered` event that discards content starts
            anew.

    Returns:
        The response; its finish reason is unspecified if the events never finished.
    """
    response = chat_pb2.ChatResponse()
    response.message.role = ROLE_ASSISTANT
    parts: dict[int, Part] = {}
    deltas: dict[int, list[chat_pb2.PartDelta]] = {}
    for event in events:
        match event.WhichOneof("event"):
            case "part_delta":
                deltas.setdefault(event.part_delta.index, []).append(event.part_delta)
            case "part_started":
                parts[event.part_started.index] = event.part_started.part
            case "finished":
                _finish(response, event.finished)
            case "started":
                response.response_id = event.started.response_id
            case "recovered" if event.recovered.content_discarded:
                parts.clear()
                deltas.clear()
    for index in sorted(parts):
        part = response.message.parts.add()
        part.MergeFrom(parts[index])
        if index in deltas:
            _append(part, deltas[index])
    return response


def _finish(response: chat_pb2.ChatResponse, finished: chat_pb2.ChatFinished) -> None:
    response.finish_reason = finished.finish_reason
    response.safety_ratings.extend(finished.safety_ratings)
    if finished.HasField("usage"):
        response.usage.MergeFrom(finished.usage)
    if finished.HasField("route"):
        response.route.MergeFrom(finished.route)


def unfold(response: chat_pb2.ChatResponse) -> list[chat_pb2.ChatEvent]:
    """Returns the events of a response. `fold` inverts it."""
    started = chat_pb2.ChatStarted(
        response_id=response.response_id,
        provider_id=response.route.provider_id,
        provider_model=response.route.provider_model,
    )
    events = [chat_pb2.ChatEvent(started=started)]
    for index, part in enumerate(response.message.parts):
        events += _unfold_part(index, part)
        events.append(chat_pb2.ChatEvent(part_finished=chat_pb2.PartFinished(index=index)))
    finished = chat_pb2.ChatFinished(
        finish_reason=response.finish_reason, safety_ratings=response.safety_ratings
    )
    if response.response_id:
        finished.response_id = response.response_id
    if response.HasField("usage"):
        finished.usage.CopyFrom(response.usage)
    if response.HasField("route"):
        finished.route.CopyFrom(response.route)
    events.append(chat_pb2.ChatEvent(finished=finished))
    return events


def _unfold_part(index: int, part: Part) -> Iterator[chat_pb2.ChatEvent]:
    data = part.media.data
    if len(data) <= DATA_LIMIT:
        yield chat_pb2.ChatEvent(part_started=chat_pb2.PartStarted(index=index, part=part))
        return
    event = chat_pb2.ChatEvent(part_started=chat_pb2.PartStarted(index=index, part=part))
    event.part_started.part.media.data = b""
    yield event
    yield from media_deltas(index, data)


def media_deltas(index: int, data: bytes) -> Sequence[chat_pb2.ChatEvent]:
    """Returns the events that bring the bytes of a medium, none of them larger than `DATA_LIMIT`."""
    return [
        chat_pb2.ChatEvent(part_delta=chat_pb2.PartDelta(index=index, data=data[start : start + DATA_LIMIT]))
        for start in range(0, len(data), DATA_LIMIT)
    ]


def grow(part: Part, kind: str, piece: str) -> None:
    """Appends text to the field of a part that a delta of `kind` grows."""
    if not piece:
        return
    if kind == "text":
        part.text += piece
    elif kind == "reasoning_text":
        part.reasoning.text += piece
    elif part.HasField("provider_tool_call"):
        part.provider_tool_call.arguments_json += piece
    else:
        part.tool_call.arguments_json += piece


def _append(part: Part, deltas: Iterable[chat_pb2.PartDelta]) -> None:
    """Appends all deltas of a part. Pieces are joined once, because each appending copies the whole text."""
    pieces: dict[str, list[str]] = {}
    blobs: dict[str, list[bytes]] = {}
    for delta in deltas:
        kind = delta.WhichOneof("delta")
        if kind in _BYTES:
            blobs.setdefault(kind, []).append(getattr(delta, kind))
        elif kind in _TEXTS:
            pieces.setdefault(kind, []).append(getattr(delta, kind))
        elif kind is not None:
            _add(part, kind, delta)
        if delta.logprobs:
            part.logprobs.extend(delta.logprobs)
        if delta.provider_id:
            part.provider_id = delta.provider_id
    for grown, texts in pieces.items():
        grow(part, grown, "".join(texts))
    if "signature" in blobs:
        part.signature += b"".join(blobs["signature"])
    if "data" in blobs:
        part.media.data += b"".join(blobs["data"])


def _add(part: Part, kind: str, delta: chat_pb2.PartDelta) -> None:
    """Adds what comes whole in a delta."""
    if kind == "citation":
        part.citations.append(delta.citation)
    elif kind == "result":
        part.provider_tool_call.results.append(delta.result)
    else:
        part.provider_tool_call.failed = delta.failed
