"""Command line: `ringmain config` checks and shows the configuration that `serve` would use."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

from ringmain_server.cli.command import command

if TYPE_CHECKING:
    from ringmain_server.config import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFlags:
    """Which configuration."""

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


def loaded(path: str | None, overrides: Mapping[str, object] = MappingProxyType({})) -> "Settings":
    """Returns the configuration.

    Args:
        path: The file, None for the one that the environment names, if any.
        overrides: Settings from flags, by dotted path.

    Raises:
        Failure: It has mistakes; all are listed.
    """
    from ringmain_server.cli.failures import USAGE, Failure
    from ringmain_server.config import ConfigError, load

    try:
        return load(path, overrides=overrides)
    except ConfigError as exc:
        raise Failure(str(exc), code=USAGE) from exc


def add_to(app: typer.Typer) -> None:
    """Registers the group."""
    group = typer.Typer(no_args_is_help=True, help="Check and show the configuration.")
    command(group)(check)
    command(group)(show)
    app.add_typer(group, name="config")
