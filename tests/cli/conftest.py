"""Fixtures: a scripted gateway, and the command line in this process or in one of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from ringmain_server.cli.root import app
from typer.testing import CliRunner, Result

from tests.client.gateway import Gateway

_OURS = "RINGMAIN_"


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without what would configure the command line or a provider."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_OURS) and "API_KEY" not in k}
    return {**kept, "COLUMNS": "200", "TERM": "dumb", **more}


@dataclass(slots=True)
class CommandLine:
    """Runs commands against a target."""

    target: str
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def __call__(self, *args: str, piped: str | None = None, **env: str) -> Result:
        """Runs a command in this process; `piped` is its standard input."""
        cleared: Mapping[str, str | None] = {name: None for name in os.environ if name.startswith(_OURS)}
        environment = {**cleared, "RINGMAIN_TARGET": self.target, "COLUMNS": "200", **env}
        return CliRunner().invoke(app, args, input=piped, env=environment)

    def start(
        self,
        *args: str,
        stdin: int = subprocess.PIPE,
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
    ) -> "subprocess.Popen[str]":
        """Starts a command as a process of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "ringmain_server", *args],
            env=clean_environment(RINGMAIN_TARGET=self.target),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
        )
        self.processes.append(process)
        return process


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway whose answers the test scripts."""
    with Gateway(lambda server: server.add_insecure_port("127.0.0.1:0")).serving() as serving:
        yield serving


@pytest.fixture
def process_of() -> Iterator[Callable[[str], CommandLine]]:
    """Command lines for any target, whose processes end with the test."""
    made: list[CommandLine] = []

    def make(target: str) -> CommandLine:
        made.append(CommandLine(target))
        return made[-1]

    yield make
    for process in (process for line in made for process in line.processes):
        process.kill()
        process.communicate()


@pytest.fixture
def ringmain(gateway: Gateway, process_of: Callable[[str], CommandLine]) -> CommandLine:
    """The command line with the scripted gateway as its target."""
    return process_of(gateway.target)
