"""What docs/operations.md says of figures, commands, metrics and files."""

import re

import pytest
import typer
from ringmain_server.cli.root import app

from tests.bench import results
from tests.bench.providers import OPENAI
from tests.deploy.files import ROOT

PAGE = (ROOT / "docs/operations.md").read_text()


def test_the_table_of_sizing_has_the_benchmarks_limits() -> None:
    """Each row that has a limit has the one that `make bench ARGS=--check` enforces."""
    kinds = [results.STARTUP, results.STARTUP_ALL, results.RSS_IDLE, results.RSS_IDLE_ALL, results.LEAK]
    kinds += [results.cpu_and_rate(OPENAI, load)[0] for load in ("unary", "burst", "paced")]
    rows = dict(re.findall(r"^\| ([^|]+) \| ≤ ([^|]+) \|", PAGE, re.MULTILINE))
    assert rows == {kind.label: f"{kind.limit:g} {kind.unit}" for kind in kinds}


@pytest.mark.parametrize("name", sorted(set(re.findall(r"(?:^|`|-- )ringmain ([a-z]+)", PAGE, re.MULTILINE))))
def test_commands_exist(name: str) -> None:
    """Each command that operators are told to run is there."""
    assert name in typer.main.get_command(app).commands  # type: ignore[attr-defined]


def test_metrics_exist() -> None:
    """Each metric that operators are told to watch is one that the service has."""
    source = (ROOT / "server/ringmain_server/telemetry/metrics.py").read_text()
    named = {name.removesuffix("_total") for name in re.findall(r"ringmain_[a-z_]+[a-z]", PAGE)}
    assert named
    assert not [name for name in named if name not in source]


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(deploy/[\w./-]+)", PAGE))))
def test_files_exist(path: str) -> None:
    """Each file that the page names is there."""
    assert (ROOT / path).exists()


def test_links_within_the_page_lead_somewhere() -> None:
    """Each anchor is that of a heading, as GitHub makes it."""
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= anchors
