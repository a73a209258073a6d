"""Client: what every answer tells beside its content. Pure."""

from typing import Any

from ringmain.v1.routing_pb2 import Route
from ringmain.v1.usage_pb2 import Usage


class Settled:
    """What every answer tells beside its content."""

    __slots__ = ()
    proto: Any

    @property
    def usage(self) -> Usage:
        """What it consumed."""
        found: Usage = self.proto.usage
        return found

    @property
    def cost_usd(self) -> float | None:
        """The price in US dollars. None when unknown, which is not the same as free."""
        return self.usage.cost_nano_usd / 1e9 if self.usage.HasField("cost_nano_usd") else None

    @property
    def route(self) -> Route:
        """How the request was served, every attempt included."""
        found: Route = self.proto.route
        return found

    @property
    def provider(self) -> str:
        """The provider that answered."""
        return self.route.provider_id

    @property
    def response_id(self) -> str:
        """The gateway's name for the call."""
        return str(self.proto.response_id)
