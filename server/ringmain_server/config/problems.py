"""Configuration: mistakes, and how they are shown to people."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from ringmain_server.text.excerpt import excerpt

_ESCAPED = 10
"""Most characters of the escape for a character that cannot be printed."""

# The path of a setting in the tree: names in mappings, indexes in lists.
Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The place where a value was written.

    Attributes:
        source: A file's name, an environment variable or a flag.
        line: The line in a file, from 1, None when unknown.
    """

    source: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake whose place in the file is not looked up yet. `at` makes a `Problem` of it.

    Attributes:
        keys: The path of the setting.
        message: A description of the mistake. It never contains a secret.
        hint: A correction, empty if none is known.
    """

    keys: Keys
    message: str
    hint: str = ""

    def at(self, place: Place) -> "Problem":
        """Returns the problem with its place, for people to read."""
        return Problem(dotted(self.keys), place.line, cut(self.message, 500), self.hint, place.source)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the configuration.

    Attributes:
        path: The setting, such as `models.demo.candidates[0]`. Empty for the whole file.
        line: The line in the file, from 1, None when unknown.
        message: A description of the mistake. It never contains a secret.
        hint: A correction, empty if none is known.
        source: The file, environment variable or flag it was read from.
    """

    path: str
    line: int | None
    message: str
    hint: str = ""
    source: str = ""

    def __str__(self) -> str:
        """Returns one line: `ringmain.yaml:3: server.lisen: unknown key (did you mean listen?)`."""
        where = self.source if self.line is None else f"{self.source}:{self.line}"
        start = ": ".join(part for part in (where, self.path, self.message) if part)
        return f"{start} ({self.hint})" if self.hint else start


class ConfigError(Exception):
    """The configuration has mistakes. All of them are listed.

    Attributes:
        problems: Every mistake, in the order of the file's lines.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        """Returns a heading and one line for each mistake, for a terminal."""
        count = len(self.problems)
        heading = "1 mistake" if count == 1 else f"{count} mistakes"
        lines = [f"The configuration has {heading}:", *(f"  {p}" for p in self.problems)]
        return "\n".join(lines)


def cut(text: str, most: int = 100) -> str:
    """Returns the beginning of a text of the file, with escapes for characters that cannot be printed."""
    return excerpt(text[:most], most * _ESCAPED) + ("…" if len(text) > most else "")


def dotted(keys: Keys) -> str:
    """Returns keys as a path for people: `models.demo.candidates[0]`."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += f".{cut(key)}" if text else cut(key)
    return text


def suggestion(word: str, known: Iterable[str]) -> str:
    """Returns a hint with the nearest known word, or with all known words if none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(cut(word).lower().replace("-", "_"), names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return cut(f"known: {', '.join(names)}", 1000) if names else ""
