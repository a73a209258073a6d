"""Conformance: how long a newcomer to a language waits for the first streamed token.

Measured are the commands of the language's guide, as they stand there: the first fenced block after

    <!-- first-token -->

in `docs/guides/LANG.md`. It has three commands: a `git clone` of any address, which is answered by a clone of
this checkout's last commit; what starts a gateway, with `&`; and what builds the client and streams from it.

The gateway is the same for every language, so it is set up once, in a clone of its own, and is measured for
itself: it streams a first answer, too. Each language then clones anew and asks that gateway. The clock stops
when the sandbox's answer begins on standard output.
"""

import asyncio
import os
import re
import shlex
import signal
import socket
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import IO, NamedTuple

from tests.conformance.languages import ROOT, Language

LIMIT = 600.0
"""Seconds after which a newcomer has left."""
PATIENCE = 60.0
"""Seconds that what was started may take to end."""
PORTS = (50051, 50052)
"""Where a gateway listens that nobody configured."""
TOKEN = re.compile(rb"\bsandbox(?![/\w])")
"""Of the sandbox's first sentence, whichever it chooses; a model's name has a slash behind it."""
_BLOCK = re.compile(r"^<!-- first-token -->\n+```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_CLONE = re.compile(r"^git clone \S+$")
_SEVERAL = re.compile(r"&&|;|\||&$")
# What a make above, this checkout's Python or a configuration of the gateway would change for a newcomer.
_OURS = re.compile(r"^(MAKE|MFLAGS|GNUMAKE|RINGMAIN_|VIRTUAL_ENV|PYTHONPATH|ARGS$)|API_KEY")


class NoGuide(Exception):
    """A language has no commands that could be measured."""


class NoToken(Exception):
    """A guide's commands did not come to an answer; the message has what they wrote last."""


class Steps(NamedTuple):
    """The commands of a guide.

    Attributes:
        clone: It is always `git clone` and an address.
        gateway: What serves, without the `&`.
        client: What streams an answer.
    """

    clone: str
    gateway: str
    client: str


def steps(text: str) -> Steps:
    """The commands of a guide; pure. Prompts, comments and line continuations are taken out.

    Raises:
        NoGuide: There are none, more or fewer than three, or several in one line.
    """
    found = _BLOCK.search(text)
    if found is None:
        raise NoGuide("it has no block after <!-- first-token -->")
    joined = found[1].replace("\\\n", " ").splitlines()
    lines = [re.sub(r"^\$ |(^|\s+)# .*$", "", line).strip() for line in joined]
    made = [line for line in lines if line]
    if len(made) != len(Steps._fields):
        raise NoGuide(f"it has {len(made)} commands, not three")
    clone, gateway, client = made
    if not _CLONE.match(clone):
        raise NoGuide(f"its first command is not git clone ADDRESS: {clone}")
    if not gateway.endswith(" &"):
        raise NoGuide(f"its second command is not a gateway's, with &: {gateway}")
    parts = Steps(clone, gateway.removesuffix(" &"), client)
    for part in parts:
        if _SEVERAL.search(part):
            raise NoGuide(f"this counts as several commands: {part}")
    return parts


def script(command: str, address: str) -> str:
    """What bash runs: a clone, then a command; pure.

    Args:
        command: Of a guide.
        address: What is cloned in place of the guide's address.
    """
    return f"set -e\ngit clone --quiet {shlex.quote(address)} ringmain\nexec {command}\n"


def guide(language: Language) -> Steps:
    """The commands of a language's guide.

    Raises:
        NoGuide: There are none.
    """
    page = ROOT / "docs" / "guides" / f"{language.name}.md"
    if not page.exists():
        raise NoGuide(f"there is no {page.relative_to(ROOT)}")
    return steps(page.read_text(encoding="utf-8"))


@asynccontextmanager
async def answering(source: str, *, limit: float = LIMIT) -> AsyncIterator[float]:
    """Runs a script in an empty folder until an answer begins, and ends it when the context is left.

    Args:
        source: For bash.
        limit: Seconds after which it has failed.

    Yields:
        The seconds that it took.

    Raises:
        NoToken: It ended without an answer, or took too long.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ringmain-newcomer-") as folder,
        tempfile.TemporaryFile() as errors,
    ):
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", source),
            cwd=folder,
            env={name: value for name, value in os.environ.items() if not _OURS.search(name)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        try:
            said = await _said(process, limit)
            seconds = time.monotonic() - began
            if not TOKEN.search(said):
                raise NoToken(f"no token within {seconds:.0f} s\n{_tail(said, errors)}")
            yield seconds
        finally:
            await _end(process)


async def _said(process: asyncio.subprocess.Process, limit: float) -> bytes:
    """What a process writes until an answer begins, it ends, or its time is over."""
    assert process.stdout is not None
    said = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(limit):
            while not TOKEN.search(said) and (piece := await process.stdout.read(4096)):
                said += piece
    return said


def _tail(said: bytes, errors: IO[bytes]) -> str:
    errors.seek(0)
    return "\n".join(text.decode(errors="replace")[-2000:] for text in (said, errors.read()))


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends a process with all that it started, and waits until nothing of it writes any more."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await process.communicate()
                return


def gateway(language: Language) -> AbstractAsyncContextManager[float]:
    """A gateway as a guide starts it; yields the seconds to the first token that it streams itself.

    Raises:
        NoGuide: The guide has no commands.
        NoToken: It does not serve, or another one does.
    """
    for port in PORTS:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                raise NoToken(f"127.0.0.1:{port} is taken, where the guides' gateway would listen")
    return answering(script(guide(language).gateway, str(ROOT)))


async def of_language(language: Language) -> float:
    """Seconds from the clone to a language's first token, with a gateway that serves already.

    Raises:
        NoGuide: Its guide has no commands.
        NoToken: They failed.
    """
    async with answering(script(guide(language).client, str(ROOT))) as seconds:
        return seconds
