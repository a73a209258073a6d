"""Room 1, pure: the rules that every request shares that reaches a provider."""

from typing import Protocol

from ringmain.v1.attribution_pb2 import Attribution
from ringmain.v1.routing_pb2 import RoutingPolicy

from ringmain_server.edge.rules.common import Rules, attribution, named, request_id, routing


class Spending(Protocol):
    """The fields of every request that reaches a provider."""

    @property
    def request_id(self) -> str:
        """The id that makes two requests one; may be empty."""
        ...

    @property
    def model(self) -> str:
        """The model that is asked for."""
        ...

    @property
    def attribution(self) -> Attribution:
        """The labels and the end user that the request is for."""
        ...

    @property
    def routing_policy(self) -> RoutingPolicy:
        """The caller's wishes about its route."""
        ...


def spending(request: Spending, *, model_required: bool = True) -> Rules:
    """Checks the fields that requests share.

    Args:
        request: The request, or the configuration of an upload.
        model_required: Whether the request must name a model.
    """
    yield from request_id(request.request_id)
    if request.model or model_required:
        yield from named(request.model)
    yield from attribution(request.attribution)
    yield from routing(request.routing_policy)
