"""Conformance: how long a newcomer to a language waits for the first streamed token.

Measured are the commands of the language's guide, as they stand there: the first fenced block after

    <!-- first-token -->

in `docs/guides/LANG.md`, or else in `clients/LANG/README.md`. It has at most three commands, the first a
`git clone` of any address, which is answered by a clone of this checkout's last commit. The last command
streams an answer: the clock stops at the first byte that it writes. A command that ends in `&` goes on beside
the others, as a gateway does.
"""

import asyncio
import os
import re
import signal
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress

from tests.conformance.languages import ROOT, Language

LIMIT = 900.0
"""Seconds after which a newcomer has left."""
MOST_COMMANDS = 3
_BLOCK = re.compile(r"^<!-- first-token -->\n+```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_CLONE = re.compile(r"^git clone (\S+)")


class NoGuide(Exception):
    """A language has no commands to measure."""


def commands(text: str) -> list[str]:
    """The commands of a guide; pure. Prompts, comments and line continuations are taken out.

    Raises:
        NoGuide: There are none.
        ValueError: There are more than three.
    """
    found = _BLOCK.search(text)
    if found is None:
        raise NoGuide("it has no block after <!-- first-token -->")
    joined = found[1].replace("\\\n", " ").splitlines()
    lines = [re.sub(r"^\$ |(^|\s+)# .*$", "", line).strip() for line in joined]
    made = [line for line in lines if line]
    if len(made) > MOST_COMMANDS:
        raise ValueError(f"it has {len(made)} commands, not at most {MOST_COMMANDS}")
    return made


def script(lines: Sequence[str], clone: str) -> str:
    """What bash runs; pure. Only the last command writes to standard output.

    Args:
        lines: The commands.
        clone: What stands in place of the address of `git clone`.
    """
    *first, last = (_CLONE.sub(lambda found: f"git clone --quiet {clone}", line) for line in lines)
    return "\n".join(["set -e", "exec 3>&1 1>&2", *first, f"{last} >&3", ""])


def guide(language: Language) -> str:
    """The text that has the commands.

    Raises:
        NoGuide: There is none.
    """
    for file in (ROOT / "docs" / "guides" / f"{language.name}.md", language.folder / "README.md"):
        if file.exists() and _BLOCK.search(file.read_text(encoding="utf-8")):
            return file.read_text(encoding="utf-8")
    raise NoGuide(f"no guide for {language.title} has commands to measure")


async def measure(text: str, clone: str, *, limit: float = LIMIT) -> float:
    """Seconds from the first command of a guide to the first byte of the last.

    Args:
        text: The guide.
        clone: What is cloned: a path, and the folder's name if it is to be another.
        limit: Seconds after which it has failed.

    Raises:
        NoGuide: It has no commands.
        RuntimeError: The commands ended without a token, or took too long.
    """
    source = script(commands(text), clone)
    with tempfile.TemporaryDirectory(prefix="ringmain-newcomer-") as folder:
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", source),
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(limit):
                token = await process.stdout.read(1)
        except TimeoutError:
            token = b""
        finally:
            # What runs beside the last command ends with it.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            await process.wait()
    if not token:
        raise RuntimeError(f"no token within {time.monotonic() - began:.0f} s")
    return time.monotonic() - began


async def of_language(language: Language) -> float:
    """Seconds to the first token of a language.

    Raises:
        NoGuide: Its guide has no commands.
        RuntimeError: They failed.
    """
    return await measure(guide(language), f"{ROOT} ringmain")
