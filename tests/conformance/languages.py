"""Conformance: the languages, and how the driver of each is built and run.

`make driver-LANG` builds a driver and leaves an executable, a program or a script, at `build/drivers/LANG`.
Python's needs no building.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIRE_ALL = "RINGMAIN_REQUIRE_ALL"
"""Environment variable: an absent toolchain is a failure where it is 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language with a client.

    Attributes:
        name: As `--lang` and the make targets have it.
        title: As people write it.
        needs: Commands of its toolchain.
        builds: Whether `make driver-NAME` builds its driver.
        run: The driver's command.
    """

    name: str
    title: str
    needs: tuple[str, ...] = ()
    builds: bool = True
    run: tuple[str, ...] = ()

    @property
    def command(self) -> tuple[str, ...]:
        """What runs the driver."""
        return self.run or (str(ROOT / "build" / "drivers" / self.name),)

    @property
    def folder(self) -> Path:
        """Its client."""
        return ROOT / "clients" / self.name

    def absent(self) -> str:
        """Why its driver cannot be built here; empty if it can."""
        if not self.folder.is_dir():
            return f"clients/{self.name} is not there"
        missing = [tool for tool in self.needs if shutil.which(tool) is None]
        return f"it needs {' and '.join(missing)}" if missing else ""


LANGUAGES: Sequence[Language] = (
    Language(
        name="python",
        title="Python",
        builds=False,
        run=(sys.executable, "-m", "tests.conformance.drivers.python"),
    ),
    Language(name="go", title="Go", needs=("go",)),
    Language(name="typescript", title="TypeScript", needs=("node", "npm")),
    Language(name="java", title="Java", needs=("java", "mvn")),
    Language(name="rust", title="Rust", needs=("cargo",)),
    Language(name="cpp", title="C++", needs=("cmake", "c++")),
)
BY_NAME: Mapping[str, Language] = {language.name: language for language in LANGUAGES}


class BuildError(Exception):
    """A driver cannot be built."""


def required() -> bool:
    """Whether every language must be there."""
    return os.environ.get(REQUIRE_ALL) == "1"


async def build(language: Language) -> None:
    """Builds a driver.

    Raises:
        BuildError: That failed; the message is what make said.
    """
    if not language.builds:
        return
    process = await asyncio.create_subprocess_exec(
        "make",
        "--no-print-directory",
        f"driver-{language.name}",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode != 0:
        raise BuildError(said.decode(errors="replace")[-4000:])
    if shutil.which(language.command[0]) is None:
        raise BuildError(f"make driver-{language.name} left no {language.command[0]}")
