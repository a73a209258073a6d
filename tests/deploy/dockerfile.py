"""Deploy: a Dockerfile as data. Pure.

It reads what https://docs.docker.com/reference/dockerfile/ calls instructions, with continued lines and
comments, and expands `ARG`s in `FROM`; heredocs it does not know.
"""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_FROM = re.compile(r"(?P<base>\S+)(?:\s+AS\s+(?P<name>\S+))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Instruction:
    """One step.

    Attributes:
        keyword: In capitals.
        text: What follows it, on one line.
    """

    keyword: str
    text: str

    def words(self) -> list[str]:
        """The arguments: of the JSON form, or split as a shell does."""
        return (
            [str(word) for word in json.loads(self.text)] if self.text[:1] == "[" else shlex.split(self.text)
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """What begins with a FROM.

    Attributes:
        name: By which later stages call it; empty if it has none.
        base: The image that it begins with, `ARG`s expanded.
        steps: What follows.
    """

    name: str
    base: str
    steps: tuple[Instruction, ...]

    def all(self, keyword: str) -> list[Instruction]:
        """The steps with this keyword."""
        return [step for step in self.steps if step.keyword == keyword]

    def last(self, keyword: str) -> Instruction:
        """The step with this keyword that counts."""
        return self.all(keyword)[-1]


def stages(text: str) -> list[Stage]:
    """The stages of a Dockerfile, in their order."""
    defaults: dict[str, str] = {}
    found: list[tuple[str, str, list[Instruction]]] = []
    for step in instructions(text):
        if step.keyword == "FROM":
            match = _FROM.fullmatch(step.text)
            assert match is not None, step.text
            base = re.sub(r"\$\{?(\w+)\}?", lambda name: defaults[name[1]], match["base"])
            found.append((match["name"] or "", base, []))
        elif found:
            found[-1][2].append(step)
        else:
            name, _, default = step.text.partition("=")
            defaults[name] = default
    return [Stage(name, base, tuple(steps)) for name, base, steps in found]


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile; comments are left out, continued lines are joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        keyword, _, rest = line.strip().partition(" ")
        if keyword:
            yield Instruction(keyword.upper(), " ".join(rest.split()) if "[" not in rest else rest.strip())


def admits(ignore: str, path: str) -> bool:
    """Whether a `.dockerignore` lets a file into the build's context.

    Args:
        ignore: Its text. Later lines win; `!` lets in; `*` is anything but a slash, `**/` any folders.
        path: Of the file, from the context's root.
    """
    patterns = [line for line in ignore.splitlines() if line and not line.startswith("#")]
    admitted = True
    for pattern in patterns:
        if _matches(pattern.removeprefix("!"), path):
            admitted = pattern.startswith("!")
    return admitted


def _matches(pattern: str, path: str) -> bool:
    """Whether a pattern names a file or a folder above it."""
    expression = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    return re.fullmatch(f"{expression}(?:/.*)?", path) is not None


def sources(copy: Instruction) -> tuple[Sequence[str], str]:
    """What a COPY from the context takes, and where it puts it."""
    *taken, target = [word for word in copy.words() if not word.startswith("--")]
    return taken, target
