"""Assembly: the objects made for one configuration, and the configuration that is active now.

A reload makes all objects for the new configuration, then swaps one reference. A call keeps the router that
it started with, and with it the models and the providers.
"""

from collections.abc import AsyncGenerator, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ringmain_server.backend import Backend
from ringmain_server.call import Call
from ringmain_server.config import Settings
from ringmain_server.operations.base import Streamed, Unary
from ringmain_server.providers.exchange import Provider
from ringmain_server.routing.health import CandidateHealth
from ringmain_server.routing.models import Models

Req = TypeVar("Req")
Res = TypeVar("Res")
Event = TypeVar("Event")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The objects made for one configuration.

    Attributes:
        settings: The configuration.
        providers: Every configured provider.
        models: Resolves every model name.
        router: Tries the candidates of a model.
    """

    settings: Settings
    providers: Mapping[str, Provider]
    models: Models
    router: Backend

    def healths(self, provider_id: str) -> Iterator[CandidateHealth]:
        """Yields the health of each of a provider's models that is configured or was called."""
        for health in self.models.healths():
            if health.provider_id == provider_id:
                yield health


class ActiveConfig:
    """A `Backend` that passes each call to the router of the active configuration.

    Args:
        snapshot: The objects of the first configuration.

    Attributes:
        now: The objects of the active configuration.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.now = snapshot

    @property
    def models(self) -> Models:
        """The models of the active configuration."""
        return self.now.models

    def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Coroutine[Any, Any, Res]:
        """Returns a whole answer; see `Backend.call`."""
        return self.now.router.call(op, request, call)

    def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """Yields an answer's events; see `Backend.stream`."""
        return self.now.router.stream(op, request, call)
