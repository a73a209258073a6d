"""Fixtures: a gateway in its own process, with the sandbox."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.processes import serving


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
    """The embedded default."""
    listen = ("--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-format", "json")
    with serving(*listen) as process:
        line = process.line("serving")
        yield Addresses(str(line["listen"]), str(line["admin_listen"]))
