"""Tests, fakes: which requests arrived over which connection, and when it went away."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes.forms import File
from tests.fakes.waiting import LIMIT


@dataclass(slots=True)
class Received:
    """A request that arrived, and what became of it. Times are `time.monotonic()`.

    Attributes:
        method: Of the request.
        path: With the query.
        headers: With lower-case names.
        body: The parsed JSON, or the fields of a form; empty where there was neither.
        at: When it had arrived.
        files: Those of a form, whose other fields are the body.
        answered_at: When the answer was written to its end; None for a broken or abandoned one.
        closed_at: When the connection went away, whoever closed it.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    at: float
    answered_at: float | None = None
    closed_at: float | None = None
    files: tuple[File, ...] = ()
    _gone: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def model(self) -> str:
        """The model that was asked for; of an Azure deployment, its name."""
        segments = self.path.split("/")
        if "deployments" in segments:
            return segments[segments.index("deployments") + 1]
        return str(self.body.get("model", ""))

    @property
    def abandoned(self) -> bool:
        """Whether the connection went away before the answer was written to its end."""
        return self.closed_at is not None and self.answered_at is None

    def close(self) -> None:
        """Notes that the connection went away."""
        self.closed_at = time.monotonic()
        self._gone.set()

    async def closed(self, *, within: float = LIMIT) -> float:
        """Waits until the connection went away, and says when.

        Raises:
            TimeoutError: If it is still there after `within` seconds.
        """
        async with asyncio.timeout(within):
            await self._gone.wait()
        assert self.closed_at is not None
        return self.closed_at


class RecordingServer(web.Server):
    """An HTTP server that knows which requests came over which connection."""

    def __init__(self, handler: Any) -> None:
        # Cancelling the handler is how a script that hangs learns that nobody waits any more.
        super().__init__(handler, request_factory=_large_request, handler_cancellation=True, access_log=None)
        self.connection_count = 0
        self.by_connection: dict[web.RequestHandler, list[Received]] = {}

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        self.connection_count += 1
        self.by_connection[handler] = []
        super().connection_made(handler, transport)

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        for received in self.by_connection.pop(handler, []):
            received.close()
        super().connection_lost(handler, exc)


def _large_request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    """A request of any size: aiohttp's own limit is a mebibyte."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=0)
