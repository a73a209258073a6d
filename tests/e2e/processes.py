"""The service as its own process, started as a user starts it."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.ports import free_port
from tests.fakes.waiting import LIMIT

ANY = "127.0.0.1:0"
OWN = ("--listen", ANY, "--admin-listen", ANY)
"""The arguments of a gateway that says in its log on which ports it listens."""

_ADDRESSES = ("listen", "admin_listen", "metrics_listen")


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a gateway listens; 0 for nowhere.

    Attributes:
        listen: For callers.
        admin: For operators.
        metrics: For Prometheus.
    """

    listen: int
    admin: int
    metrics: int


class Process:
    """A running `ringmain serve`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._said: list[str] = []
        self._rest = ""

    def line(self, event: str) -> dict[str, object]:
        """The next log line of a kind; fails when the process ends first."""
        while (found := self.any_line())["event"] != event:
            pass
        return found

    def any_line(self) -> dict[str, object]:
        """The next log line of any kind; fails when the process ends first."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._said.append(line)
            if line.startswith("{"):
                return dict(json.loads(line))
        raise AssertionError("the process ended")

    def serving(self) -> Ports:
        """The ports of the next process that serves."""
        line = self.line("serving")
        return Ports(*(port_of(line[name]) for name in _ADDRESSES))

    def rest(self) -> str:
        """What it still wrote to standard error, once it has ended."""
        _, self._rest = self.process.communicate(timeout=LIMIT)
        return self._rest

    def end(self) -> None:
        """Ends it, if it runs, and fails if that takes too long."""
        self.process.terminate()
        try:
            self.rest()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.rest()
            raise

    def told(self) -> str:
        """How it ended, and the end of what it wrote to standard error, for the message of a failure."""
        said = "".join((*self._said, self._rest))
        return f"the gateway ended with {self.process.returncode}:\n{said[-4000:]}"


def port_of(address: object) -> int:
    """The port in an address of the log; 0 where it has none."""
    port = str(address).rpartition(":")[2]
    return int(port) if port.isdecimal() else 0


@contextmanager
def serving(*arguments: str, environ: Mapping[str, str] | None = None) -> Iterator[Process]:
    """Runs `ringmain serve` with arguments, and ends it."""
    env = {name: value for name, value in os.environ.items() if not re.search("API_KEY|^RINGMAIN_", name)}
    process = subprocess.Popen(
        command(*arguments), stderr=subprocess.PIPE, text=True, env={**env, **(environ or {})}
    )
    with attended(process) as service:
        yield service


@contextmanager
def attended(process: subprocess.Popen[str]) -> Iterator[Process]:
    """Ends a gateway's process with the block; a failure of the block tells how it ended."""
    service = Process(process)
    try:
        yield service
    except BaseException as error:
        when = "Before the test ended it," if process.poll() is not None else "When the test ended it,"
        service.end()
        error.add_note(f"{when} {service.told()}")
        raise
    service.end()


def shared(*more: str, port: int = 0) -> list[str]:
    """The arguments of a gateway of two workers, which have to know the ports that they share."""
    listen, admin = (f"127.0.0.1:{known or free_port()}" for known in (port, 0))
    return ["--listen", listen, "--admin-listen", admin, "--workers", "2", *more]


def command(*arguments: str) -> Sequence[str]:
    """The command line that serves."""
    return [sys.executable, "-m", "ringmain_server", "serve", *arguments]


def fetch(port: int, path: str) -> str:
    """The body of a page of loopback."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=LIMIT) as response:
        return str(response.read().decode())


def children(pid: int) -> set[int]:
    """The processes that a process started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return {int(child) for child in listed.split()}


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
