"""API keys over processes: what a start demands, and what workers and replicas know of each other."""

import asyncio
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import grpc
import grpc.aio
import pytest
from ringmain.admin.v1 import admin_service_pb2 as pb
from ringmain.admin.v1 import admin_service_pb2_grpc as admin_grpc
from ringmain.v1 import chat_service_pb2_grpc as chat_grpc
from ringmain_server.storage.url import Location, PostgresServer, SqliteFile

from tests.e2e.gateway import ask
from tests.e2e.keyed import operator, url_of
from tests.e2e.processes import OWN, Process, children, command, serving, shared
from tests.fakes.keys import Made
from tests.fakes.waiting import LIMIT, until

pytestmark = pytest.mark.slow

T = TypeVar("T")

PROMISED = 1.0
"""Seconds after which a revoked key works nowhere."""
WATCHED = 2.0
"""Seconds for which the test goes on to call, so that a key that works too long is seen."""


def ended(*arguments: str, **environ: str) -> tuple[int, list[str]]:
    """How `ringmain serve` ended, which cannot start, and what it said, line by line."""
    done = subprocess.run(
        command(*OWN, *arguments),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        env={**_environment(), **environ},
        check=False,
    )
    return done.returncode, done.stderr.splitlines()


def at(where: Location) -> tuple[str, str]:
    """The argument that names a database."""
    return "--set", f"storage.url={url_of(where)}"


def test_a_file_is_made_at_the_start(tmp_path: Path) -> None:
    """A gateway makes its database, with workers too, and finds it the next time."""
    path = tmp_path / "state" / "ringmain.db"
    for arguments in (shared(*at(SqliteFile(path))), [*OWN, *at(SqliteFile(path))]):
        with serving(*arguments) as process:
            process.serving()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM api_key").fetchone() == (0,)


def test_the_default_file(tmp_path: Path) -> None:
    """Where keys are enabled and no database is named, it lies in the user's state folder."""
    with serving(*OWN, "--set", "auth.keys.enabled=true", environ={"_RINGMAIN_STATE": str(tmp_path)}) as one:
        one.serving()
    assert (tmp_path / "ringmain.db").exists()


def test_a_gateway_without_keys_stores_nothing(tmp_path: Path) -> None:
    """A gateway that nobody has told to keep keys makes no file."""
    with serving(*OWN, environ={"_RINGMAIN_STATE": str(tmp_path)}) as process:
        process.serving()
    assert not list(tmp_path.iterdir())


def test_in_the_image_the_database_is_said() -> None:
    """Where there is no state folder, a start with keys says in one line what to set."""
    code, lines = ended("--set", "auth.keys.enabled=true", _RINGMAIN_STATE="")
    assert code == 1
    (line,) = lines
    assert line.startswith("error: API keys need a database")
    assert "RINGMAIN_STORAGE__URL" in line


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_a_start_demands(tmp_path: Path, workers: str) -> None:
    """Without tables, with a later schema or with a server that is away, a start ends with one line."""
    more = shared()[2:] if workers == "2" else ()
    path = tmp_path / "ringmain.db"
    (code, lines) = ended(*more, *at(SqliteFile(path)), "--set", "storage.migrate=false")
    assert (code, lines) == (1, [f"error: the database {path} has no tables yet: run `ringmain db migrate`"])
    (code, lines) = ended(*more, "--set", "storage.url=postgresql://me:secret@127.0.0.1:9/keys")
    assert code == 1
    assert len(lines) == 1
    assert lines[0].startswith("error: cannot open the database postgresql://me:********@127.0.0.1:9/keys: ")
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("CREATE TABLE alembic_version (version_num TEXT)")
        db.execute("INSERT INTO alembic_version VALUES ('9999')")
    (code, lines) = ended(*more, *at(SqliteFile(path)))
    assert code == 1
    assert len(lines) == 1
    assert "has the schema 9999, which this version does not know" in lines[0]


_MODULES = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules))))
from ringmain_server.cli import main
sys.exit(main(sys.argv[1:]))
"""


def _listing_modules(*arguments: str) -> "subprocess.Popen[str]":
    """Starts `ringmain serve`, which prints at its end what it has imported."""
    program = [sys.executable, "-c", _MODULES, "serve", *arguments]
    return subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_environment()
    )


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not re.search("API_KEY|^RINGMAIN_", name)}


@pytest.fixture(params=["none", "sqlite", "postgres"])
def perhaps(request: pytest.FixtureRequest) -> Location | None:
    """A database with the present schema, in each of the two, or none."""
    name = {"sqlite": "sqlite_file", "postgres": "postgres_database"}.get(request.param)
    found: Location | None = request.getfixturevalue(name) if name else None
    return found


async def test_what_a_serving_process_imports(perhaps: Location | None) -> None:
    """It imports neither SQLAlchemy nor alembic, and the driver of PostgreSQL only where that is used."""
    where = perhaps
    key = await operator(where) if where is not None else None
    arguments = [*OWN, *(at(where) if where is not None else ())]
    running = _listing_modules(*arguments)
    process = Process(running)
    ports = process.serving()
    if key is not None:
        async with Replica.at(ports.listen, ports.admin, key) as replica:
            made = await replica.create()
            assert await replica.accepts(made.secret)
    running.terminate()
    out, _ = running.communicate(timeout=LIMIT)
    modules = set(json.loads(out.splitlines()[-1]))
    assert "ringmain_server.app.app" in modules
    assert not {"sqlalchemy", "alembic", "mako", "platformdirs", "typer"} & modules
    assert ("asyncpg" in modules) == isinstance(where, PostgresServer)


@dataclass
class Replica:
    """A gateway on known ports, as its callers and its operators see it."""

    admin: Any
    stubs: Sequence[Any]
    key: Made
    answered: int = 0
    latest: dict[str, float] = field(default_factory=dict)
    turn: int = 0

    @classmethod
    @asynccontextmanager
    async def at(cls, port: int, admin: int, key: Made, connections: int = 1) -> AsyncIterator["Replica"]:
        """Connects to a gateway; several connections reach several of its workers."""
        async with AsyncExitStack() as stack:
            stubs = []
            for number in range(connections):
                # Else, connections of one process to one address are one.
                options = (("grpc.use_local_subchannel_pool", 1), ("ringmain.test", number))
                channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options)
                stubs.append(chat_grpc.ChatServiceStub(await stack.enter_async_context(channel)))
            operating = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{admin}"))
            yield cls(admin_grpc.AdminServiceStub(operating), stubs, key)

    async def create(self) -> pb.CreateApiKeyResponse:
        """Makes a key for asking models."""
        key = pb.ApiKey(tenant_id="acme", scopes=[pb.API_KEY_SCOPE_INFERENCE])
        made: pb.CreateApiKeyResponse = await self.admin.CreateApiKey(
            pb.CreateApiKeyRequest(key=key), metadata=self.key.bearer
        )
        return made

    async def revoke(self, key_id: str) -> None:
        """Revokes a key."""
        await self.admin.RevokeApiKey(pb.RevokeApiKeyRequest(key_id=key_id), metadata=self.key.bearer)

    async def accepts(self, key: str) -> bool:
        """Whether a call with a key is answered, by the next of the connections."""
        self.turn += 1
        stub = self.stubs[self.turn % len(self.stubs)]
        sent = time.monotonic()
        try:
            await stub.Chat(ask("sandbox/echo"), metadata=(("authorization", f"Bearer {key}"),))
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAUTHENTICATED:
                raise
            return False
        self.answered += 1
        # When it was sent, not when the answer came: what the test itself loses does not count.
        self.latest[key] = max(self.latest.get(key, 0.0), sent)
        return True

    async def keep_calling(self, keys: Sequence[str]) -> None:
        """Calls with each of these keys, again and again."""
        while True:
            for key in keys:
                await self.accepts(key)


@asynccontextmanager
async def load(replicas: Sequence[Replica], keys: Sequence[str], each: int = 4) -> AsyncIterator[None]:
    """Keeps all replicas busy; a call that fails, but for a key that does not work, fails the test."""
    calling = [asyncio.ensure_future(one.keep_calling(keys)) for one in replicas for _ in range(each)]
    try:
        yield
        for task in calling:
            if task.done():
                task.result()
    finally:
        for task in calling:
            task.cancel()
        await asyncio.wait(calling)


async def test_a_revoked_key_stops_everywhere(where: Location) -> None:
    """Under load, it works in no worker of no replica a second after it was revoked at one of them."""
    key = await operator(where)
    with serving(*shared(*at(where))) as first, serving(*shared(*at(where))) as second:
        ports = [(process.serving(), process.serving())[0] for process in (first, second)]
        async with (
            Replica.at(ports[0].listen, ports[0].admin, key, 8) as one,
            Replica.at(ports[1].listen, ports[1].admin, key, 8) as other,
        ):
            keeps = (await one.create()).secret
            for _ in range(2):
                made = await one.create()
                for replica in (one, other):
                    await until(partial(replica.accepts, made.secret))
                async with load((one, other), (made.secret, keeps)):
                    await asyncio.sleep(0.7)
                    await one.revoke(made.key.key_id)
                    revoked = time.monotonic()
                    await asyncio.sleep(WATCHED)
                for replica in (one, other):
                    assert replica.latest[made.secret] - revoked < PROMISED
                    assert replica.latest[keeps] > revoked + PROMISED
                    assert not await replica.accepts(made.secret)
            assert one.answered + other.answered > 100


async def test_workers_that_are_killed_break_nothing(where: Location) -> None:
    """Workers that die at any moment leave a database that the others and their successors go on with."""
    key = await operator(where)
    with serving(*shared(*at(where))) as process:
        ports = (process.serving(), process.serving())[0]
        async with Replica.at(ports.listen, ports.admin, key, 4) as replica:
            made = []
            for number in range(12):
                made.append(await _in_spite_of_deaths(replica.create))
                if number % 3 == 2:
                    os.kill(min(children(process.process.pid)), signal.SIGKILL)
            await _in_spite_of_deaths(partial(replica.revoke, made[0].key.key_id))

            async def settled() -> bool:
                return [await _accepted(replica, one.secret) for one in made] == [False, *[True] * 11]

            for _ in range(8):  # each of the connections and workers
                await until(settled)
    if isinstance(where, SqliteFile):
        with closing(sqlite3.connect(where.path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def _in_spite_of_deaths(call: Callable[[], Awaitable[T]]) -> T:
    """Calls until a worker that lives answers."""
    async with asyncio.timeout(LIMIT):
        while True:
            try:
                return await call()
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                await asyncio.sleep(0.05)


async def _accepted(replica: Replica, key: str) -> bool | None:
    """Whether a key works; None where its worker has just died."""
    try:
        return await replica.accepts(key)
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            raise
        return None
