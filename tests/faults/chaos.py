"""Tests, faults: what an operator may do at a bad moment: reloads, bad files, drained providers."""

import asyncio
import json
import random
import signal
import time
from collections import Counter
from types import TracebackType
from typing import Self

import grpc
import grpc.aio
from ringmain.admin.v1 import admin_service_pb2 as admin_pb2
from ringmain.admin.v1 import admin_service_pb2_grpc as admin_grpc

from tests.faults.processes import Gateway

BETWEEN = 1.5
"""Seconds between two acts."""


class Chaos:
    """An operator of a gateway. Where there is no AdminService, it does nothing, and says so.

    Args:
        served: The gateway.
        choice: What is done next.
    """

    def __init__(self, served: Gateway, choice: random.Random) -> None:
        self._served = served
        self._choice = choice
        self._good = served.config.read_text()
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{served.admin_port}")
        self._stub: admin_grpc.AdminServiceAsyncStub = admin_grpc.AdminServiceStub(self._channel)
        self.done: Counter[str] = Counter()
        self.wrong: list[str] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._channel.close()

    async def rage(self, until: float) -> None:
        """One act after the other."""
        if not await self._there():
            self.done["skipped: no AdminService"] = 1
            return
        acts = (self._reload, self._signal, self._bad_file, self._drain)
        while time.monotonic() + BETWEEN < until:
            await self._choice.choice(acts)()
            await asyncio.sleep(BETWEEN)

    async def calm(self) -> None:
        """Leaves everything as it was."""
        self._write(self._good)
        if await self._there():
            await self._stub.ReloadConfig(admin_pb2.ReloadConfigRequest(), timeout=5)
            await self._stub.RestoreProvider(
                admin_pb2.RestoreProviderRequest(provider_id="primary"), timeout=5
            )

    async def _there(self) -> bool:
        try:
            await self._stub.ListProviders(admin_pb2.ListProvidersRequest(), timeout=5)
        except grpc.aio.AioRpcError as exc:
            if exc.code() is grpc.StatusCode.UNIMPLEMENTED:
                return False
            self.wrong.append(f"ListProviders ended {exc.code().name}")
        return True

    async def _reload(self) -> None:
        self._write(self._changed())
        try:
            await self._stub.ReloadConfig(admin_pb2.ReloadConfigRequest(), timeout=5)
        except grpc.aio.AioRpcError as exc:
            self.wrong.append(f"a reload ended {exc.code().name}: {exc.details()}")
        self.done["reloads"] += 1

    async def _signal(self) -> None:
        self._write(self._changed())
        self._served.process.send_signal(signal.SIGHUP)
        self.done["SIGHUPs"] += 1
        await asyncio.sleep(0.2)

    async def _bad_file(self) -> None:
        self._write('{"models": {"healthy": {"candidates": ["nobody/x"]}}}')
        try:
            await self._stub.ReloadConfig(admin_pb2.ReloadConfigRequest(), timeout=5)
        except grpc.aio.AioRpcError:
            self.done["bad files refused"] += 1
        else:
            self.wrong.append("a bad file was loaded")
        finally:
            self._write(self._good)

    async def _drain(self) -> None:
        try:
            await self._stub.DrainProvider(admin_pb2.DrainProviderRequest(provider_id="primary"), timeout=5)
            await asyncio.sleep(0.5)
            await self._stub.RestoreProvider(
                admin_pb2.RestoreProviderRequest(provider_id="primary"), timeout=5
            )
        except grpc.aio.AioRpcError as exc:
            self.wrong.append(f"a drain ended {exc.code().name}: {exc.details()}")
        self.done["drains"] += 1

    def _changed(self) -> str:
        """The configuration with something else in it."""
        config = json.loads(self._good)
        config["models"]["healthy"]["description"] = f"version {self._choice.random()}"
        config["timeouts"]["attempt"] = 0.45 + self._choice.random() / 10
        return json.dumps(config)

    def _write(self, text: str) -> None:
        """Replaces the file in one step, so that nobody reads half of it."""
        fresh = self._served.config.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(self._served.config)
