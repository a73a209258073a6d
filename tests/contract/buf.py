"""Tests, contract: buf, run on the repository or on a folder of a test."""

import shutil
import subprocess
import sys
from pathlib import Path

from google.rpc import status_pb2

ROOT = Path(__file__).resolve().parents[2]
BUF = Path(sys.executable).with_name("buf")


def buf(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
    """Runs buf, which needs no network: nothing of the contract is fetched."""
    return subprocess.run([BUF, *arguments], cwd=cwd, capture_output=True, check=False, timeout=120)


def workspace(folder: Path) -> Path:
    """Copies the contract, what it imports and buf's configuration, and returns the folder of its files."""
    shutil.copytree(ROOT / "protos", folder / "protos")
    shutil.copy(ROOT / "buf.yaml", folder)
    imported = folder / "build" / "googleapis" / "google" / "rpc"
    imported.mkdir(parents=True)
    for name in ("status.proto", "error_details.proto"):
        shutil.copy(Path(status_pb2.__file__).with_name(name), imported)
    return folder / "protos" / "ringmain"


def image(folder: Path, text: str) -> bytes:
    """The image of one file of the package `ringmain.v1`."""
    file = folder / "ringmain" / "v1" / "test.proto"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'syntax = "proto3";\npackage ringmain.v1;\n{text}\n', encoding="utf-8")
    (folder / "buf.yaml").write_text("version: v2\n", encoding="utf-8")
    done = buf("build", "-o", "-", cwd=folder)
    assert not done.returncode, done.stderr.decode()
    return done.stdout
