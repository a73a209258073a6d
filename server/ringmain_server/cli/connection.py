"""Command line: how a command reaches the gateway."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Self

import typer

if TYPE_CHECKING:
    from ringmain import Client

DEFAULT_TARGET: Final = "127.0.0.1:50051"
DEFAULT_ADMIN_TARGET: Final = "127.0.0.1:50052"
_PANEL: Final = "Connection"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionFlags:
    """Where the gateway is and who asks. Welcome before and behind a command's name."""

    target: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            rich_help_panel=_PANEL,
            help=f"The gateway's address. Default: RINGMAIN_TARGET, else {DEFAULT_TARGET}.",
        ),
    ] = None
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN",
            rich_help_panel=_PANEL,
            help="Sent as bearer. Default: RINGMAIN_TOKEN, which other users of this machine "
            "cannot read from the list of processes.",
        ),
    ] = None
    tls: Annotated[bool, typer.Option("--tls", rich_help_panel=_PANEL, help="Connect with TLS.")] = False
    ca_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=_PANEL,
            help="Root certificates (PEM) to trust instead of the usual ones. Implies --tls.",
        ),
    ] = None

    def over(self, under: "ConnectionFlags") -> Self:
        """These flags, and those of `under` where these are not given."""
        names = [f.name for f in fields(ConnectionFlags)]
        missing = {name: getattr(under, name) for name in names if not getattr(self, name)}
        return replace(self, **missing)

    def address(self) -> str:
        """The gateway's address, from the flag, the environment or the default."""
        return self.target or os.environ.get("RINGMAIN_TARGET") or DEFAULT_TARGET


@contextmanager
def connected(
    flags: ConnectionFlags,
    *,
    timeout: float | None = None,
    wait_for_ready: bool = False,
    options: Sequence[tuple[str, int]] = (),
) -> Iterator["Client"]:
    """A client of the gateway, whose errors end the command in readable lines.

    Args:
        flags: Where and how.
        timeout: Seconds that a call may take, None for no end.
        wait_for_ready: Whether calls wait for a gateway that is not there yet.
        options: gRPC channel options.

    Raises:
        Failure: A call failed, or the certificates cannot be read.
    """
    from ringmain import Client, RingmainError

    from ringmain_server.cli import failures

    target = flags.address()
    with Client(
        target,
        token=flags.token or os.environ.get("RINGMAIN_TOKEN") or None,
        tls=_tls(flags),
        timeout=timeout,
        wait_for_ready=wait_for_ready,
        options=options,
    ) as client:
        try:
            yield client
        except RingmainError as exc:
            raise failures.of_call(exc, target) from exc


def _tls(flags: ConnectionFlags) -> bool | bytes:
    from ringmain_server.cli.failures import USAGE, Failure

    if flags.ca_file is None:
        return flags.tls
    try:
        return Path(flags.ca_file).read_bytes()
    except OSError as exc:
        raise Failure(f"error: --ca-file: cannot read {flags.ca_file}: {exc.strerror}", code=USAGE) from exc
