"""Tests, fuzz: random messages of any type, and messages with a few things changed."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from tests.fuzz import values

DEEPEST = 6
"""How deep a random tree gets."""
LARGEST = 1 << 20
"""Bytes from which on nothing is added to a message."""
FILES: list[bytes] = []
"""Small real files that bytes are made of; `files.py` fills it."""

_INTEGERS: Mapping[int, tuple[int, bool]] = {
    FieldDescriptor.TYPE_INT32: (32, True),
    FieldDescriptor.TYPE_SINT32: (32, True),
    FieldDescriptor.TYPE_SFIXED32: (32, True),
    FieldDescriptor.TYPE_UINT32: (32, False),
    FieldDescriptor.TYPE_FIXED32: (32, False),
    FieldDescriptor.TYPE_INT64: (64, True),
    FieldDescriptor.TYPE_SINT64: (64, True),
    FieldDescriptor.TYPE_SFIXED64: (64, True),
    FieldDescriptor.TYPE_UINT64: (64, False),
    FieldDescriptor.TYPE_FIXED64: (64, False),
}


def tree(rng: random.Random, kind: Descriptor, depth: int = DEEPEST) -> Any:
    """A random message of a type, with about half of its fields."""
    message = message_factory.GetMessageClass(kind)()
    share = rng.choice((0.2, 0.5, 0.9)) if depth else 0.0
    for field in kind.fields:
        if rng.random() < share and message.ByteSize() < LARGEST:
            fill(rng, message, field, depth - 1)
    return message


def fill(rng: random.Random, message: Any, field: FieldDescriptor, depth: int) -> None:
    """Gives a field a random value."""
    if not field.is_repeated:
        _set(rng, message, field, depth)
        return
    # Lists within lists would grow without end: the deeper, the shorter.
    for _ in range(
        rng.choice((0, 1, 1, 2, 3, 20) if field.message_type is None else (0, 1, 1, 2, max(depth - 1, 1)))
    ):
        _add(rng, message, field, depth - 1)


def _set(rng: random.Random, message: Any, field: FieldDescriptor, depth: int) -> None:
    if field.message_type is None:
        setattr(message, field.name, scalar(rng, field))
    elif depth > 0 or rng.random() < 0.3:
        getattr(message, field.name).CopyFrom(tree(rng, field.message_type, max(depth, 0)))


def _add(rng: random.Random, message: Any, field: FieldDescriptor, depth: int) -> None:
    kind = field.message_type
    if kind is None:
        getattr(message, field.name).append(scalar(rng, field))
    elif kind.GetOptions().map_entry:
        key, value = kind.fields_by_name["key"], kind.fields_by_name["value"]
        entries, name = getattr(message, field.name), scalar(rng, key)
        if value.message_type is None:
            entries[name] = scalar(rng, value)
        else:
            entries[name].CopyFrom(tree(rng, value.message_type, max(depth, 1)))
    elif depth > 0:
        getattr(message, field.name).add().CopyFrom(tree(rng, kind, depth))


def scalar(rng: random.Random, field: FieldDescriptor) -> Any:
    """A value of a field's type, likely one that its name suggests."""
    if field.type in _INTEGERS:
        bits, signed = _INTEGERS[field.type]
        return values.integer(rng, bits, signed=signed)
    if field.type == FieldDescriptor.TYPE_ENUM:
        assert field.enum_type is not None
        known = [value.number for value in field.enum_type.values]
        return rng.choice(known) if rng.random() < 0.8 else rng.choice((-1, 99, 2**31 - 1, -(2**31)))
    if field.type == FieldDescriptor.TYPE_BOOL:
        return rng.random() < 0.5
    if field.type in (FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE):
        return values.number(rng)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return data(rng)
    return rng.choice(values.URIS) if field.name == "uri" and rng.random() < 0.7 else values.text(rng)


def data(rng: random.Random) -> bytes:
    """Bytes: a small file, a broken one, or anything."""
    if not FILES or rng.random() < 0.2:
        return values.raw(rng)
    found = rng.choice(FILES)
    return found if rng.random() < 0.5 else values.broken(rng, found)


# --- changes ------------------------------------------------------------------------------------------------

Place = tuple[Any, FieldDescriptor]


def changed(rng: random.Random, message: Any, count: int | None = None) -> list[str]:
    """Changes one to three fields in place, and says what it did."""
    told = []
    for _ in range(count or rng.choice((1, 1, 2, 3))):
        places = list(_places(message))
        if not places:
            break
        owner, field = rng.choice(places)
        change = rng.choice(_CHANGES)
        told.append(f"{change.__name__.strip('_')} {owner.DESCRIPTOR.name}.{field.name}")
        change(rng, owner, field)
    return told


def _places(message: Any) -> Iterator[Place]:
    """Every field of every message that is there; those of set ones twice, for they matter more."""
    for field in message.DESCRIPTOR.fields:
        yield message, field
    for field, value in message.ListFields():
        yield message, field
        for below in _below(field, value):
            yield from _places(below)


def _below(field: FieldDescriptor, value: Any) -> Iterator[Message]:
    kind = field.message_type
    if kind is None:
        return
    if kind.GetOptions().map_entry:
        if kind.fields_by_name["value"].message_type is not None:
            yield from value.values()
    elif field.is_repeated:
        yield from value
    else:
        yield value


def _clear(_: random.Random, owner: Any, field: FieldDescriptor) -> None:
    owner.ClearField(field.name)


def _replace(rng: random.Random, owner: Any, field: FieldDescriptor) -> None:
    owner.ClearField(field.name)
    fill(rng, owner, field, 3)


def _double(rng: random.Random, owner: Any, field: FieldDescriptor) -> None:
    """Repeats what is there: all of a list, or the field on the wire, which merges messages."""
    if not owner.HasField(field.name) if field.has_presence else not getattr(owner, field.name):
        _replace(rng, owner, field)
        return
    alone = type(owner)()
    alone.MergeFrom(owner)
    for other in owner.DESCRIPTOR.fields:
        if other.name != field.name:
            alone.ClearField(other.name)
    for _ in range(rng.choice((1, 2, 5, 30))):
        if owner.ByteSize() < LARGEST:
            owner.MergeFrom(alone)


def _reorder(rng: random.Random, owner: Any, field: FieldDescriptor) -> None:
    kind = field.message_type
    if not field.is_repeated or (kind is not None and kind.GetOptions().map_entry):
        _replace(rng, owner, field)
        return
    items = list(getattr(owner, field.name))
    rng.shuffle(items)
    items = items[: rng.randrange(len(items) + 1)] if rng.random() < 0.5 else items
    copies = (
        [type(item).FromString(item.SerializeToString()) for item in items] if kind is not None else items
    )
    owner.ClearField(field.name)
    getattr(owner, field.name).extend(copies)


def _longer(rng: random.Random, owner: Any, field: FieldDescriptor) -> None:
    """A text or bytes become long."""
    if field.is_repeated or field.type not in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
        _replace(rng, owner, field)
        return
    old = getattr(owner, field.name)
    filler = values.text(rng) or "x"
    more = filler if field.type == FieldDescriptor.TYPE_STRING else filler.encode("utf-8", "replace")
    setattr(owner, field.name, old + more * rng.choice((1, 1, 10, max(1, 50_000 // len(more)))))


_CHANGES: tuple[Callable[[random.Random, Any, FieldDescriptor], None], ...] = (
    _clear,
    _replace,
    _replace,
    _replace,
    _double,
    _reorder,
    _longer,
)
