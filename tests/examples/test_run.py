"""Blocks run, and those that cannot say why."""

import os
import sys
from pathlib import Path

import pytest

from tests.examples.blocks import Block, UnknownLanguage
from tests.examples.languages import COMPILED
from tests.examples.run import ROOT, Failed, Place, absent, execute, run
from tests.fakes.waiting import until


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder; nothing listens at its target."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return Place(tmp_path, "127.0.0.1:9", {"PATH": path})


def block(language: str, code: str, *, fails: bool = False) -> Block:
    """A block."""
    return Block("p.md", 1, language, code, fails=fails)


def test_blocks_share_a_folder(place: Place) -> None:
    """A block finds what an earlier one left, and the gateway's address in place of the default."""
    run(block("sh", "echo 127.0.0.1:50051 > address\n"), place)
    run(block("console", "$ grep -x 127.0.0.1:9 address\n"), place)
    run(block("python", "import pathlib; assert pathlib.Path('address').exists()\n"), place)


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "raise SystemExit(3)"),
        ("console", "$ true\n$ false\n"),
        ("sh", "false | true"),
        ("yaml", "providers: {x: {kind: nothing}}"),
        ("console", "$ ringmain serve --config absent.yaml\n"),
    ],
)
def test_a_failure_is_told(place: Place, language: str, code: str) -> None:
    """What ends with another code than 0 has failed."""
    with pytest.raises(Failed, match="ended with"):
        run(block(language, code), place)


async def test_what_does_not_end_is_ended(place: Place) -> None:
    """A block that runs too long has failed, and nothing that it started is left."""
    with pytest.raises(Failed, match="did not end within 1 s"):
        execute(place, "bash", "-c", "sleep 60 & echo $! > child; wait", limit=1.0)
    child = (place.folder / "child").read_text().strip()
    await until(lambda: _is_over(int(child)))


def _is_over(pid: int) -> bool:
    """Whether a process has ended, though nobody may have asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_what_must_fail(place: Place) -> None:
    """A block that is said to fail must."""
    run(block("sh", "false", fails=True), place)
    with pytest.raises(Failed, match="said to fail"):
        run(block("sh", "true", fails=True), place)


def test_a_configuration_is_checked_and_served(place: Place) -> None:
    """A block of YAML is a configuration, which a later block can serve; that is ended once it serves."""
    run(block("yaml", "models: {demo: {candidates: [sandbox/chat]}}\n"), place)
    run(block("console", "$ ringmain serve --config ringmain.yaml\n"), place)


@pytest.mark.parametrize("language", ["", "cobol"])
def test_unknown_languages_are_refused(place: Place, language: str) -> None:
    """A block of a language that nothing runs must say that it is not run."""
    with pytest.raises(UnknownLanguage, match="not run: REASON"):
        run(block(language, "x"), place)


def test_what_is_absent(place: Place, tmp_path: Path) -> None:
    """Tools and toolchains that are absent are named."""
    nowhere = Place(tmp_path, "", {"PATH": str(tmp_path)})
    assert absent(block("console", "$ grpcurl list\n"), nowhere) == "grpcurl"
    assert absent(block("console", "$ true\n"), nowhere) == ""
    assert absent(block("python", ""), nowhere) == ""
    assert COMPILED["go"].absent(tmp_path) == "clients/go is not there"


@pytest.mark.parametrize("language", sorted(COMPILED))
def test_projects_of_compiled_languages(language: str) -> None:
    """Each compiled language's project has the block's code, once its client is there."""
    compiled = COMPILED[language]
    if not (ROOT / "clients" / compiled.client).is_dir():
        assert compiled.absent(ROOT)
        return
    files = compiled.files("the code", ROOT)
    assert "the code" in files.values()
    assert all(len(command) > 0 for command in compiled.commands(ROOT))
