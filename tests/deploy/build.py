"""Deploy: `python -m tests.deploy.build FOLDER` makes below FOLDER what the image holds, without an engine.

It plays the build stage of the Dockerfile: COPY takes what `.dockerignore` admits, RUN runs, with FOLDER/opt
in place of /opt. As an engine does, it runs nothing again whose instructions and files have not changed.
"""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.deploy.dockerfile import Instruction, Stage, admits, sources, stages
from tests.deploy.files import ROOT


def build(folder: Path, stage: Stage) -> None:
    """Plays a stage.

    Args:
        folder: Gets `src`, the working folder, and `opt`.
        stage: Knows COPY from the context, RUN of one command, and WORKDIR.

    Raises:
        CalledProcessError: A command failed.
    """
    source, layers = folder / "src", folder / "layers"
    shutil.rmtree(source, ignore_errors=True)
    known = layers.read_text().split() if layers.exists() else []
    ran: list[str] = []
    seen = hashlib.sha256(sys.version.encode())
    for step in stage.steps:
        seen.update(f"{step.keyword} {step.text}".encode())
        if step.keyword == "COPY":
            for path, target in copied(step):
                seen.update(f"{target}\0".encode() + path.read_bytes())
                (source / target).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, source / target)
        elif step.keyword == "RUN":
            ran.append(seen.hexdigest())
            if ran != known[: len(ran)]:
                known = []
                _run(step, folder)
                layers.write_text("\n".join(ran))


def copied(copy: Instruction) -> Iterator[tuple[Path, Path]]:
    """The files that a COPY takes, each with its place below the working folder."""
    ignore = (ROOT / ".dockerignore").read_text()
    taken, target = sources(copy)
    for name in taken:
        top = ROOT / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and admits(ignore, path.relative_to(ROOT).as_posix()):
                within = (
                    path.relative_to(top)
                    if top.is_dir()
                    else Path(path.name)
                    if target[-1] == "/"
                    else Path()
                )
                yield path, Path(target) / within


def _run(step: Instruction, folder: Path) -> None:
    command = [word.replace("/opt/", f"{folder / 'opt'}/") for word in step.words()]
    print("$", *command, flush=True)
    subprocess.run(command, cwd=folder / "src", env={**os.environ, "PYTHON": interpreter()}, check=True)


def interpreter() -> str:
    """An interpreter that every user may run: this one's own, or one of the system's where it is private."""
    here = os.path.realpath(sys.executable)
    fit = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
    for name in (here, "python3.13", "python3.12", "python3.11", "python3"):
        path = os.path.realpath(shutil.which(name, path="/usr/local/bin:/usr/bin") or here)
        if _for_everyone(Path(path)) and subprocess.run([path, "-c", fit], check=False).returncode == 0:
            return path
    return here


def _for_everyone(path: Path) -> bool:
    return all(each.stat().st_mode & stat.S_IXOTH for each in (path, *path.parents))


if __name__ == "__main__":
    where = Path(sys.argv[1]).resolve()
    where.mkdir(parents=True, exist_ok=True)
    build(where, stages((ROOT / "deploy/Dockerfile").read_text())[0])
