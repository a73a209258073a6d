"""Client: usage, cost and route, which answers of every kind have. Pure."""

from typing import Any

from ringmain.v1.routing_pb2 import Route
from ringmain.v1.usage_pb2 import Usage


class Accounted:
    """An answer that tells its usage, its cost and its route."""

    __slots__ = ()
    proto: Any

    @property
    def usage(self) -> Usage:
        """The tokens and other units that the call used."""
        found: Usage = self.proto.usage
        return found

    @property
    def cost_usd(self) -> float | None:
        """The price in US dollars. None means unknown, which is not the same as free."""
        return self.usage.cost_nano_usd / 1e9 if self.usage.HasField("cost_nano_usd") else None

    @property
    def route(self) -> Route:
        """The way of the request through the gateway, with every attempt."""
        found: Route = self.proto.route
        return found

    @property
    def provider(self) -> str:
        """The id of the provider that answered."""
        return self.route.provider_id

    @property
    def response_id(self) -> str:
        """The gateway's id of the call."""
        return str(self.proto.response_id)
