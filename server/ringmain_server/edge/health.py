"""Room 1: `grpc.health.v1` by section 9 of the laws."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio

from ringmain_server.edge.library import Guarded

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING

READINESS = "readiness"
LIVENESS = "liveness"


class Health(aio.HealthServicer):
    """Says whether new calls are welcome: ``, `readiness` and each service; and `liveness`.

    Args:
        services: Full names of the services that are served.
    """

    def __init__(self, services: Sequence[str]) -> None:
        super().__init__()
        self._ready_names = ("", READINESS, *services)
        self._statuses: dict[str, int] = {}
        self._closed = asyncio.Event()

    async def start(self) -> None:
        """Alive, and not yet ready."""
        await self._tell(LIVENESS, SERVING)
        await self._set_ready(NOT_SERVING)

    async def ready(self) -> None:
        """New calls are welcome."""
        await self._set_ready(SERVING)

    async def drain(self) -> None:
        """New calls are no longer welcome; the process still lives."""
        await self._set_ready(NOT_SERVING)

    def close(self) -> None:
        """Ends every Watch, which would otherwise hold the server open for its whole grace."""
        self._closed.set()

    async def List(self, request: Any, context: Any) -> Any:
        """Says the status of everything that has one."""
        messages: Any = health_pb2  # the types of the library are older than this method
        check = messages.HealthCheckResponse
        statuses = {name: check(status=status) for name, status in self._statuses.items()}
        return messages.HealthListResponse(statuses=statuses)

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Any) -> None:
        """Sends the status at once and at each change, until the caller leaves or the server closes."""
        watching = asyncio.ensure_future(super().Watch(request, context))
        closing = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait((watching, closing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            watching.cancel()
            closing.cancel()

    async def _set_ready(self, status: int) -> None:
        for name in self._ready_names:
            await self._tell(name, status)

    async def _tell(self, name: str, status: int) -> None:
        self._statuses[name] = status
        await self.set(name, status)


def add_health(health: Health, server: grpc.aio.Server | Guarded) -> None:
    """Registers the service."""
    health_pb2_grpc.add_HealthServicer_to_server(health, cast("grpc.aio.Server", server))
