"""Media, pure: finds the media in any request, and copies a request with others in their place.

The fields of a message type that can hold media are read from its descriptor once, so that no operation has
to say where its media are.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from ringmain.v1.content_pb2 import Media

MessageT = TypeVar("MessageT", bound=Message)


class _Way(NamedTuple):
    """A field through which a message may reach media."""

    name: str
    repeated: bool
    is_media: bool


def media_in(request: Message, path: str = "") -> Iterator[tuple[str, Media]]:
    """Yields every medium of a request in order, with its path such as `messages[2].parts[0].media`."""
    for name, repeated, is_media in _ways(request.DESCRIPTOR):
        if repeated:
            for index, inner in enumerate(getattr(request, name)):
                yield from _found(inner, f"{path}{name}[{index}]", is_media)
        elif request.HasField(name):
            yield from _found(getattr(request, name), path + name, is_media)


def holds_media(request: Message) -> bool:
    """Whether a request holds a medium."""
    return any_media(request, lambda _: True)


def any_media(request: Message, wanted: Callable[[Media], bool]) -> bool:
    """Whether a request holds a medium that is wanted. Most hold none, so no path is built here."""
    for name, repeated, is_media in _ways(request.DESCRIPTOR):
        inners = getattr(request, name) if repeated else ()
        if not repeated and request.HasField(name):
            inners = (getattr(request, name),)
        for inner in inners:
            if wanted(inner) if is_media else any_media(inner, wanted):
                return True
    return False


def _found(inner: Message, path: str, is_media: bool) -> Iterator[tuple[str, Media]]:
    if is_media:
        assert isinstance(inner, Media)
        yield path, inner
    else:
        yield from media_in(inner, path + ".")


def with_media(request: MessageT, others: Mapping[str, Media]) -> MessageT:
    """Returns a copy of a request with other media at some paths. Media that are replaced are never copied.

    Args:
        request: The original, which is not changed.
        others: Maps a path, as `media_in` yields it, to its replacement.
    """
    copy = type(request)()
    _copy(request, copy, others, "")
    return copy


def _copy(source: Message, target: Message, others: Mapping[str, Media], path: str) -> None:
    ways = {way.name: way for way in _ways(source.DESCRIPTOR)}
    for field, value in source.ListFields():
        name = field.name
        way = ways.get(name)
        if way is not None:
            _copy_way(way, value, getattr(target, name), others, path + name)
        elif field.is_repeated:
            getattr(target, name).MergeFrom(value)
        elif field.message_type is not None:
            getattr(target, name).CopyFrom(value)
        else:
            setattr(target, name, value)


def _copy_way(way: _Way, value: Any, target: Any, others: Mapping[str, Media], path: str) -> None:
    if way.repeated:
        for index, inner in enumerate(value):
            _copy_one(way, inner, target.add(), others, f"{path}[{index}]")
    else:
        target.SetInParent()
        _copy_one(way, value, target, others, path)


def _copy_one(way: _Way, value: Message, target: Message, others: Mapping[str, Media], path: str) -> None:
    if way.is_media:
        target.CopyFrom(others.get(path, value))
    else:
        _copy(value, target, others, path + ".")


@functools.cache
def _ways(descriptor: Descriptor) -> tuple[_Way, ...]:
    return tuple(
        _Way(field.name, field.is_repeated, _is_media(field.message_type))
        for field in descriptor.fields
        if _leads(field, frozenset())
    )


# `seen` ends the walk through message types that contain themselves, such as `google.protobuf.Value`.
def _leads(field: FieldDescriptor, seen: frozenset[str]) -> bool:
    """Whether a field's messages are media, or may contain some."""
    inner = field.message_type
    if inner is None or inner.GetOptions().map_entry or inner.full_name in seen:
        return False
    return _is_media(inner) or any(_leads(one, seen | {inner.full_name}) for one in inner.fields)


def _is_media(descriptor: Descriptor | None) -> bool:
    return descriptor is not None and descriptor.full_name == Media.DESCRIPTOR.full_name
