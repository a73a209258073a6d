"""Fixtures: a gateway in its own process, with the sandbox."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.processes import OWN, serving


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
    with serving(*OWN) as service:
        ports = service.serving()
        yield Addresses(f"127.0.0.1:{ports.listen}", f"127.0.0.1:{ports.admin}")
