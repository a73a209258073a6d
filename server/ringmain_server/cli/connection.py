"""Command line: connects a command to the gateway."""

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
class CallerFlags:
    """The caller's credentials and TLS. These flags may stand before or after a command's name."""

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

    def over(self, under: "CallerFlags") -> Self:
        """Returns these flags, filled up with those of `under` where these are not given."""
        names = {f.name for f in fields(self)} & {f.name for f in fields(under)}
        missing = {name: getattr(under, name) for name in names if not getattr(self, name)}
        return replace(self, **missing)

    def bearer(self) -> str | None:
        """Returns the token from the flag or the environment."""
        return self.token or os.environ.get("RINGMAIN_TOKEN") or None

    def trust(self) -> bool | bytes:
        """Returns whether to use TLS, or the certificates to trust.

        Raises:
            Failure: The certificates cannot be read.
        """
        from ringmain_server.cli.failures import USAGE, CommandFailure

        if self.ca_file is None:
            return self.tls
        try:
            return Path(self.ca_file).read_bytes()
        except OSError as exc:
            message = f"error: --ca-file: cannot read {self.ca_file}: {exc.strerror}"
            raise CommandFailure(message, code=USAGE) from exc


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionFlags(CallerFlags):
    """The gateway's address and the caller's credentials."""

    target: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            rich_help_panel=_PANEL,
            help=f"The gateway's address. Default: RINGMAIN_TARGET, else {DEFAULT_TARGET}.",
        ),
    ] = None

    def address(self) -> str:
        """Returns the gateway's address from the flag, the environment or the default."""
        return self.target or os.environ.get("RINGMAIN_TARGET") or DEFAULT_TARGET


@contextmanager
def connected(
    flags: ConnectionFlags,
    *,
    timeout: float | None = None,
    wait_for_ready: bool = False,
    options: Sequence[tuple[str, int]] = (),
) -> Iterator["Client"]:
    """Connects to the gateway; errors of its calls end the command with readable lines.

    Args:
        flags: The address and the credentials.
        timeout: Seconds that a call may take, None for no limit.
        wait_for_ready: Whether calls wait for a gateway that does not answer yet.
        options: gRPC channel options.

    Raises:
        Failure: A call failed, or the certificates cannot be read.
    """
    from ringmain import Client, RingmainError

    from ringmain_server.cli import failures

    target = flags.address()
    with Client(
        target,
        token=flags.bearer(),
        tls=flags.trust(),
        timeout=timeout,
        wait_for_ready=wait_for_ready,
        options=options,
    ) as client:
        try:
            yield client
        except RingmainError as exc:
            raise failures.of_call(exc, target) from exc
