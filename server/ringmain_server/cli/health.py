"""Command line: `ringmain health`, for people, scripts and probes."""

import time
from dataclasses import dataclass, replace
from typing import Annotated, Final

import typer

from ringmain_server.cli.command import command
from ringmain_server.cli.connection import DEFAULT_ADMIN_TARGET, ConnectionFlags, connected

_TIMEOUT: Final = 5.0
_PAUSE: Final = 0.1
# By default, gRPC waits a second or more before it retries a gateway that is just starting.
_IMPATIENT: Final = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthFlags:
    """Flags of `ringmain health`."""

    service: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="readiness, liveness, or a service such as ringmain.v1.ChatService. Default: "
            "the gateway as a whole.",
        ),
    ] = ""
    wait: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="Wait so long for SERVING.")] = 0.0
    admin: Annotated[
        bool,
        typer.Option("--admin", help=f"Ask the admin address, by default {DEFAULT_ADMIN_TARGET}."),
    ] = False


def health(flags: HealthFlags, connection: ConnectionFlags) -> int:
    """Print the gateway's status; exit 0 only if it is SERVING."""
    if flags.admin:
        connection = replace(connection, target=connection.target or DEFAULT_ADMIN_TARGET)
    status = _waited(flags, connection) if flags.wait else _asked(flags, connection)
    print(status)
    return int(status != "SERVING")


def _asked(flags: HealthFlags, connection: ConnectionFlags) -> str:
    with connected(connection, timeout=_TIMEOUT) as client:
        return client.health(flags.service)


def _waited(flags: HealthFlags, connection: ConnectionFlags) -> str:
    """Asks until the answer is SERVING or the time is over, and returns the last answer."""
    from ringmain import DeadlineExceeded, NotFound

    from ringmain_server.cli.diagnosis import why
    from ringmain_server.cli.failures import CommandFailure

    give_up = time.monotonic() + flags.wait
    status = ""
    with connected(connection, timeout=flags.wait, wait_for_ready=True, options=_IMPATIENT) as client:
        while status != "SERVING" and (not status or time.monotonic() < give_up):
            try:
                status = client.health(flags.service)
            except DeadlineExceeded as exc:
                unanswered = (
                    f"no gateway answers at {connection.address()} within {flags.wait:g} s: "
                    "start one with `ringmain serve`"
                )
                raise CommandFailure(f"error: {why(connection.target_with_tls()) or unanswered}") from exc
            except NotFound:  # a service may be registered later than the port is open
                status = "SERVICE_UNKNOWN"
            if status != "SERVING":
                time.sleep(_PAUSE)
    return status


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    command(app)(health)
