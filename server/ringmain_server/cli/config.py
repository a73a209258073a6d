"""Command line: `ringmain config` checks and shows the configuration that `serve` would use."""

from dataclasses import dataclass
from typing import Annotated

import typer

from ringmain_server.cli.command import command
from ringmain_server.cli.settings import loaded


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFlags:
    """Flags of `ringmain config`."""

    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE",
            show_default=False,
            help="YAML, JSON or TOML. Default: RINGMAIN_CONFIG, else none.",
        ),
    ] = None


def check(flags: FileFlags) -> None:
    """List every mistake with its path, line and the nearest known key; exit 2 if there is one."""
    settings = loaded(flags.file)
    providers, models = len(settings.providers), len(settings.models)
    print(f"ok: providers: {providers}, models: {models}")


def show(flags: FileFlags) -> None:
    """Print the merged configuration, secrets masked."""
    from ringmain_server.config import show

    print(show(loaded(flags.file)).rstrip("\n"))


def add_to(app: typer.Typer) -> None:
    """Registers the group."""
    group = typer.Typer(no_args_is_help=True, help="Check and show the configuration.")
    command(group)(check)
    command(group)(show)
    app.add_typer(group, name="config")
