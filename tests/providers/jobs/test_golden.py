"""The image services' wires, by golden files."""

from typing import Any

import pytest

from tests.providers.jobs.golden import JobGolden, goldens, played
from tests.providers.jobs.test_services import MODELS

ALL = goldens()


@pytest.mark.parametrize("golden", ALL, ids=[one.name for one in ALL])
def test_exchanges(golden: JobGolden) -> None:
    """A request is sent, and its answers are read, as its golden file shows."""
    expected: dict[str, Any] = {
        name: golden.content[name] for name in ("response", "refused") if name in golden.content
    }
    expected["steps"] = golden.content.get("steps", [])
    assert played(golden) == expected


def test_every_service_has_files() -> None:
    """No service goes without."""
    assert {one.content["kind"] for one in ALL} == MODELS.keys()
