"""Tests, fuzz: the gateway under test, in a process of its own, and what remains of the cases in it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import grpc.aio
from ringmain.admin.v1 import admin_service_pb2 as admin_pb2
from ringmain.admin.v1 import admin_service_pb2_grpc as admin_grpc

from tests.e2e import gateway as e2e
from tests.faults import processes
from tests.faults.leftovers import Leftovers, look, settled
from tests.fuzz.judge import KEY

OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_metadata_size", 1 << 20),
    ("grpc.absolute_max_metadata_size", 1 << 20),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
)
PATIENT: Mapping[str, object] = {
    "timeouts": {"connect": 4, "attempt": 5, "first_content": 1, "idle": 1},
    "retry": {"attempts": 0, "rate_limit_wait": 0},
    "cooldown": {"first": 0.001, "growing_max": 0.001, "named_max": 0.001, "long": 0.001},
    "server": {"stream_grace": 5},
    # What may be kept is full at once, so that memory which grows is memory that is lost.
    "idempotency": {"max_bytes": "1MiB"},
}
"""Settings by which one case does not stand in the way of the next."""


@dataclass(slots=True)
class Served:
    """A gateway that runs.

    Attributes:
        public: A channel to its API.
        admin: A channel to its admin API.
        log: What its log has from a byte on.
        look: What it holds when nothing runs.
    """

    public: grpc.aio.Channel
    admin: grpc.aio.Channel
    log: Callable[[int], bytes]
    look: Callable[[], Awaitable[Leftovers]]
    _read: int = 0

    def faults(self) -> Iterator[str]:
        """What the log has since the last time that should not be there."""
        data = self.log(self._read)
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        plain: list[str] = []
        for line in whole.decode("utf-8", "replace").splitlines():
            found = _fault(line)
            if found == line:
                plain.append(line)
            elif found is not None:
                yield f"the log has a fault: {found}"
        if plain:
            yield "the log has lines of a library's own: " + "\n      ".join(plain[:40])

    async def restored(self) -> None:
        """Undoes what callers of the admin API did to providers."""
        stub: admin_grpc.AdminServiceAsyncStub = admin_grpc.AdminServiceStub(self.admin)
        listed = await stub.ListProviders(admin_pb2.ListProvidersRequest(), timeout=10)
        for provider in listed.providers:
            if provider.state != admin_pb2.PROVIDER_STATE_ACTIVE:
                await stub.RestoreProvider(
                    admin_pb2.RestoreProviderRequest(provider_id=provider.provider_id), timeout=10
                )

    async def breakers(self) -> list[str]:
        """Candidates whose breaker is not closed."""
        stub: admin_grpc.AdminServiceAsyncStub = admin_grpc.AdminServiceStub(self.admin)
        listed = await stub.ListProviders(admin_pb2.ListProvidersRequest(), timeout=10)
        return [
            f"{provider.provider_id}/{breaker.provider_model}: {breaker.last_error.message}"
            for provider in listed.providers
            for breaker in provider.breakers
            if breaker.state != admin_pb2.BREAKER_STATE_CLOSED
        ]


def _fault(line: str) -> str | None:
    """What a line of the log tells of a fault of the gateway; None if it does not."""
    try:
        told = json.loads(line)
    except ValueError:
        return line
    if told.get("event") == "library" and "ExecuteBatchError" in line:
        # The caller of a method that is not there had left before gRPC could say so.
        return None
    if told.get("event") == "fault" or told.get("level") in ("error", "critical") or "Traceback" in line:
        return f"{told.get('event')} {_exception(told)}"
    return None


def _exception(told: Mapping[str, Any]) -> str:
    """The exception of a line of the log, and where it was raised."""
    chain = told.get("exception")
    if not isinstance(chain, list) or not chain:
        return str(chain or told)[:400]
    last = chain[0]
    places = [f"{Path(one['filename']).name}:{one['lineno']}" for one in last.get("frames", ())]
    return f"{last.get('exc_type')}: {str(last.get('exc_value'))[:200]} at {' '.join(places[-4:])}"


@asynccontextmanager
async def gateway(config: Mapping[str, object]) -> AsyncIterator[Served]:
    """A gateway with a configuration."""
    async with (
        processes.gateway(config) as process,
        aiohttp.ClientSession() as http,
        grpc.aio.insecure_channel(f"127.0.0.1:{process.port}", options=OPTIONS) as public,
        grpc.aio.insecure_channel(f"127.0.0.1:{process.admin_port}", options=OPTIONS) as admin,
    ):

        def log(start: int) -> bytes:
            with process.log.open("rb") as file:
                file.seek(start)
                return file.read()

        async def held() -> Leftovers:
            await settled(http, process)
            return await look(http, process)

        yield Served(public, admin, log, held)


@asynccontextmanager
async def here(config: Mapping[str, object]) -> AsyncIterator[Served]:
    """A gateway in this very process, for tests that want it to begin at once."""

    async def held() -> Leftovers:
        return Leftovers(len(running.app.calls), 0, 0, None, 0)

    async with e2e.gateway(config) as running:
        address = f"127.0.0.1:{running.app.admin_port}"
        async with grpc.aio.insecure_channel(address, options=OPTIONS) as admin:
            yield Served(
                running.channel, admin, lambda start: running.lines.getvalue().encode()[start:], held
            )


def settings(kind: str, **more: object) -> dict[str, object]:
    """A provider's settings."""
    return {"kind": kind, "api_key": KEY, **more}


Serve = Callable[[Mapping[str, object]], AbstractAsyncContextManager[Served]]
"""Starts a gateway with a configuration."""
