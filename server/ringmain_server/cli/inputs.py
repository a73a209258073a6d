"""Command line: collects many inputs from arguments, globs, and lines of a file."""

import glob
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ringmain_server.cli.failures import USAGE, CommandFailure


def files(arguments: Sequence[str], lines: str | None) -> list[str]:
    """Returns the named files, in order, each once.

    Args:
        arguments: Paths, addresses and globs; `**` matches folders at any depth.
        lines: A file with one of them on each line, `-` for standard input; None for none.

    Raises:
        Failure: A path or glob matches nothing, or the file of lines cannot be read.
    """
    found: dict[str, None] = {}
    for argument in (*arguments, *read_lines(lines)):
        for name in _expanded(argument):
            found[name] = None
    if not found:
        raise CommandFailure(
            "error: no file is given: name files or globs, or a list with --from", code=USAGE
        )
    return list(found)


def texts(arguments: Sequence[str], lines: str | None) -> list[str]:
    """Returns the given texts: arguments, lines of a file, or what is piped in.

    Raises:
        Failure: There is none, or the file of lines cannot be read.
    """
    found = [*arguments, *read_lines(lines)]
    if not found and lines is None and not sys.stdin.isatty():
        piped = sys.stdin.read().strip()
        found = [piped] if piped else []
    if not found:
        raise CommandFailure(
            "error: no text is given: write it, pipe it in, or name a list with --from", code=USAGE
        )
    return found


def read_lines(name: str | None) -> list[str]:
    """Returns the lines of a file that are not empty; `-` is standard input.

    Raises:
        Failure: The file cannot be read.
    """
    if name is None:
        return []
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise CommandFailure(f"error: --from: cannot read {name}: {exc}", code=USAGE) from exc
    return [line.strip() for line in text.splitlines() if line.strip()]


def is_address(name: str) -> bool:
    """Whether a name is an address, which the gateway or a provider fetches."""
    return name.startswith(("https://", "gs://"))


def _expanded(argument: str) -> Iterator[str]:
    if is_address(argument) or Path(argument).is_file():
        yield argument
        return
    # Not by pathlib, which refuses absolute patterns.
    found = [name for name in sorted(glob.glob(argument, recursive=True)) if Path(name).is_file()]  # noqa: PTH207
    if not found:
        raise CommandFailure(f"error: no such file: {argument}", code=USAGE)
    yield from found
