"""Fixtures: a gateway in its own process, with the sandbox."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from ringmain import Client

from tests.e2e.processes import command, free_port


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a gateway is reached.

    Attributes:
        api: By callers.
        admin: By operators.
    """

    api: str
    admin: str


@pytest.fixture(scope="module")
def gateway() -> Iterator[Addresses]:
    """The embedded default. Nobody reads its log, which under load would fill a pipe."""
    api, admin = (f"127.0.0.1:{free_port()}" for _ in range(2))
    started = command("--listen", api, "--admin-listen", admin)
    with subprocess.Popen(started, stderr=subprocess.DEVNULL) as process:
        try:
            with Client(api, wait_for_ready=True, timeout=120) as client:
                assert client.health() == "SERVING"
            yield Addresses(api, admin)
        finally:
            process.terminate()
