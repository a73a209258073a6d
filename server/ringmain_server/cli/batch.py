"""Command line: does many pieces of work at once, with progress, and reports failures.

Files are written whole or not at all, so a file that exists is complete: the same command again continues
where
the last one stopped.
"""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol

import typer

_PANEL = "Many at once"


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchFlags:
    """Flags of commands that work on many inputs."""

    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", "-j", metavar="N", min=1, max=64, rich_help_panel=_PANEL, help="How many at once."
        ),
    ] = 4
    again: Annotated[
        bool,
        typer.Option("--again", rich_help_panel=_PANEL, help="Make files that are there already anew."),
    ] = False
    report: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", rich_help_panel=_PANEL, help="Write what failed to this file, as lines of JSON."
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class BatchWork:
    """One piece of work.

    Attributes:
        name: Its name in messages.
        run: Does it and returns a line to show, or nothing.
        target: The file that exists once it is done, None for none.
    """

    name: str
    run: Callable[[], str]
    target: Path | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A piece of work that failed, and the reason."""

    name: str
    why: str


class Progress(Protocol):
    """Shows how far the work is."""

    def done(self, text: str) -> None:
        """Counts a piece that is done, and shows `text` unless it is empty."""
        ...


def run(works: Sequence[BatchWork], flags: BatchFlags, *, quiet: bool = False) -> int:
    """Does all work and returns the exit code: 0, or 1 if any failed. A failure does not stop the others.

    Args:
        works: The work.
        flags: How many at once, and what to do with existing files.
        quiet: Whether to show no lines, as for work whose answers go to standard output.
    """
    left = [work for work in works if flags.again or work.target is None or not work.target.exists()]
    if len(left) < len(works):
        _note(f"{len(works) - len(left)} of {len(works)} are there already (--again makes them anew)")
    failed: list[Failed] = []
    with progress(len(left), quiet=quiet) as shown:
        for work, result in _each(left, flags.jobs):
            if isinstance(result, Failed):
                failed.append(result)
                shown.done(f"{work.name}: failed: {result.why}")
            else:
                shown.done(result and f"{work.name}: {result}" if len(works) > 1 else result)
    _report(failed, len(works), flags.report)
    return 1 if failed else 0


def _each(works: Sequence[BatchWork], jobs: int) -> Iterator[tuple[BatchWork, str | Failed]]:
    """Yields each piece with its result as it ends. After an interruption, no more are started."""
    following = iter(works)
    running: dict[Future[str | Failed], BatchWork] = {}
    pool = ThreadPoolExecutor(jobs)
    try:
        while True:
            # No more than the pool can run are submitted, so that an interruption leaves none waiting.
            while len(running) < jobs and (work := next(following, None)) is not None:
                running[pool.submit(_attempt, work)] = work
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()
    finally:
        # Reached by Ctrl-C too: what runs is not waited for, so that the command ends at once.
        pool.shutdown(wait=False, cancel_futures=True)


def _attempt(work: BatchWork) -> str | Failed:
    from ringmain import RingmainError

    from ringmain_server.cli.failures import CommandFailure

    try:
        return work.run()
    except RingmainError as exc:
        return Failed(work.name, f"{exc.reason or exc.code.name}: {exc.message}")
    except CommandFailure as exc:
        return Failed(work.name, exc.message.removeprefix("error: "))
    except OSError as exc:
        return Failed(work.name, f"{exc.strerror or exc}: {exc.filename}" if exc.filename else str(exc))


@contextlib.contextmanager
def progress(total: int, *, quiet: bool = False) -> Iterator[Progress]:
    """Shows a bar on a terminal if there are several pieces of work, otherwise a line for each piece."""
    if total > 1 and sys.stderr.isatty():
        with _bar(total) as bar:
            yield bar
    else:
        yield _Lines(quiet)


@dataclass(frozen=True, slots=True)
class _Lines:
    quiet: bool

    def done(self, text: str) -> None:
        if text and not self.quiet:
            _note(text)


@contextlib.contextmanager
def _bar(total: int) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("working", total=total)

        class Shown:
            def done(self, text: str) -> None:
                bar.advance(task)
                if text:
                    bar.console.print(text, markup=False, highlight=False)

        yield Shown()


def _report(failed: Sequence[Failed], total: int, name: str | None) -> None:
    if name is not None:
        lines = "".join(json.dumps({"name": one.name, "error": one.why}) + "\n" for one in failed)
        Path(name).write_text(lines, encoding="utf-8")
    if failed and total > 1:
        _note(f"{len(failed)} of {total} failed:")
        for one in failed:
            _note(f"  {one.name}: {one.why}")
    elif failed:
        _note(f"error: {failed[0].why}")


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
