"""Room 3, pure: drawn images as events, and events as whole answers."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias, TypeVar

from ringmain.v1 import image_service_pb2 as image_pb2

PIECE = 256 << 10
"""The most bytes of one chunk, by the contract."""

Drawn: TypeAlias = image_pb2.GenerateImagesResponse | image_pb2.EditImagesResponse
DrawnT = TypeVar("DrawnT", image_pb2.GenerateImagesResponse, image_pb2.EditImagesResponse)


def chunks(index: int, mime_type: str, data: bytes) -> Iterator[image_pb2.ImageEvent]:
    """Yields the bytes of a finished image in pieces: at least one, of which the last is marked.

    Args:
        index: The position of the image, from 0.
        mime_type: Its media type.
        data: Its bytes.
    """
    view = memoryview(data)
    for start in range(0, max(len(view), 1), PIECE):
        end = start + PIECE
        chunk = image_pb2.ImageChunk(
            image_index=index,
            mime_type="" if start else mime_type,
            data=bytes(view[start:end]),
            last=end >= len(view),
        )
        yield image_pb2.ImageEvent(chunk=chunk)


def pieces(response: Drawn) -> Iterator[image_pb2.ImageEvent]:
    """Yields the events of a whole answer after `started`: every image's bytes, then `finished`."""
    for index, image in enumerate(response.images):
        yield from chunks(index, image.media.mime_type, image.media.data)
    finished = image_pb2.ImageFinished(response_id=response.response_id)
    for index, image in enumerate(response.images):
        finished.images.add(image_index=index, revised_prompt=image.revised_prompt, note=image.note)
    if response.HasField("usage"):
        finished.usage.CopyFrom(response.usage)
    if response.HasField("route"):
        finished.route.CopyFrom(response.route)
    yield image_pb2.ImageEvent(finished=finished)


def unfold(response: Drawn) -> list[image_pb2.ImageEvent]:
    """Returns the events of a response. `fold` inverts it."""
    started = image_pb2.ImageStarted(
        response_id=response.response_id,
        provider_id=response.route.provider_id,
        provider_model=response.route.provider_model,
    )
    return [image_pb2.ImageEvent(started=started), *pieces(response)]


def fold(events: Iterable[image_pb2.ImageEvent], made: type[DrawnT]) -> DrawnT:
    """Returns the response that a stream of events amounts to, without previews.

    Args:
        events: The events in order, `finished` included.
        made: The type of the response.
    """
    response = made()
    mime_types: dict[int, str] = {}
    data: dict[int, list[bytes]] = {}
    finished = image_pb2.ImageFinished()
    for event in events:
        match event.WhichOneof("event"):
            case "chunk":
                index = event.chunk.image_index
                data.setdefault(index, []).append(event.chunk.data)
                mime_types.setdefault(index, event.chunk.mime_type)
            case "started":
                response.response_id = event.started.response_id
            case "finished":
                finished = event.finished
    said = {one.image_index: one for one in finished.images}
    for index in sorted(data):
        one = said.get(index, image_pb2.FinishedImage())
        image = response.images.add(revised_prompt=one.revised_prompt, note=one.note)
        image.media.mime_type = mime_types[index]
        image.media.data = b"".join(data[index])
    if finished.HasField("usage"):
        response.usage.CopyFrom(finished.usage)
    if finished.HasField("route"):
        response.route.CopyFrom(finished.route)
    return response
