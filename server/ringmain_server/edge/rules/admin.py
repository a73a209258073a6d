"""Room 1, pure: rules for requests of operators."""

from ringmain.admin.v1 import admin_service_pb2 as admin_pb2

from ringmain_server.edge.rules.common import found, names, short
from ringmain_server.errors import Violation

KIND_LIMIT = 64

OfProvider = (
    admin_pb2.DrainProviderRequest
    | admin_pb2.RestoreProviderRequest
    | admin_pb2.CheckProviderRequest
    | admin_pb2.SetPrimaryProviderRequest
)


def of_provider(request: OfProvider) -> list[Violation]:
    """Returns what is wrong with a request about one provider."""
    return found(short(request.provider_id, "provider_id"))


def set_primary(request: admin_pb2.SetPrimaryProviderRequest) -> list[Violation]:
    """Returns what is wrong with a request to put a provider first for a model."""
    return [*of_provider(request), *short(request.model, "model")]


def watch(request: admin_pb2.WatchEventsRequest) -> list[Violation]:
    """Returns what is wrong with a request for events."""
    return found(names(request.kinds, "kinds", KIND_LIMIT))
