"""Three gateways behind one headless name; one of them drains, and no call fails.

The client learns the addresses as `round_robin` wants them: from a list, or from a name server.
`round_robin/` does the same with grpc-go. Both have the service config that lies beside it. Its health
check is what makes the drain unseen: an address that is no longer ready gets no new calls. Without it, a
call that arrives just as the server closes is cancelled by gRPC itself, and nobody repeats that.
"""

import asyncio
import base64
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from ringmain import AsyncClient
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import ROLE_USER

from tests.e2e.processes import command
from tests.fakes.ports import free_port
from tests.fakes.waiting import LIMIT, until
from tests.tools.dns import name_server
from tests.tools.tools import absent, run

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
NAME = "headless.test"
AT_ONCE = 12
BEFORE, AFTER = 3.0, 1.5
"""Seconds of calls of a silent program, before one gateway is told to stop and after it has stopped."""
DRAIN_DELAY = 1.0
"""Seconds for which a gateway that was told to stop still takes calls, so that clients notice."""
CONFIG = Path(__file__).parent / "round_robin" / "service_config.json"
QUESTION = "one two three four five six"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Three gateways on one port.

    Attributes:
        port: Of all.
        gateways: One for each host.
    """

    port: int
    gateways: Sequence[asyncio.subprocess.Process]

    def drain(self, index: int) -> None:
        """Tells one to stop."""
        self.gateways[index].terminate()

    async def stopped(self, index: int) -> None:
        """Waits until one has ended, as it should."""
        async with asyncio.timeout(LIMIT):
            assert await self.gateways[index].wait() == 0


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[Cluster]:
    """Three gateways; each says in its answers which one it is."""
    port = free_port()
    async with AsyncExitStack() as stack:
        started = []
        for host in HOSTS:
            config = folder / f"{host}.json"
            provider = {"kind": "sandbox", "tokens_per_second": 20}
            model = {"candidates": [f"{host}/echo"]}
            server = {"listen": f"{host}:{port}", "admin_listen": None, "drain_delay": DRAIN_DELAY}
            settings = {"providers": {host: provider}, "models": {"demo": model}, "server": server}
            config.write_text(json.dumps(settings), encoding="utf-8")
            started.append(await stack.enter_async_context(_gateway(config)))
        for host in HOSTS:
            async with AsyncClient(f"{host}:{port}", wait_for_ready=True, timeout=LIMIT) as client:
                assert await client.health("readiness") == "SERVING"
        yield Cluster(port, started)


@asynccontextmanager
async def _gateway(config: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    log = config.with_suffix(".log")
    with log.open("wb") as told:
        process = await asyncio.create_subprocess_exec(*command("--config", str(config)), stderr=told)
    try:
        yield process
    except BaseException as error:
        error.add_note(f"{config.stem} has ended with {process.returncode}:\n{log.read_text()[-4000:]}")
        raise
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def question() -> ChatRequest:
    """What every call asks."""
    request = ChatRequest(model="demo")
    request.messages.add(role=ROLE_USER).parts.add(text=QUESTION)
    return request


class Load:
    """Calls without a pause, whole and streamed, several at once.

    Attributes:
        answered: How many answers came from each gateway.
        failures: What failed.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self.answered: Counter[str] = Counter()
        self.failures: list[str] = []
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Calls until it is stopped."""
        await asyncio.gather(*(self._caller(number) for number in range(AT_ONCE)))

    def stop(self) -> None:
        """Lets the calls that run come to their end, and makes no more."""
        self._stop.set()

    async def _caller(self, number: int) -> None:
        while not self._stop.is_set():
            try:
                provider = await (self._streamed() if number % 2 else self._whole())
            except Exception as exc:  # noqa: BLE001  whatever it is, it is a call that failed
                self.failures.append(repr(exc))
            else:
                self.answered[provider] += 1

    async def _whole(self) -> str:
        answer = await self._client.chat(question(), timeout=LIMIT)
        assert answer.text == QUESTION
        return answer.provider

    async def _streamed(self) -> str:
        stream = self._client.stream(question(), timeout=LIMIT)
        async for _ in stream.events():
            pass
        assert stream.answer.text == QUESTION
        return stream.answer.provider


async def through_a_drain(served: Cluster, target: str) -> None:
    """Loads three gateways, drains one, and goes on."""
    options = [("grpc.service_config", CONFIG.read_text(encoding="utf-8"))]
    async with AsyncClient(target, options=options) as client:
        load = Load(client)
        async with asyncio.TaskGroup() as group:
            group.create_task(load.run())
            try:
                await until(lambda: set(load.answered) == set(HOSTS))
                served.drain(1)
                await served.stopped(1)
                before = load.answered.copy()
                await until(lambda: load.answered.total() > before.total() + 2 * AT_ONCE)
            finally:
                load.stop()
    assert not load.failures, f"{len(load.failures)} of {load.answered.total()}: {load.failures[0]}"
    assert {host for host in HOSTS if load.answered[host] > before[host]} == {HOSTS[0], HOSTS[2]}


@pytest.mark.slow
async def test_over_a_list_of_addresses(tmp_path: Path) -> None:
    """Python's client goes round three addresses and loses no call when one of them drains."""
    async with cluster(tmp_path) as served:
        await through_a_drain(served, "ipv4:" + ",".join(f"{host}:{served.port}" for host in HOSTS))


@pytest.mark.slow
async def test_over_a_headless_name(tmp_path: Path) -> None:
    """Python's client goes round the addresses of a name, and loses no call when one of them drains."""
    async with cluster(tmp_path) as served, name_server(NAME, HOSTS) as dns:
        await through_a_drain(served, f"dns://127.0.0.1:{dns}/{NAME}:{served.port}")


@pytest.mark.slow
async def test_over_a_headless_name_in_go(tmp_path: Path) -> None:
    """So does grpc-go with the same service config."""
    program = await asyncio.to_thread(_built, tmp_path)
    async with cluster(tmp_path) as served, name_server(NAME, HOSTS) as dns:
        calling = await asyncio.create_subprocess_exec(
            program,
            *("--target", f"dns://127.0.0.1:{dns}/{NAME}:{served.port}"),
            *("--request", base64.b64encode(question().SerializeToString()).decode()),
            *("--callers", str(AT_ONCE)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            await asyncio.sleep(BEFORE)
            served.drain(1)
            await served.stopped(1)
            await asyncio.sleep(AFTER)
        finally:
            written, _ = await calling.communicate(b"")  # The end of its input stops it.
    report = json.loads(written)
    assert report["failures"] == []
    assert set(report["peers"]) == {f"{host}:{served.port}" for host in HOSTS}


def _built(folder: Path) -> str:
    """The Go program."""
    import shutil

    go = shutil.which("go")
    if go is None:
        absent("needs Go: https://go.dev/dl")
    assert go is not None
    program = folder / "round-robin"
    source = Path(__file__).parent / "round_robin"
    run(go, "build", "-o", str(program), ".", cwd=source, env={**os.environ, "GOFLAGS": "-mod=readonly"})
    return str(program)
