"""Command line: connects a command to the gateway's admin port."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from ringmain_server.cli.connection import DEFAULT_ADMIN_TARGET, CallerFlags

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from ringmain.admin.v1.admin_service_pb2_grpc import AdminServiceStub

R = TypeVar("R")

_TIMEOUT: Final = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class AdminFlags(CallerFlags):
    """The admin address and the caller's credentials."""

    admin_target: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            rich_help_panel="Connection",
            help=f"The admin address. Default: RINGMAIN_ADMIN_TARGET, else {DEFAULT_ADMIN_TARGET}.",
        ),
    ] = None

    def address(self) -> str:
        """Returns the admin address from the flag, the environment or the default."""
        return self.admin_target or os.environ.get("RINGMAIN_ADMIN_TARGET") or DEFAULT_ADMIN_TARGET


class Operator:
    """Calls the admin service.

    Args:
        stub: The service.
        token: Sent as a bearer token, None for none.
    """

    def __init__(self, stub: "AdminServiceStub", token: str | None) -> None:
        from ringmain._channel import call_metadata

        self.stub = stub
        self._metadata = call_metadata(token, ())

    def ask(self, method: Callable[..., R], request: "Message") -> R:
        """Calls a method and returns its response."""
        return method(request, timeout=_TIMEOUT, metadata=self._metadata)

    def watch(self, method: Callable[..., Any], request: "Message") -> Iterator[Any]:
        """Calls a streaming method and yields its responses until it ends."""
        call = method(request, metadata=self._metadata)
        try:
            yield from call
        finally:
            call.cancel()


@contextmanager
def operating(flags: AdminFlags) -> Iterator[Operator]:
    """Connects to the admin service; errors of its calls end the command with readable lines.

    Raises:
        Failure: A call failed, or the certificates cannot be read.
    """
    import grpc
    from ringmain import RingmainError
    from ringmain._channel import connection
    from ringmain.admin.v1.admin_service_pb2_grpc import AdminServiceStub
    from ringmain.errors import translated

    from ringmain_server.cli import failures
    from ringmain_server.cli.diagnosis import Target

    target = Target(flags.address(), flags.secured(), token=flags.bearer() is not None)
    to = connection(
        target.address,
        credentials=None,
        tls=target.tls.trust,
        client_certificate=target.tls.certificate,
        options=target.tls.options,
        max_attempts=1,
        wait_for_ready=False,
    )
    channel = (
        grpc.insecure_channel(to.target, to.options)
        if to.credentials is None
        else grpc.secure_channel(to.target, to.credentials, to.options)
    )
    with channel:
        try:
            with translated():
                yield Operator(AdminServiceStub(channel), flags.bearer())
        except RingmainError as exc:
            raise failures.of_call(exc, target, flag="--admin-target") from exc
