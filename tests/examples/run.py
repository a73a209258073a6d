"""Examples: runs blocks, each language in its way, against a gateway with the sandbox.

Blocks of a page share a folder, in which they run one after the other, so that a block may use what an
earlier one left. A command that would serve for ever (`ringmain serve`) is ended once it serves, and serves
on ports of its own.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.examples.blocks import Block, UnknownLanguage, commands
from tests.examples.languages import COMPILED, Commands, Compiled
from tests.fakes.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 600.0
"""Seconds for one block: the first of a language builds its client."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the blocks of a page run.

    Attributes:
        folder: The working directory.
        target: The gateway's address.
        environment: Of every process.
    """

    folder: Path
    target: str
    environment: Mapping[str, str]


class Failed(Exception):
    """A block did not run as it stands; the message is what it wrote."""


def run(block: Block, place: Place) -> None:
    """Runs a block.

    Raises:
        Failed: It does not do.
        UnknownLanguage: Nothing runs its language.
    """
    compiled = COMPILED.get(block.language)
    if compiled is not None:
        _compiled(block, place, compiled)
        return
    runner = _RUNNERS.get(block.language)
    if runner is None:
        raise UnknownLanguage(
            f"nothing runs {block.language or 'a block without a language'}: make it ```text, or put "
            "<!-- not run: REASON --> before it"
        )
    runner(block, place)


def execute(place: Place, *command: str, folder: Path | None = None, limit: float = LIMIT) -> str:
    """What a command writes, within a limit in seconds.

    Raises:
        Failed: It ended with another code than 0, or not at all.
    """
    with subprocess.Popen(
        command,
        cwd=folder or place.folder,
        env={**os.environ, **place.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired as exc:
            os.killpg(process.pid, signal.SIGKILL)  # and what it started
            raise Failed(f"{command[-1]}\ndid not end within {limit:.0f} s") from exc
    if process.returncode != 0:
        raise Failed(f"{command[-1]}\nended with {process.returncode}:\n{said[-4000:]}")
    return said


def _python(block: Block, place: Place) -> None:
    file = place.folder / f"block{block.line}.py"
    file.write_text(_here(block.code, place), encoding="utf-8")
    execute(place, sys.executable, "-W", "error", str(file))


def _console(block: Block, place: Place) -> None:
    for command in commands(_here(block.code, place)):
        if _SERVE.search(command):
            _serve(place, command)
        elif not block.fails:
            _shell(place, command)
        else:
            _must_fail(place, command)


def _shell(place: Place, command: str) -> None:
    execute(place, "bash", "-euo", "pipefail", "-c", _PRELUDE + command)


def _must_fail(place: Place, command: str) -> None:
    try:
        _shell(place, command)
    except Failed:
        return
    raise Failed(f"{command}\nended with 0, but it is said to fail")


def _serve(place: Place, command: str) -> None:
    """Starts a gateway, waits until it says that it serves, and ends it.

    Raises:
        Failed: It does not serve, or does not end with 0.
    """
    listen = ("LISTEN", "ADMIN_LISTEN", "METRICS_LISTEN")
    ports = {f"RINGMAIN_SERVER__{name}": f"127.0.0.1:{free_port()}" for name in listen}
    env = {**os.environ, **place.environment, **ports, "RINGMAIN_LOG__FORMAT": "json"}
    with subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        cwd=place.folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if '"event":"serving"' in line:
                break
        process.terminate()
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()  # and say so by its exit code
    if process.returncode != 0:
        raise Failed(f"{command}\nended with {process.returncode}:\n{said}")


def _here(code: str, place: Place) -> str:
    """The code with the gateway's address in place of the default one."""
    return code.replace(DEFAULT, place.target)


DEFAULT = "127.0.0.1:50051"
_SERVE = re.compile(r"^(\S*/)?ringmain serve\b")
_PRELUDE = f"""
make() {{ command make -C {ROOT} "$@"; }}
"""
"""Makes belong to the checkout, wherever the block runs."""


def _configuration(suffix: str) -> Callable[[Block, Place], None]:
    def check(block: Block, place: Place) -> None:
        file = place.folder / f"ringmain.{suffix}"
        file.write_text(block.code, encoding="utf-8")
        execute(place, sys.executable, "-m", "ringmain_server", "config", "check", str(file))

    return check


_RUNNERS: Mapping[str, Callable[[Block, Place], None]] = {
    "python": _python,
    "console": _console,
    "sh": _console,
    "bash": _console,
    "yaml": _configuration("yaml"),
    "json": _configuration("json"),
    "toml": _configuration("toml"),
}


def _compiled(block: Block, place: Place, language: Compiled) -> None:
    _prepare(language.prepare)
    folder = place.folder / f"block{block.line}"
    for name, text in language.files(_here(block.code, place), ROOT).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for command in language.commands(ROOT):
        execute(place, *command, folder=folder)


@cache
def _prepare(commands: Commands) -> None:
    for command in commands:
        execute(Place(ROOT, "", {}), *command)


_TOOLS = re.compile(
    r"^(?:\$ )?(grpcurl|ghz|grpc-health-probe|kubectl|helm|npm|cargo|go|mvn|cmake|git)\b", re.MULTILINE
)


def absent(block: Block, place: Place) -> str:
    """What a block needs and is absent; empty if nothing is."""
    if block.language in COMPILED:
        return COMPILED[block.language].absent(ROOT)
    if _RUNNERS.get(block.language) is not _console:
        return ""
    tools = dict.fromkeys(_TOOLS.findall(block.code))
    return ", ".join(tool for tool in tools if shutil.which(tool, path=place.environment["PATH"]) is None)
