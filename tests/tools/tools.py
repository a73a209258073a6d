"""Tests, tools: the programs that `scripts/tools.sh` builds, and how they are run."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "build" / "tools" / "bin"
LIMIT = 300.0
"""Seconds after which a run counts as hung."""


def tool(name: str) -> str:
    """Where a tool is. Without it the test is skipped, or fails if everything must be there."""
    found = shutil.which(name, path=f"{FOLDER}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        absent(f"needs {name}: `make tools` builds it, which needs Go")
    assert found is not None
    return found


def absent(why: str) -> None:
    """Skips the test, or fails it if everything must be there."""
    if os.environ.get("RINGMAIN_REQUIRE_ALL") == "1":
        pytest.fail(why)
    pytest.skip(why)


def run(*command: str, code: int = 0, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """What a command writes, once it has ended with this code."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
        cwd=cwd,
        env=env,
        check=False,
    )
    assert done.returncode == code, f"{command[0]} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout
