"""The image's files, as its build steps made them, served by a user without rights from a read-only root."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ringmain import Client

from tests.deploy.conftest import PREFIX
from tests.deploy.files import KEYS, OVERLAYS, container, raw
from tests.e2e.processes import Process, attended
from tests.fakes.ports import free_port

IMAGE = Path(os.environ[PREFIX])
USER = "10001"

# Every mount is read-only but the folder $1, where nothing is yet; the rest is run by the image's user.
_READ_ONLY = """
mount --make-rprivate /
while read -r _ point _; do
  case $point in /proc*|/sys*|/dev*) ;; *) mount -o remount,bind,ro "$point" 2>/dev/null || true ;; esac
done < /proc/self/mounts
mount -t tmpfs -o mode=1777 tmpfs "$1"
shift
cd "$TMPDIR"
exec "$@"
"""

pytestmark = pytest.mark.slow


def _confined(folder: Path, command: list[str]) -> list[str]:
    """The command in a mount namespace of its own, as far as this machine lets one make it."""
    root = os.geteuid() == 0
    unshare = ["unshare", "--mount"] if root else ["unshare", "--user", "--map-root-user", "--mount"]
    user = (
        [
            "setpriv",
            f"--reuid={USER}",
            f"--regid={USER}",
            "--clear-groups",
            "--no-new-privs",
            "--inh-caps=-all",
            "--bounding-set=-all",
        ]
        if root
        else []
    )
    can = subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0
    return (
        [*unshare, "sh", "-c", _READ_ONLY, "sh", str(folder), *user, *command] if can else [*user, *command]
    )


def _environ(folder: Path) -> dict[str, str]:
    """What the image's ENV says, with the test's folder in place of /tmp."""
    return {
        "PATH": f"{IMAGE / 'bin'}:/usr/bin:/bin",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "_RINGMAIN_STATE": "",
    }


@contextmanager
def serving(folder: Path, *arguments: str, **environ: str) -> Iterator[Process]:
    """The image's service, as its user and on a read-only root."""
    command = _confined(folder, [str(IMAGE / "bin/ringmain"), *arguments])
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd="/", env={**_environ(folder), **environ}
    )
    with attended(process) as service:
        yield service


def _files() -> dict[str, int]:
    """Everything in the image with the time of its last change."""
    return {str(path): path.lstat().st_mtime_ns for path in IMAGE.rglob("*")}


def _arguments(port: int, config: Path) -> list[str]:
    """What the Deployment says, on free ports of this machine; its workers share the one for callers."""
    base = [each for path, each in raw() if path.parent.name == "base"]
    said: list[str] = container(base)["args"]
    here = {"0.0.0.0:50051": f"0.0.0.0:{port}", "0.0.0.0:9464": "0.0.0.0:0"}
    here["/etc/ringmain/ringmain.yaml"] = str(config)
    for there, replaced in here.items():
        said = [argument.replace(there, replaced) for argument in said]
    return [*said, "--admin-listen", f"127.0.0.1:{free_port()}"]


def _config(tmp_path: Path, overlay: str) -> Path:
    """An overlay's configuration, where the image's user may read it."""
    folder = tmp_path / "etc"
    folder.mkdir()
    for each in (tmp_path, *tmp_path.parents[:2]):
        each.chmod(0o755)
    return Path(shutil.copy(OVERLAYS / overlay / "ringmain.yaml", folder))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """The only folder that the service may write to."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


@pytest.mark.parametrize("workers", [1, 2])
def test_it_serves_from_a_read_only_root(tmp_path: Path, scratch: Path, workers: int) -> None:
    """With the Deployment's arguments it answers, is healthy, and drains on SIGTERM; no file changes."""
    before = _files()
    port = free_port()
    arguments = _arguments(port, _config(tmp_path, "dev"))
    with serving(scratch, *arguments, "--workers", str(workers)) as service:
        service.line("serving")
        with Client(f"127.0.0.1:{port}", model="smart", wait_for_ready=True, timeout=30) as client:
            assert client.chat("Hello").text
            assert list(client.stream("Hello"))
        for name in ("readiness", "liveness"):
            asked = [
                str(IMAGE / "bin/ringmain"),
                "health",
                "--service",
                name,
                "--target",
                f"127.0.0.1:{port}",
            ]
            said = subprocess.run(asked, env=_environ(scratch), capture_output=True, text=True, check=False)
            assert (said.returncode, said.stdout.strip()) == (0, "SERVING"), said.stderr
        if os.geteuid() == 0:
            status = Path(f"/proc/{service.process.pid}/status").read_text()
            assert f"Uid:\t{USER}\t{USER}" in status
            assert "CapEff:\t0000000000000000" in status
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=30) == 0
    assert _files() == before


def test_it_serves_every_provider_of_production(tmp_path: Path, scratch: Path) -> None:
    """What production's configuration names is in the image; the kinds of the clouds are, too."""
    arguments = _arguments(free_port(), _config(tmp_path, "production"))
    clouds = [
        "--set=providers.vertex.kind=vertex", "--set=providers.vertex.endpoint=127.0.0.1:9",
        "--set=providers.vertex.insecure=true", "--set=providers.vertex.project=p",
        "--set=providers.vertex.location=us-central1",
        "--set=providers.bedrock.kind=anthropic", "--set=providers.bedrock.platform=bedrock",
        "--set=providers.bedrock.location=us-east-1", "--set=providers.bedrock.api_key=k",
    ]  # fmt: skip
    with serving(scratch, *arguments, *clouds, **KEYS) as service:
        assert service.line("serving")["providers"] == [
            "anthropic", "bedrock", "local", "openai", "sandbox", "vertex",
        ]  # fmt: skip


def test_it_refuses_to_be_open_unasked(scratch: Path) -> None:
    """The image's own command ends with one line that says what it needs to be told."""
    with serving(scratch, "serve", "--listen", "0.0.0.0:50051") as service:
        errors = service.rest()
        assert service.process.returncode != 0
        assert "--allow-unauthenticated" in errors
        assert "Traceback" not in errors


@pytest.mark.parametrize("module", ["pip", "hatchling", "pytest", "grpc_tools"])
def test_it_has_nothing_to_build_with(module: str) -> None:
    """What installs and builds stays out."""
    python = str(IMAGE / "bin/python")
    found = subprocess.run([python, "-c", f"import {module}"], capture_output=True, text=True, check=False)
    assert "ModuleNotFoundError" in found.stderr


def test_it_is_compiled() -> None:
    """Nobody can write bytecode later, so the service's own modules have theirs."""
    (package,) = IMAGE.glob("lib/python3*/site-packages/ringmain_server")
    modules = [path for path in package.rglob("*.py") if "__pycache__" not in path.parts]
    assert modules
    for module in modules:
        assert list((module.parent / "__pycache__").glob(f"{module.stem}.cpython-*.pyc")), module
