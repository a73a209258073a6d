"""Every field of every request that is served, found in the contract's descriptors."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from ringmain_server.services import admin, api_keys, audio, chat, embedding, image, model, vision


class _Admin(admin.AdminService, api_keys.ApiKeyMethods):
    """The operators' service where API keys are enabled."""


SERVICES = {
    chat.SERVICE: chat.ChatService,
    vision.SERVICE: vision.VisionService,
    image.SERVICE: image.ImageService,
    embedding.SERVICE: embedding.EmbeddingService,
    audio.SERVICE: audio.AudioService,
    model.SERVICE: model.ModelService,
    admin.SERVICE: _Admin,
}


@dataclass(frozen=True)
class Place:
    """A field of a request, with the fields that lead to it."""

    kind: Descriptor
    way: tuple[FieldDescriptor, ...]
    field: FieldDescriptor

    @property
    def name(self) -> str:
        """`Message.field`."""
        assert self.field.containing_type is not None
        return f"{self.field.containing_type.name}.{self.field.name}"

    @property
    def path(self) -> str:
        """As violations name it."""
        steps = (f"{one.name}[0]" if one.is_repeated else one.name for one in self.way)
        return ".".join((*steps, self.field.name))

    def __str__(self) -> str:
        return f"{self.kind.name}:{self.path}"

    def request(self) -> tuple[Message, Any]:
        """A request with everything on the way to the field, and the message that the field is in."""
        request: Message = message_factory.GetMessageClass(self.kind)()
        holder: Any = request
        for step in self.way:
            value = getattr(holder, step.name)
            holder = value.add() if step.is_repeated else value
            if not step.is_repeated:
                holder.SetInParent()
        return request, holder


def requests() -> Iterator[Descriptor]:
    """The type of the request of every method that is served; of an upload, of its configuration."""
    for service, servicer in SERVICES.items():
        for method in service.methods:
            if hasattr(servicer, method.name):
                kind: Any = method.input_type
                yield kind.fields_by_name["config"].message_type if method.client_streaming else kind


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a map."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def places(kind: Descriptor) -> list[Place]:
    """Every field of a request. Messages within themselves are entered once."""
    return list(_places(kind, kind))


def _places(kind: Descriptor, top: Descriptor, way: tuple[FieldDescriptor, ...] = ()) -> Iterator[Place]:
    for field in kind.fields:
        yield Place(top, way, field)
        inner = field.message_type
        if inner is None or is_map(field) or not inner.full_name.startswith("ringmain."):
            continue
        if inner not in {one.message_type for one in way}:
            yield from _places(inner, top, (*way, field))


PLACES = [place for kind in requests() for place in places(kind)]
"""Every field of every request."""
