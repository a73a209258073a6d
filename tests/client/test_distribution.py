"""The client's distribution: what an empty environment gets with it, and how the service's belongs to it."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, cast

import pytest
from packaging.requirements import Requirement

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients/python"
LIMIT_MB = 25
BROUGHT = {"grpcio", "protobuf", "googleapis-common-protos", "typing-extensions"}
"""Beside the client itself; the last one is grpcio's."""


def _project(folder: Path) -> dict[str, Any]:
    document = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    return cast("dict[str, Any]", document["project"])


def _needed(requirements: list[str]) -> Iterator[str]:
    """The distributions that these and everything they need name, for this interpreter, without extras."""
    for requirement in map(Requirement, requirements):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name
            yield from _needed(metadata.requires(requirement.name) or [])


def _size(name: str) -> int:
    """The bytes of what an installed distribution brought, bytecode included."""
    files = metadata.files(name)
    assert files, name
    paths = [Path(str(file.locate())) for file in files]
    return sum(path.stat().st_size for path in paths if path.is_file())


def test_the_client_needs_no_dependency_of_the_service() -> None:
    """It brings gRPC and protobuf with their messages, and nothing of what the service is made of."""
    assert set(_needed(_project(CLIENT)["dependencies"])) == BROUGHT


@pytest.mark.slow
def test_the_client_alone_is_small(tmp_path: Path) -> None:
    """Installed and compiled as pip does it, with all that it needs, it takes no more than is promised."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheels, target = tmp_path / "wheels", tmp_path / "site-packages"
    build: list[str | Path] = ["wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", wheels, CLIENT]
    subprocess.run([*pip, *build], check=True)
    install: list[str | Path] = ["install", "--no-index", "--no-deps", "--target", target, *wheels.iterdir()]
    subprocess.run([*pip, *install], check=True)
    assert {path.name.partition("-")[0] for path in target.iterdir()} == {"ringmain"}
    ours = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    megabytes = (ours + sum(map(_size, BROUGHT))) / 1e6
    assert megabytes <= LIMIT_MB, f"{megabytes:.1f} MB"


def test_the_extras_lead_to_the_service() -> None:
    """Each extra of the service is one of the client, and both are always of one version."""
    client, service = _project(CLIENT), _project(ROOT)
    version = client["version"]
    assert service["version"] == version
    assert f"ringmain=={version}" in service["dependencies"]
    extras = {name: [f"ringmain-server[{name}]=={version}"] for name in service["optional-dependencies"]}
    del extras["dev"]
    assert client["optional-dependencies"] == {"cli": [f"ringmain-server=={version}"], **extras}
