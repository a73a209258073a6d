"""Room 1: `grpc.health.v1` (https://grpc.io/docs/guides/health-checking/).

The library's servicer is not used: it holds a lock while it writes to a caller, so that a caller who does not
read would delay the others, and the end of the gateway.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from ringmain_server.edge.grpc.library import Guarded

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN

_MESSAGES: Any = health_pb2
"""The module with the messages of List, which the published types do not have yet."""

READINESS = "readiness"
LIVENESS = "liveness"


class Health(health_pb2_grpc.HealthServicer):
    """Reports whether new calls are accepted, and whether the process lives.

    Each port has its own. The names `""`, `readiness` and those of the port's services have the status of
    readiness; the name `liveness` has that of the process.

    Args:
        services: Full names of the services that the port serves.
    """

    def __init__(self, services: Sequence[str]) -> None:
        self._ready_names = ("", READINESS, *services)
        self._statuses: dict[str, int] = {}
        self._changed = asyncio.Event()
        self._closed = False

    async def start(self) -> None:
        """Sets the statuses of a process that lives and is not ready."""
        self._set((LIVENESS,), SERVING)
        self._set(self._ready_names, NOT_SERVING)

    async def ready(self) -> None:
        """Sets the statuses of a process that accepts calls."""
        self._set(self._ready_names, SERVING)

    async def drain(self) -> None:
        """Sets the statuses of a process that lives but accepts no more calls."""
        self._set(self._ready_names, NOT_SERVING)

    def close(self) -> None:
        """Ends every Watch, which would otherwise keep the server open for its whole grace."""
        self._closed = True
        self._wake()

    async def Check(
        self, request: health_pb2.HealthCheckRequest, context: Any
    ) -> health_pb2.HealthCheckResponse:
        """Returns the status of a service, or of the process; NOT_FOUND for another name."""
        status = self._statuses.get(request.service)
        if status is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no service of that name is served here")
        return health_pb2.HealthCheckResponse(status=status)

    async def List(self, request: Any, context: Any) -> Any:
        """Returns every status by its name."""
        found = {name: health_pb2.HealthCheckResponse(status=one) for name, one in self._statuses.items()}
        return _MESSAGES.HealthListResponse(statuses=found)

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Any) -> None:
        """Sends the status at once and at each change, until the caller leaves or the server closes."""
        sent: int | None = None
        while not self._closed:
            changed = self._changed
            status = self._statuses.get(request.service, _UNKNOWN)
            if status != sent:
                sent = status
                await context.write(health_pb2.HealthCheckResponse(status=status))
            await changed.wait()

    def _set(self, names: Sequence[str], status: int) -> None:
        self._statuses.update(dict.fromkeys(names, status))
        self._wake()

    def _wake(self) -> None:
        """Wakes every Watch; a Watch that starts to wait from now on waits for the next change."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def add_health(health: Health, server: grpc.aio.Server | Guarded) -> None:
    """Registers the service."""
    health_pb2_grpc.add_HealthServicer_to_server(health, cast("grpc.aio.Server", server))
