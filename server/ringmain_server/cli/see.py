"""Command line: `ringmain see` asks about pictures; `ringmain read` turns documents into Markdown."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ringmain_server.cli.batch import BatchFlags
from ringmain_server.cli.command import command
from ringmain_server.cli.connection import ConnectionFlags, connected

if TYPE_CHECKING:
    from ringmain import Client

_MODEL = "A model that sees. Default: RINGMAIN_MODEL, else the first listed."


@dataclass(frozen=True, kw_only=True, slots=True)
class SeeFlags:
    """Flags of `ringmain see`."""

    words: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE... QUESTION", show_default=False, help="Pictures or globs, and last the question."
        ),
    ] = field(default_factory=list)
    lines: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE", help="A picture on each line; `-` is standard input."),
    ] = None
    model: Annotated[str | None, typer.Option("--model", "-m", metavar="NAME", help=_MODEL)] = None
    each: Annotated[
        bool, typer.Option("--each", help="Ask about each picture by itself, not about all together.")
    ] = False
    detail: Annotated[
        Literal["low", "high"] | None, typer.Option(help="How closely the model looks at the pictures.")
    ] = None
    max_tokens: Annotated[int | None, typer.Option(metavar="N", min=1, help="The most tokens to write.")] = (
        None
    )


def see(flags: SeeFlags, batch: BatchFlags, connection: ConnectionFlags) -> int:
    """Ask a question about pictures: `ringmain see a.jpg b.jpg "What differs?"`."""
    from ringmain_server.cli.batch import BatchWork, run
    from ringmain_server.cli.choice import chosen_model
    from ringmain_server.cli.failures import USAGE, CommandFailure
    from ringmain_server.cli.inputs import files

    if not flags.words or Path(flags.words[-1]).is_file():
        raise CommandFailure("error: nothing is asked: the last word is the question", code=USAGE)
    *named, question = flags.words
    pictures = files(named, flags.lines)
    with connected(connection) as client:
        model, note = chosen_model(client, flags.model, "vision")
        if note:
            print(note, file=sys.stderr)
        groups = [[one] for one in pictures] if flags.each else [pictures]
        works = [
            BatchWork(", ".join(group), _seeing(client, group, question, model, flags)) for group in groups
        ]
        return run(works, batch)


def _seeing(
    client: "Client", pictures: list[str], question: str, model: str, flags: SeeFlags
) -> Callable[[], str]:
    def ask() -> str:
        from ringmain_server.cli.summary import money, tokens

        answer = client.vision.analyze(
            pictures, question, model=model, detail=flags.detail, max_output_tokens=flags.max_tokens
        )
        head = f"{pictures[0]}: " if flags.each else ""
        print(f"{head}{answer.text}", flush=True)
        cost = money(answer.usage.cost_nano_usd if answer.usage.HasField("cost_nano_usd") else None)
        return f"{answer.provider}/{answer.provider_model} · {tokens(answer.usage)} · {cost}"

    return ask


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadFlags:
    """Flags of `ringmain read`."""

    documents: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]...", show_default=False, help="PDF, DOCX, PPTX, HTML or pictures, or globs."
        ),
    ] = None
    lines: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE", help="A document on each line; `-` is standard input."),
    ] = None
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE|FOLDER", help="Where the Markdown goes. Default: standard output."
        ),
    ] = None
    model: Annotated[str | None, typer.Option("--model", "-m", metavar="NAME", help=_MODEL)] = None
    mode: Annotated[
        Literal["text", "page"],
        typer.Option(
            help="`text` takes the text and describes pictures; `page` shows each page to the model."
        ),
    ] = "text"
    prompt: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What to ask of each page or picture.")
    ] = None
    first_page: Annotated[int, typer.Option(metavar="N", min=1, help="The first page to read.")] = 1


def read(flags: ReadFlags, batch: BatchFlags, connection: ConnectionFlags) -> int:
    """Turn documents into Markdown, with their pictures described.

    A reading that was interrupted continues at its next page when the same command is given again.
    """
    from ringmain_server.cli.batch import BatchWork, run
    from ringmain_server.cli.choice import chosen_model
    from ringmain_server.cli.failures import USAGE, CommandFailure
    from ringmain_server.cli.inputs import files
    from ringmain_server.cli.reading import Reading
    from ringmain_server.cli.targets import target_of

    names = files(flags.documents or [], flags.lines)
    if flags.output is None and len(names) > 1:
        raise CommandFailure("error: several documents need a folder: name one with --output", code=USAGE)
    with connected(connection) as client:
        model, note = chosen_model(client, flags.model, "vision")
        if note:
            print(note, file=sys.stderr)
        taken: set[Path] = set()
        works = []
        for name in names:
            target = None
            if flags.output is not None:
                target = target_of(flags.output, name, ".md", alone=len(names) == 1, taken=taken)
            works.append(
                BatchWork(name, Reading(client, name, model, flags, target, len(names) == 1).run, target)
            )
        return run(works, batch)


def add_to(app: typer.Typer) -> None:
    """Registers the commands."""
    command(app)(see)
    command(app)(read)
