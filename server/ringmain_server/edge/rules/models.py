"""Room 1, pure: rules for requests about models."""

from ringmain.v1 import model_service_pb2 as model_pb2

from ringmain_server.edge.rules.common import Rules, few, found, named, short
from ringmain_server.errors import Violation

CAPABILITY_LIMIT = 64
PAGE_TOKEN_LIMIT = 2048
"""In characters; the name of a model always needs fewer."""


def list_models(request: model_pb2.ListModelsRequest) -> list[Violation]:
    """Returns what is wrong with a request for a page of models."""
    return found(_list_models(request))


def get_model(request: model_pb2.GetModelRequest) -> list[Violation]:
    """Returns what is wrong with a request for one model."""
    return found(named(request.model))


def _list_models(request: model_pb2.ListModelsRequest) -> Rules:
    yield from few(request.capabilities, "capabilities", CAPABILITY_LIMIT)
    if request.page_size < 0:
        yield Violation("page_size", "is negative")
    yield from short(request.page_token, "page_token", PAGE_TOKEN_LIMIT)
