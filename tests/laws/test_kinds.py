"""Every provider kind goes the whole way, and its row agrees with the wire it names."""

import importlib
import inspect
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from ringmain_server.config.wires import WIRES
from ringmain_server.kinds import KINDS

from tests.e2e.gateway import Gateway, gateway
from tests.laws.kinds import Trial, config, passes_check, trials, uphold

ALL = list(KINDS)


@dataclass(frozen=True, slots=True)
class Served:
    """A gateway over every kind."""

    gateway: Gateway
    trials: dict[str, Trial]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[Served]:
    """One gateway with a provider of every kind, and what each is tried with."""
    async with trials(KINDS.values()) as tried, gateway(config(tried)) as running:
        yield Served(running, dict(tried))


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("kind", ALL)
async def test_every_kind_goes_the_whole_way(kind: str, served: Served, tmp_path: Path) -> None:
    """A provider of every kind passes the check, is served, answers a call, and tells why one is refused."""
    trial = served.trials[kind]
    passes_check(config({kind: trial}), tmp_path)
    await uphold(kind, trial, served.gateway.channel)


@pytest.mark.parametrize("wire", sorted({kind.wire for kind in KINDS.values()}))
def test_every_wire_is_a_folder_with_a_section_of_settings(wire: str) -> None:
    """A wire has a folder of `providers/` that builds a provider from the wire's own section of settings."""
    build = importlib.import_module(f"ringmain_server.providers.{wire}").build
    taken = inspect.signature(build).parameters["settings"].annotation
    section = WIRES[wire]
    assert taken in (section, section.__name__)
