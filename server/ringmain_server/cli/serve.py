"""Command line: `ringmain serve` starts the gateway in this process. It does not import typer (`flag.py`)."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, Literal

from ringmain_server.cli.flag import Flag, parsed

if TYPE_CHECKING:
    from ringmain_server.config import Settings

_PATHS: Final = {
    "listen": "server.listen",
    "admin_listen": "server.admin_listen",
    "metrics_listen": "server.metrics_listen",
    "health_listen": "server.health_listen",
    "workers": "server.workers",
    "allow_unauthenticated": "server.allow_unauthenticated",
    "log_level": "log.level",
    "log_format": "log.format",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ServeFlags:
    """Flags of `ringmain serve`. Each takes precedence over the environment and the file."""

    config: Annotated[
        str | None,
        Flag(
            "YAML, JSON or TOML. Default: RINGMAIN_CONFIG, else the sandbox and every provider whose usual "
            "environment variables are set.",
            "FILE",
            "-c",
        ),
    ] = None
    listen: Annotated[str | None, Flag("Where callers reach the API.", "ADDRESS")] = None
    admin_listen: Annotated[str | None, Flag("Where operators reach the admin API.", "ADDRESS")] = None
    metrics_listen: Annotated[str | None, Flag("Where Prometheus scrapes.", "ADDRESS")] = None
    health_listen: Annotated[
        str | None, Flag("Where probes ask for health alone, without TLS.", "ADDRESS")
    ] = None
    workers: Annotated[int | None, Flag("How many processes share the port.", "N")] = None
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None,
        Flag("The least severe to log: debug, info, warning or error.", "LEVEL"),
    ] = None
    log_format: Annotated[
        Literal["auto", "console", "json"] | None,
        Flag("How a log line looks: auto, console or json.", "FORMAT"),
    ] = None
    allow_unauthenticated: Annotated[
        bool,
        Flag("Allow addresses that other machines can reach although callers need no credentials."),
    ] = False
    set: Annotated[
        list[str], Flag("Any other setting, such as timeouts.idle=20s. Repeatable.", "PATH=VALUE")
    ] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class _LeanFlags(ServeFlags):
    """The same flags with `--debug`, which typer otherwise adds."""

    debug: Annotated[bool, Flag("Show the traceback of an error. RINGMAIN_DEBUG=1 too.")] = False


def lean_serve(args: Sequence[str]) -> int:
    """Runs `serve` without typer and returns the exit code.

    Args:
        args: The arguments after `serve`, which do not ask for help.
    """
    from ringmain_server.app.orphan import remember_signals

    remember_signals()  # before the imports that take most of a start
    from ringmain_server.cli.outcome import exit_code

    flags = parsed(_LeanFlags, args, program="ringmain serve")
    return exit_code(lambda: serve(flags), debug=flags.debug)


def serve(flags: ServeFlags) -> int:
    """Start the gateway and serve until SIGTERM or Ctrl-C."""
    from ringmain_server.cli.failures import CommandFailure
    from ringmain_server.cli.settings import loaded
    from ringmain_server.config.watch import FileWatch

    given = overrides(flags)
    path = flags.config or os.environ.get("RINGMAIN_CONFIG") or None
    watch = FileWatch(path) if path else None
    settings = loaded(flags.config, given)
    _log_library()
    # gRPC's core would print a line about every connection that callers break.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    from ringmain_server.app.app import StartError
    from ringmain_server.app.process import serve
    from ringmain_server.assembly.reload import ConfigSource

    try:
        return serve(settings, ConfigSource(partial(_read_again, path, given), path, watch))
    except StartError as exc:
        raise CommandFailure(f"error: {exc}") from exc


def _read_again(path: str | None, given: Mapping[str, object]) -> "Settings":
    """Reads the configuration again, and waits while somebody is still writing its file."""
    from ringmain_server.config import load
    from ringmain_server.config.watch import wait_until_quiet

    if path:
        wait_until_quiet(path)
    return load(path, overrides=given, may_be_empty=False)


def _log_library() -> None:
    """Imports structlog without rich, which it would load for tracebacks where installed: 4 MB."""
    there = sys.modules.get("rich")
    if there is None:
        sys.modules["rich"] = None  # type: ignore[assignment] # makes Python treat it as not installed
        try:
            import structlog  # noqa: F401
        finally:
            del sys.modules["rich"]


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
