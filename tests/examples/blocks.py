"""Examples: the code blocks of a Markdown page. Pure.

A block is fenced; its language is the first word after the fence. What does not run says so: its language is
`text`, or an HTML comment before it gives the reason:

    <!-- not run: it needs a provider's key -->

What must fail says that too: each of its commands must end with another code than 0.

    <!-- fails: the sandbox plays a failure -->

Languages that are shown for reading alone (`proto`, `mermaid`, …) are of `UNRUN`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(
    r"^(?:<!-- (?P<note>[^\n]*?) -->\n+)?"
    r"^(?P<fence>```+)(?P<language>[\w+-]*)[^\n]*\n(?P<code>.*?)^(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)
_NOT_RUN = re.compile(r"not run: (?P<reason>.+)")
_FAILS = re.compile(r"fails: .+")
UNRUN = frozenset({"text", "proto", "protobuf", "mermaid", "diff", "makefile"})


class UnknownLanguage(Exception):
    """A block is of no language that is run, and does not say why it should not be."""


@dataclass(frozen=True, slots=True)
class Block:
    """A code block.

    Attributes:
        page: The page's path, from the root of the repository.
        line: Of its first line of code.
        language: In lower case; empty if it names none.
        code: What stands in it.
        reason: Why it is not run; empty if it is.
        fails: Whether its commands must fail.
    """

    page: str
    line: int
    language: str
    code: str
    reason: str = ""
    fails: bool = False

    @property
    def name(self) -> str:
        """Where it stands."""
        return f"{self.page}:{self.line}"


def blocks(page: str, text: str) -> Iterator[Block]:
    """The blocks of a page, in their order.

    Args:
        page: Its path.
        text: Its Markdown.
    """
    for found in _FENCE.finditer(text):
        language = found["language"].lower()
        note = _NOT_RUN.fullmatch(found["note"] or "")
        reason = note["reason"] if note else ""
        if not reason and language in UNRUN:
            reason = f"{language} is for reading"
        line = text.count("\n", 0, found.start("code")) + 1
        fails = _FAILS.fullmatch(found["note"] or "") is not None
        yield Block(page, line, language, found["code"], reason, fails)


def commands(code: str) -> Iterator[str]:
    """The commands of a console session, without what they print.

    Lines that begin with `$ ` are commands, with those that follow a backslash; where none does, all lines
    are one script.
    """
    lines = code.splitlines()
    if not any(line.startswith("$ ") for line in lines):
        yield code
        return
    gathered = ""
    for line in lines:
        if gathered or line.startswith("$ "):
            gathered += line if gathered else line[2:]
            if gathered.endswith("\\"):
                gathered += "\n"
                continue
            yield gathered
            gathered = ""
