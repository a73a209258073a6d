"""Every provider kind goes the whole way, and its row agrees with the wire it names."""

import importlib
import inspect
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import ringmain_server
from ringmain_server.config.wires import WIRES
from ringmain_server.kinds import KINDS

from tests.e2e.gateway import Gateway, gateway
from tests.laws.kinds import KindCase, config, passes_check, trials, uphold

ROOT = Path(__file__).parents[2]
ALL = list(KINDS)
_BEGIN = "_ROWS: tuple[Kind, ...] = (\n"


@dataclass(frozen=True, slots=True)
class Served:
    """A gateway over every kind."""

    gateway: Gateway
    trials: dict[str, KindCase]


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


def test_a_preset_is_one_row_of_one_file(tmp_path: Path) -> None:
    """The row that the documentation adds makes a kind that goes the whole way, and touches no other file."""
    package = Path(ringmain_server.__file__).parent
    copy = tmp_path / package.name
    copy.mkdir()
    for entry in package.iterdir():
        if entry.name not in ("kinds", "__pycache__"):
            (copy / entry.name).symlink_to(entry)
    shutil.copytree(package / "kinds", copy / "kinds")
    table = copy / "kinds" / "table.py"
    table.write_text(table.read_text().replace(_BEGIN, _BEGIN + _documented_row()))
    command = [sys.executable, "-m", "tests.laws.kinds", "acme"]
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "ok: providers: 3, models: 0\n"), done.stderr


def _documented_row() -> str:
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    row = page.partition("```python\n")[2].partition("```")[0]
    return f"{row.rstrip()},\n"
