"""Command line: chooses the files that answers are written to."""

import re
from collections.abc import Sequence
from pathlib import Path

from ringmain_server.cli.failures import USAGE, CommandFailure

_WORD = re.compile(r"[^\w.-]+")
_LONGEST = 60


def target_of(output: str | None, source: str, suffix: str, *, alone: bool, taken: set[Path]) -> Path:
    """Returns the file for the answer to a source.

    Args:
        output: The file that the user named, or a folder for many; None means the current folder.
        source: A path or a text, from which a name is made.
        suffix: The file's suffix, with its dot.
        alone: Whether there is only one source.
        taken: Files of other sources; this one is added.

    Raises:
        Failure: Several sources would go into one file.
    """
    named = Path(output) if output else None
    if named is not None and alone and not named.is_dir():
        found = named if named.suffix else named.with_suffix(suffix)
    else:
        if named is not None and named.suffix and not named.is_dir():
            raise CommandFailure(
                f"error: several answers do not fit into {output}: name a folder", code=USAGE
            )
        folder = named or Path()
        folder.mkdir(parents=True, exist_ok=True)
        found = _free(folder / f"{_stem(source)}{suffix}", taken)
    taken.add(found)
    return found


def numbered(target: Path, count: int) -> Sequence[Path]:
    """Returns the files of several pictures of one description: `fox-1.png`, `fox-2.png`."""
    if count == 1:
        return [target]
    return [target.with_name(f"{target.stem}-{number}{target.suffix}") for number in range(1, count + 1)]


def _stem(source: str) -> str:
    """Makes a file's name from a path or from words."""
    name = (
        Path(source).stem if (len(source) < _LONGEST * 4 and "/" in source) or Path(source).suffix else source
    )
    return _WORD.sub("-", name).strip("-.")[:_LONGEST] or "answer"


def _free(path: Path, taken: set[Path]) -> Path:
    """Returns the path, with a number added if another source of this command has it."""
    found, number = path, 2
    while found in taken:
        found, number = path.with_name(f"{path.stem}-{number}{path.suffix}"), number + 1
    return found
