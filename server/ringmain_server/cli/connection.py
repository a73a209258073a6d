"""Command line: connects a command to the gateway."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Annotated, Final, Self

import typer

if TYPE_CHECKING:
    from ringmain import Client

    from ringmain_server.cli.diagnosis import Target
    from ringmain_server.cli.tls import Tls

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
    tls: Annotated[
        bool,
        typer.Option("--tls", rich_help_panel=_PANEL, help="Connect with TLS. RINGMAIN_TLS=1 does so too."),
    ] = False
    ca_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=_PANEL,
            help="Root certificates (PEM) to trust instead of the usual ones. Implies --tls, as the "
            "following do. Default: RINGMAIN_CA_FILE.",
        ),
    ] = None
    client_cert: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=_PANEL,
            help="The certificate (PEM) to show, with its chain. Default: RINGMAIN_CLIENT_CERT.",
        ),
    ] = None
    client_key: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=_PANEL,
            help="The key (PEM) of that certificate. Default: RINGMAIN_CLIENT_KEY.",
        ),
    ] = None
    tls_name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            rich_help_panel=_PANEL,
            help="The name that the gateway's certificate must have, if it is not that of the address. "
            "Default: RINGMAIN_TLS_NAME.",
        ),
    ] = None

    def over(self, under: "CallerFlags") -> Self:
        """Returns these flags, filled up with those of `under` where these are not given."""
        names = {f.name for f in fields(self)} & {f.name for f in fields(under)}
        missing = {name: getattr(under, name) for name in names if not getattr(self, name)}
        return replace(self, **missing)

    def bearer(self) -> str | None:
        """Returns the token from the flag or the environment.

        Raises:
            Failure: It holds something that no token has, as when a file was put in whole.
        """
        token = (self.token or os.environ.get("RINGMAIN_TOKEN") or "").strip()
        if token.isascii() and token.isprintable():
            return token or None
        from ringmain_server.cli.failures import USAGE, CommandFailure

        raise CommandFailure(
            "error: the token (--token, RINGMAIN_TOKEN) holds a line break or another character that is in "
            "no API key and no token",
            code=USAGE,
        )

    def secured(self) -> "Tls":
        """Returns the TLS of the connection.

        Raises:
            Failure: A file cannot be read, or is not what it should be.
        """
        from ringmain_server.cli.tls import chosen

        return chosen(
            tls=self.tls,
            ca_file=self.ca_file,
            cert=self.client_cert,
            key=self.client_key,
            name=self.tls_name,
        )


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

    def target_with_tls(self) -> "Target":
        """Returns the end of the connection.

        Raises:
            Failure: Files of TLS cannot be used.
        """
        from ringmain_server.cli.diagnosis import Target

        return Target(self.address(), self.secured(), token=self.bearer() is not None)


@contextmanager
def connected(
    flags: ConnectionFlags,
    *,
    timeout: float | None = None,
    wait_for_ready: bool = False,
    options: Sequence[tuple[str, int | str]] = (),
) -> Iterator["Client"]:
    """Connects to the gateway; errors of its calls end the command with readable lines.

    Args:
        flags: The address and the credentials.
        timeout: Seconds that a call may take, None for no limit.
        wait_for_ready: Whether calls wait for a gateway that does not answer yet.
        options: gRPC channel options.

    Raises:
        Failure: A call failed, or files of TLS cannot be used.
    """
    from ringmain import Client, RingmainError

    from ringmain_server.cli import failures

    target = flags.target_with_tls()
    with Client(
        target.address,
        token=flags.bearer(),
        tls=target.tls.trust,
        client_certificate=target.tls.certificate,
        timeout=timeout,
        wait_for_ready=wait_for_ready,
        options=(*target.tls.options, *options),
    ) as client:
        try:
            yield client
        except RingmainError as exc:
            raise failures.of_call(exc, target) from exc
