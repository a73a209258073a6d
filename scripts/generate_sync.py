"""Generates the threaded half of the Python client from its asyncio half, or checks the committed one.

Usage: generate_sync.py [--check], from the repository's root.

`unasync` drops `async` and `await` and replaces names. This script names the files, replaces what docstrings
say about asyncio, and formats the result as `make format` would. Code that differs between the halves is
written by hand in `_io_async.py` and `_io_sync.py`.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import unasync

PACKAGE = Path("clients/python/ringmain")
BUILD = Path("build/sync")
MODULES = {"aio.py": "client.py", "aio_media.py": "media.py"}
HEADER = "# Generated from {source} by scripts/generate_sync.py (`make generate`); do not edit.\n"

# Names beyond those that unasync knows. Iterators replace generators, as callers need no more than that.
NAMES = {"_io_async": "_io_sync", "aio_media": "media", "AsyncGenerator": "Iterator"}

# Sentences that are only right of one half. Each must occur in one of the sources.
SENTENCES = {
    "over asyncio. `client` is generated from this module.": "over threads.",
    "over asyncio. `media` is generated from this module.": "over threads.",
    "A client of the gateway for one event loop. Make it inside the loop.": (
        "A client of the gateway. Threads may share it."
    ),
    "is left, the task is cancelled, or the stream is dropped.": "is left, or the stream is dropped.",
    "iterate over the previews, then await `images()`.": "iterate over the previews, then read `images`.",
    "Returns the pictures, after it has read whatever the loop left unread.": (
        "The pictures. Whatever the loop left unread is read first."
    ),
}

# Patterns to replace after `unasync` has changed the code: words of asyncio, which only docstrings and
# messages still have, and types that have one parameter where those of asyncio have two.
REMAINDERS = {
    r"\basync (?=with\b|for\b)": "",
    r"\bawait ": "",
    r"\bAsync(?=[A-Z])": "",
    r"\bIterator\[(\w+), None\]": r"Iterator[\1]",
}


def generate(source: str, target: str) -> str:
    """Returns the threaded twin of a module."""
    text = (PACKAGE / source).read_text(encoding="utf-8")
    ours = {f"Async{name}": name for name in re.findall(r"\bAsync([A-Z]\w*)", text)}
    rule = unasync.Rule(str(PACKAGE / source), str(BUILD / target), {**ours, **NAMES})
    unasync.unasync_files([str(PACKAGE / source)], [rule])
    text = (BUILD / target).read_text(encoding="utf-8")
    for asynchronous, synchronous in SENTENCES.items():
        text = text.replace(asynchronous, synchronous)
    for pattern, replacement in REMAINDERS.items():
        text = re.sub(pattern, replacement, text)
    return formatted(HEADER.format(source=source) + text, PACKAGE / target)


def formatted(text: str, path: Path) -> str:
    """Returns Python code as ruff formats it, with its imports sorted."""
    ruff = Path(sys.executable).with_name("ruff")
    for command in (["check", "--quiet", "--fix-only", "--select", "I"], ["format", "--quiet"]):
        arguments: list[str | Path] = [ruff, *command, "--stdin-filename", path, "-"]
        text = subprocess.run(arguments, input=text, stdout=subprocess.PIPE, text=True, check=True).stdout
    return text


def check_sentences() -> None:
    """Stops the program if a sentence to replace is in no source anymore."""
    sources = "".join((PACKAGE / source).read_text(encoding="utf-8") for source in MODULES)
    for sentence in SENTENCES:
        if sentence not in sources:
            raise SystemExit(f"scripts/generate_sync.py replaces a sentence that no source has: {sentence}")


def main(*, check: bool) -> None:
    """Generates the threaded modules, or checks the committed ones."""
    check_sentences()
    stale = False
    for source, target in MODULES.items():
        fresh, committed = generate(source, target), PACKAGE / target
        if check and fresh != committed.read_text(encoding="utf-8"):
            stale = True
            print(f"stale: {committed}: run 'make generate-python' and commit the result", file=sys.stderr)
        elif not check:
            committed.write_text(fresh, encoding="utf-8")
    if stale:
        raise SystemExit(1)
    print("The threaded half of the Python client is what the asyncio half gives.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    main(check=parser.parse_args().check)
