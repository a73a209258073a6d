"""Room 1: checks the models that a request names, before anything resolves them."""

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from ringmain_server.call import Call
from ringmain_server.identity.access import model_denied

CheckModels = Callable[[Message, Call], None]
"""Raises NotAllowed if a request names a model that its caller may not use."""

_NAMES: Final = ("model", "classifier_model")
"""The fields that name a model. A test looks for others in the contract."""


def model_check(request: Descriptor) -> CheckModels:
    """Returns the check for a type of request, or of an upload's configuration."""
    paths = list(model_paths(request))
    if not paths:
        return _nothing
    read: Callable[[Any], Any] = attrgetter(*paths)
    names: Callable[[Message], Sequence[str]] = read if len(paths) > 1 else lambda message: (read(message),)

    def check(message: Message, call: Call) -> None:
        for name in names(message):
            # An empty name is no model: where one is needed, the rules of the contract say so.
            if name and not call.may_use(name):
                raise model_denied(name)

    return check


def model_paths(message: Descriptor, above: tuple[Descriptor, ...] = ()) -> Iterator[str]:
    """Yields the paths of the fields of a message that name a model, such as `chat.model`."""
    for field in message.fields:
        if field.is_repeated:
            continue
        if field.type == FieldDescriptor.TYPE_STRING and field.name in _NAMES:
            yield field.name
        inner = field.message_type
        if inner is not None and inner not in above:
            yield from (f"{field.name}.{path}" for path in model_paths(inner, (*above, message)))


def _nothing(_: Message, __: Call) -> None:
    """Checks nothing, for requests without a model."""
