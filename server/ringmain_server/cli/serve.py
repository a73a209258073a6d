"""Command line: `ringmain serve` starts the gateway in this process.

Typer and these modules stay in the serving process: 2.4 MB, measured beside what the service imports
anyway. Rich is not imported, and a second interpreter would cost the start 0.15 s.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

import typer

from ringmain_server.cli.command import command

_PATHS: Final = {
    "listen": "server.listen",
    "admin_listen": "server.admin_listen",
    "metrics_listen": "server.metrics_listen",
    "workers": "server.workers",
    "allow_unauthenticated": "server.allow_unauthenticated",
    "log_level": "log.level",
    "log_format": "log.format",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ServeFlags:
    """What `serve` takes. Each wins over the environment and the file."""

    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            "-c",
            metavar="FILE",
            help="YAML, JSON or TOML. Default: RINGMAIN_CONFIG, else the sandbox and every "
            "provider whose usual environment variables are set.",
        ),
    ] = None
    listen: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Where callers reach the API.")] = None
    admin_listen: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where operators reach the admin API.")
    ] = None
    metrics_listen: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where Prometheus scrapes.")
    ] = None
    workers: Annotated[int | None, typer.Option(metavar="N", help="How many processes share the port.")] = (
        None
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None,
        typer.Option(metavar="LEVEL", help="The least severe to log: debug, info, warning or error."),
    ] = None
    log_format: Annotated[
        Literal["auto", "console", "json"] | None,
        typer.Option(metavar="FORMAT", help="How a log line looks: auto, console or json."),
    ] = None
    allow_unauthenticated: Annotated[
        bool,
        typer.Option(
            "--allow-unauthenticated",
            help="Allow addresses that other machines can reach although callers need no credentials.",
        ),
    ] = False
    set: Annotated[
        list[str],
        typer.Option(metavar="PATH=VALUE", help="Any other setting, such as timeouts.idle=20s. Repeatable."),
    ] = field(default_factory=list)


def serve(flags: ServeFlags) -> None:
    """Start the gateway and serve until SIGTERM or Ctrl-C."""
    from ringmain_server.cli.failures import Failure
    from ringmain_server.cli.settings import loaded

    settings = loaded(flags.config, overrides(flags))
    from ringmain_server.app import StartError
    from ringmain_server.process import serve

    try:
        code = serve(settings)
    except StartError as exc:
        raise Failure(f"error: {exc}") from exc
    raise typer.Exit(code)


def overrides(flags: ServeFlags) -> dict[str, object]:
    """Returns the settings that the flags give, by dotted path.

    Raises:
        Failure: A `--set` is not PATH=VALUE.
    """
    given = {path: getattr(flags, name) for name, path in _PATHS.items()}
    named = {path: value for path, value in given.items() if value is not None and value is not False}
    return {**_assignments(flags.set), **named}


def _assignments(texts: Sequence[str]) -> dict[str, object]:
    from ringmain_server.cli.pairs import pairs

    return dict(pairs("--set", "PATH=VALUE", texts))


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    command(app)(serve)
