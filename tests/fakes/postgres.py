"""Tests, fakes: PostgreSQL servers, started from the distribution, each in a folder of its own.

A server listens on a Unix domain socket of its folder alone. It refuses to run as root, so a test of root's
runs it as the user `postgres`.
"""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from tests.fakes.waiting import LIMIT

_USER = "postgres"
# What survives a cut of the power costs time, and no test cuts it.
_FAST = (
    "fsync=off",
    "full_page_writes=off",
    "listen_addresses=",
    "max_connections=60",
)


def installed() -> Path | None:
    """The folder with PostgreSQL's programs; None where it is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if found := shutil.which("postgres"):
        folders.append(Path(found).parent)
    return folders[-1] if folders else None


class PostgresFake:
    """A server that runs, or does not.

    Args:
        folder: The folder of its data and its socket.
        programs: The folder of its programs.
    """

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None
        self._as_user: Callable[[list[str]], list[str]] = _as_postgres if os.geteuid() == 0 else list
        self._run("initdb", "-D", str(folder / "data"), "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync")

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://{_USER}@/{database}?host={self._folder}"

    def database(self, template: str = "template1") -> str:
        """Makes a database, and returns its address."""
        name = f"test_{uuid.uuid4().hex}"
        _run(self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        return self.url(name)

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        command = [
            str(self._programs / "postgres"),
            "-D",
            str(self._folder / "data"),
            "-k",
            str(self._folder),
        ]
        command += [part for setting in _FAST for part in ("-c", setting)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._as_user(command), stdout=log, stderr=log)
        _run(self._answering())

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Ends it: at once, as if it had crashed, unless a signal is given."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(LIMIT)

    def signal(self, number: signal.Signals) -> None:
        """Stops it and all its processes, or lets them go on."""
        assert self._process is not None
        pid = self._process.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for process in (pid, *map(int, listed)):
            with suppress(ProcessLookupError):
                os.kill(process, number)

    async def _answering(self) -> None:
        async with asyncio.timeout(LIMIT):
            while True:
                try:
                    return await self._execute("SELECT 1")
                except (OSError, asyncpg.PostgresError):
                    await asyncio.sleep(0.02)

    async def _execute(self, sql: str) -> None:
        db = await asyncpg.connect(self.url(_USER))
        try:
            await db.execute(sql)
        finally:
            await db.close()

    def _run(self, program: str, *arguments: str) -> None:
        command = self._as_user([str(self._programs / program), *arguments])
        subprocess.run(command, check=True, capture_output=True, timeout=LIMIT, cwd=self._folder)


@contextmanager
def postgres() -> Iterator[PostgresFake]:
    """A server of the test's own. Without PostgreSQL the test is skipped, or fails if nothing may skip."""
    programs = installed()
    if programs is None:
        why = "needs PostgreSQL, which the distribution's package `postgresql` brings"
        if os.environ.get("RINGMAIN_REQUIRE_ALL") == "1":
            pytest.fail(why)
        pytest.skip(why)
    # Not pytest's folder: the name of a socket may have 107 characters, and another user has to get there.
    folder = Path(tempfile.mkdtemp(prefix="ringmain-postgres-"))
    try:
        if os.geteuid() == 0:
            user = pwd.getpwnam(_USER)
            os.chown(folder, user.pw_uid, user.pw_gid)
        server = PostgresFake(folder, programs)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(work: Coroutine[None, None, None]) -> None:
    """Runs a coroutine in a thread, since the caller may be in an event loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def _as_postgres(command: list[str]) -> list[str]:
    return ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups", "--", *command]
