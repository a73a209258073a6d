"""Room 3: what one configuration makes, and which one holds now.

A reload makes everything anew beside what runs and then swaps one reference. A call keeps the router that it
began with, and with it the models and the providers.
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
    """What one configuration makes.

    Attributes:
        settings: The configuration.
        providers: Every configured provider.
        models: What every model name leads to.
        router: Tries the candidates of a model.
    """

    settings: Settings
    providers: Mapping[str, Provider]
    models: Models
    router: Backend

    def health_registry(self, provider_id: str) -> Iterator[CandidateHealth]:
        """The condition of each of a provider's models that is configured or was asked for."""
        for health in self.models.health_registry():
            if health.provider_id == provider_id:
                yield health


class ActiveConfig:
    """A `Backend` that hands each call to the router of the configuration that holds now.

    Args:
        wired: What the first configuration makes.

    Attributes:
        now: What holds now.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.now = snapshot

    @property
    def models(self) -> Models:
        """What every model name leads to now."""
        return self.now.models

    def call(self, op: Unary[Req, Res], request: Req, call: Call) -> Coroutine[Any, Any, Res]:
        """Answers whole. See `Backend.call`."""
        return self.now.router.call(op, request, call)

    def stream(self, op: Streamed[Req, Event], request: Req, call: Call) -> AsyncGenerator[Event, None]:
        """Answers in events. See `Backend.stream`."""
        return self.now.router.stream(op, request, call)
