"""The way from git clone to the first token is measured by a guide's own commands."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.conformance.first_token import TOKEN, NoGuide, NoToken, Steps, answering, guide, script, steps
from tests.conformance.languages import LANGUAGES, Language
from tests.fakes.waiting import LIMIT

GUIDE = """
# Guide

<!-- first-token -->
```console
$ git clone https://example.org/ringmain.git   # a minute
$ make -C ringmain \\
    run &
$ ask --model sandbox/chat
```
"""


def test_the_commands_of_a_guide() -> None:
    """Prompts, comments and continuations are taken out."""
    assert steps(GUIDE) == Steps(
        "git clone https://example.org/ringmain.git",
        "make -C ringmain      run",
        "ask --model sandbox/chat",
    )


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("<!-- first-token -->", "", "no block"),
        ("sandbox/chat", "sandbox/chat\n$ true", "4 commands"),
        ("$ git clone", "$ cd here; git clone", "not git clone"),
        (" &", "", "not a gateway's"),
        ("$ ask", "$ build && ask", "counts as several"),
    ],
)
def test_more_than_three_commands(old: str, new: str, why: str) -> None:
    """A guide has three commands, none of which is several."""
    with pytest.raises(NoGuide, match=why):
        steps(GUIDE.replace(old, new))


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_every_language_has_three_commands(language: Language) -> None:
    """Each guide can be measured, and all start the same gateway, which is measured once."""
    assert guide(language).gateway == "make -C ringmain run"


def test_no_guide() -> None:
    """A language without a guide says so."""
    with pytest.raises(NoGuide, match=r"no docs/guides/cobol\.md"):
        guide(Language(name="cobol", title="COBOL"))


def test_what_is_a_token() -> None:
    """An answer of the sandbox, not the name of its model."""
    assert TOKEN.search(b"Hello from the sandbox. I have")
    assert TOKEN.search(b"A word from the sandbox: I have")
    assert not TOKEN.search(b'$ ringmain chat --model sandbox/chat "Hello"')


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with an answer in it."""
    repository = tmp_path / "a repository"
    git = ("git", "-C", str(repository), "-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    (repository / "answer").write_text("A word from the sandbox:\n")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "An answer"], check=True)
    return repository


async def test_what_is_run(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository is cloned, without what a make above would tell the newcomer's."""
    monkeypatch.setenv("MAKEFLAGS", "-- ARGS=--first-token")
    source = script("sh -c 'cat ringmain/answer$MAKEFLAGS'", str(repository))
    async with answering(source, limit=LIMIT) as seconds:
        assert 0 < seconds < LIMIT


async def test_what_goes_on_is_ended() -> None:
    """The clock stops at the answer, and what the commands started ends with the measurement."""
    began = time.monotonic()
    async with answering("sleep 600 & echo the sandbox; wait", limit=LIMIT):
        pass
    # It waits until nobody has its output open any more: the sleeper has ended, too.
    assert time.monotonic() - began < 300


@pytest.mark.parametrize("source", ["echo no answer; echo this is why >&2", "echo this is why; sleep 60"])
async def test_no_token(source: str) -> None:
    """Commands that end without an answer, or never end, are a failure that shows what they wrote."""
    with pytest.raises(NoToken, match=r"(?s)no token.*this is why"):
        async with answering(source, limit=0.5):
            pass
