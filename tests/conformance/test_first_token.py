"""The way from git clone to the first token is measured by a guide's own commands."""

import pytest

from tests.conformance.first_token import NoGuide, commands, guide, measure, script
from tests.conformance.languages import Language

GUIDE = """
# Guide

<!-- first-token -->
```console
$ git clone https://example.org/ringmain.git   # a minute
$ sleep 60 & \\
    true
$ sleep 0.2 && echo token
```
"""


def test_the_commands_of_a_guide() -> None:
    """Prompts, comments and continuations are taken out; there are at most three commands."""
    assert commands(GUIDE) == [
        "git clone https://example.org/ringmain.git",
        "sleep 60 &      true",
        "sleep 0.2 && echo token",
    ]
    with pytest.raises(NoGuide):
        commands("# Guide\n")
    with pytest.raises(ValueError, match="4 commands"):
        commands(GUIDE.replace("    true", "    true\n$ true"))


def test_the_script() -> None:
    """The address of the clone is replaced, and only the last command writes to standard output."""
    assert script(["git clone https://x", "cat"], "/here there") == (
        "set -e\nexec 3>&1 1>&2\ngit clone --quiet /here there\ncat >&3\n"
    )


async def test_the_clock_stops_at_the_first_byte() -> None:
    """What runs beside the last command does not hold the clock up."""
    text = GUIDE.replace("$ git clone https://example.org/ringmain.git   # a minute", "$ echo not this")
    assert 0.2 <= await measure(text, "unused", limit=20) < 10


async def test_no_token() -> None:
    """Commands that end without a token, or never end, are a failure."""
    for last in ("true", "sleep 60"):
        text = f"<!-- first-token -->\n```sh\n{last}\n```\n"
        with pytest.raises(RuntimeError, match="no token"):
            await measure(text, "unused", limit=0.3)


def test_no_guide() -> None:
    """A language without a guide says so."""
    with pytest.raises(NoGuide, match="COBOL"):
        guide(Language(name="cobol", title="COBOL"))
