"""Storage: a database of a PostgreSQL server, by asyncpg.

House rules:

* A process has one connection for what is here, however many calls it serves. It is made when it is needed,
  and made anew when it broke: a server that restarts is no reason to restart the gateway.
* Whatever goes wrong, the connection is given up: after a failover the old one may lead to a server that no
  longer takes writes.
* Nothing is prepared under a name, so that a proxy such as PgBouncer may stand in between.
"""

import asyncio
from collections.abc import Sequence
from contextlib import closing, suppress
from typing import Final, TypeVar

import asyncpg

from ringmain_server.errors import StoreUnavailable
from ringmain_server.storage.database import OneAtATime
from ringmain_server.storage.problems import StorageProblem
from ringmain_server.storage.statements import Row, Statement, Transaction, Work
from ringmain_server.storage.url import PostgresServer

T = TypeVar("T")

CHANNEL: Final = "ringmain_api_key"
"""The channel on which the first migration's trigger tells of changes."""

_CONNECT: Final = 5.0
"""Seconds that a connection may take."""
_COMMAND: Final = 10.0
"""Seconds that a statement may take."""
_LONGEST: Final = 20.0
"""Seconds after which a transaction counts as hung."""
_LOOK: Final = 0.5
"""Seconds between two looks for changes of other processes, which usually tell of them earlier."""

FAILURES: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""The exceptions of asyncpg for a server that is away, refuses or breaks off."""


async def connect(where: PostgresServer) -> asyncpg.Connection:
    """Connects to a server.

    Raises:
        StorageProblem: It cannot be reached, or refuses; the message says why.
    """
    try:
        return await asyncpg.connect(
            where.dsn,
            timeout=_CONNECT,
            command_timeout=_COMMAND,
            statement_cache_size=0,
            server_settings={"application_name": "ringmain"},
        )
    except (*FAILURES, ValueError) as exc:  # ValueError: the address cannot be read
        raise StorageProblem(f"cannot open the database {where}: {reason(exc)}") from exc


def reason(exc: BaseException) -> str:
    """Returns why a server cannot be reached, in a line."""
    if isinstance(exc, TimeoutError):
        return "it does not answer"
    return " ".join(str(exc).split()) or type(exc).__name__


async def revision(db: asyncpg.Connection) -> str | None:
    """Returns the revision of a database's schema, None where there is none."""
    if await db.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    found: str | None = await db.fetchval("SELECT version_num FROM alembic_version")
    return found


async def run(db: asyncpg.Connection, work: Work[T]) -> T:
    """Runs a transaction, and undoes it if it fails."""
    async with db.transaction(isolation="read_committed"):  # whatever the server's default is
        return await _result(db, work())


async def _result(db: asyncpg.Connection, transaction: Transaction[T]) -> T:
    with closing(transaction):
        try:
            statement = next(transaction)
            while True:
                statement = transaction.send(await _rows(db, statement))
        except StopIteration as end:
            result: T = end.value
            return result


async def _rows(db: asyncpg.Connection, statement: Statement) -> Sequence[Row]:
    if statement.each is None:
        return [tuple(row) for row in await db.fetch(statement.dollars, *statement.values)]
    await db.executemany(statement.dollars, statement.each)
    return ()


class PostgresDatabase:
    """A database of a server.

    Args:
        where: Its address.
    """

    def __init__(self, where: PostgresServer) -> None:
        self._where = where
        self._db: asyncpg.Connection | None = None
        self._listening: asyncpg.Connection | None = None
        self._turns = OneAtATime(_LONGEST)
        self._news = asyncio.Event()

    async def read(self, work: Work[T]) -> T:
        """Runs a transaction that only reads; see `Database`."""
        return await self._run(work)

    async def write(self, work: Work[T]) -> T:
        """Runs a transaction; see `Database`."""
        return await self._run(work)

    async def pause(self) -> None:
        """Waits until the server tells of a change, or for a moment where nothing has changed."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), _LOOK)
        self._news.clear()

    async def close(self) -> None:
        """Closes the connection."""
        db, self._db = self._db, None
        if db is not None:
            with suppress(*FAILURES):
                await db.close(timeout=1)

    async def _run(self, work: Work[T]) -> T:
        try:
            return await self._turns.run(lambda: self._transact(work))
        except TimeoutError as exc:
            raise StoreUnavailable("the database does not answer") from exc

    async def _transact(self, work: Work[T]) -> T:
        try:
            return await run(await self._connected(), work)
        except (*FAILURES, StorageProblem) as exc:
            self._give_up()
            raise StoreUnavailable("the database cannot be reached") from exc

    async def _connected(self) -> asyncpg.Connection:
        if self._db is None or self._db.is_closed():
            self._db = await connect(self._where)
        if self._listening is not self._db:
            await self._db.add_listener(CHANNEL, self._told)
            self._listening = self._db
        return self._db

    def _give_up(self) -> None:
        db, self._db, self._listening = self._db, None, None
        if db is not None:
            db.terminate()

    def _told(self, *_: object) -> None:
        self._news.set()
