"""Room 1, pure: rules for requests of operators."""

from collections.abc import Sequence
from itertools import islice

from ringmain.admin.v1 import admin_service_pb2 as admin_pb2

from ringmain_server.edge.rules.common import Rules, few, found, short
from ringmain_server.errors import Violation
from ringmain_server.telemetry.events import KINDS

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
    return found(_kinds(request.kinds))


def _kinds(kinds: Sequence[str]) -> Rules:
    yield from few(kinds, "kinds", KIND_LIMIT)
    for index, kind in enumerate(islice(kinds, KIND_LIMIT)):
        if kind not in KINDS:
            yield Violation(f"kinds[{index}]", f"is not one of {', '.join(KINDS)}")
