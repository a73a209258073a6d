"""Every place in which a request can name a model is checked before anything resolves it."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from ringmain.admin.v1 import admin_service_pb2 as admin_pb2
from ringmain.v1 import chat_service_pb2 as chat_pb2
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain_server.call import Call
from ringmain_server.contract import SERVICES
from ringmain_server.edge.auth.models import model_check, model_paths
from ringmain_server.errors import NotAllowed
from ringmain_server.identity.principal import Allowed

METHODS = [method for service in SERVICES for method in service.methods]
LISTS = {"ringmain.admin.v1.ApiKey.allowed_models", "ringmain.v1.UsageFilter.models"}
"""Fields that list names of models without using any: those a key may use, and those a report is about."""
OF_PROVIDERS = {"provider_model"}
"""Fields with the provider's own names, which no request of this version resolves."""


def places(message: Descriptor, path: str = "", seen: tuple[Descriptor, ...] = ()) -> Iterator[str]:
    """Yields every field at any depth, of any message, whose name says that it names a model."""
    if message in seen:
        return
    for field in message.fields:
        named = field.name in ("model", "models") or field.name.endswith(("_model", "_models"))
        if field.type == FieldDescriptor.TYPE_STRING and named and field.name not in OF_PROVIDERS:
            if field.full_name not in LISTS:
                yield f"{path}{field.name}"
        elif field.message_type is not None:
            yield from places(field.message_type, f"{path}{field.name}.", (*seen, message))


def checked(method: MethodDescriptor) -> Descriptor:
    """The message that is checked: the request, or the configuration of an upload."""
    if not method.client_streaming:
        return method.input_type
    config = method.input_type.fields_by_name["config"].message_type
    assert config is not None
    return config


def limited(*models: str) -> Call:
    """A call whose caller may use these models."""
    allowed = Allowed.of(models)
    assert allowed is not None
    return Call("resp_1", "method", 0.0, allowed_models=(allowed,))


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.full_name)
def test_every_field_that_names_a_model_is_read(method: MethodDescriptor) -> None:
    """A field that is added to the contract and names a model is checked, or fails here."""
    request = checked(method)
    assert sorted(model_paths(request)) == sorted(places(request))


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.full_name)
def test_each_of_them_is_refused(method: MethodDescriptor) -> None:
    """A model that is not allowed is refused wherever a request names it."""
    request = checked(method)
    check = model_check(request)
    for path in model_paths(request):
        message: Any = message_factory.GetMessageClass(request)()
        *outer, name = path.split(".")
        inner = message
        for one in outer:
            inner = getattr(inner, one)
        setattr(inner, name, "theirs")
        with pytest.raises(NotAllowed) as refused:
            check(message, limited("ours"))
        assert refused.value.metadata == {"model": "theirs"}
        setattr(inner, name, "ours")
        check(message, limited("ours"))
        setattr(inner, name, "")
        check(message, limited("ours"))


def test_some_methods_name_models_deep_within() -> None:
    """What is counted, estimated, drawn or put first is found."""
    assert list(model_paths(chat_pb2.CountTokensRequest.DESCRIPTOR)) == ["chat.model"]
    assert list(model_paths(chat_pb2.EstimateCostRequest.DESCRIPTOR)) == ["chat.model"]
    assert list(model_paths(image_pb2.StreamImagesRequest.DESCRIPTOR)) == ["generate.model", "edit.model"]
    assert list(model_paths(admin_pb2.SetPrimaryProviderRequest.DESCRIPTOR)) == ["model"]


def test_a_caller_without_a_list_may_use_every_model() -> None:
    """No list means all models."""
    call = Call("resp_1", "method", 0.0)
    model_check(chat_pb2.ChatRequest.DESCRIPTOR)(chat_pb2.ChatRequest(model="any"), call)
    assert call.may_use("any")


def test_parts_of_a_call_may_use_what_the_call_may() -> None:
    """A request that is made to answer another has the same caller and the same limits."""
    call = limited("ours")
    part = call.part()
    assert not part.may_use("theirs")
    assert part.principal is call.principal
