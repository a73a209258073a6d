"""The service as its own process, started as a user starts it."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.fakes import ports
from tests.fakes.waiting import LIMIT

free_port = ports.free_port


class Process:
    """A running `ringmain serve`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def line(self, event: str) -> dict[str, object]:
        """The next log line of a kind; fails when the process ends first."""
        assert isinstance(self.process.stderr, IO) or self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith("{") and (found := json.loads(line))["event"] == event:
                return dict(found)
        raise AssertionError(f"the process ended without a line {event!r}")

    def any_line(self) -> dict[str, object]:
        """The next log line of any kind."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith("{"):
                return dict(json.loads(line))
        raise AssertionError("the process ended")

    def rest(self) -> str:
        """What it still wrote to standard error, once it has ended."""
        _, errors = self.process.communicate(timeout=LIMIT)
        return errors


@contextmanager
def serving(*arguments: str, environ: dict[str, str] | None = None) -> Iterator[Process]:
    """Runs `ringmain serve` with arguments, and ends it."""
    env = {name: value for name, value in os.environ.items() if not re.search("API_KEY|^RINGMAIN_", name)}
    process = subprocess.Popen(
        command(*arguments), stderr=subprocess.PIPE, text=True, env={**env, **(environ or {})}
    )
    try:
        yield Process(process)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise


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
