"""Command line: `ringmain status` shows the providers, their breakers and their figures."""

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ringmain_server.cli.admin import AdminFlags, Operator, operating
from ringmain_server.cli.command import command

if TYPE_CHECKING:
    from rich.table import Table
    from ringmain.admin.v1.admin_service_pb2 import ListProvidersResponse

_EVERY: Final = 1.0
_WIDE: Final = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusFlags:
    """Flags of `ringmain status`."""

    watch: Annotated[bool, typer.Option("--watch", "-w", help="Show it again each second.")] = False
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON as the contract has it, on one line with --watch.")
    ] = False


def status(flags: StatusFlags, admin: AdminFlags) -> None:
    """Show providers: state, calls in flight, latency, failures, breakers and the last error."""
    with operating(admin) as operator:
        if flags.json:
            _print_json(operator, watch=flags.watch)
        elif flags.watch:
            _watch(operator)
        else:
            _print(_table(operator))


def _asked(operator: Operator) -> "ListProvidersResponse":
    from ringmain.admin.v1.admin_service_pb2 import ListProvidersRequest

    return operator.ask(operator.stub.ListProviders, ListProvidersRequest())


def _table(operator: Operator) -> "Table":
    from ringmain_server.cli.status_table import status_table

    return status_table(_asked(operator).providers, time.time())


def _print(table: "Table") -> None:
    from rich.console import Console

    # A pipe has no width, so each row is written on one line there, for programs such as grep.
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)


def _print_json(operator: Operator, *, watch: bool) -> None:
    from google.protobuf.json_format import MessageToJson

    indent = None if watch else 2
    while True:
        print(MessageToJson(_asked(operator), preserving_proto_field_name=True, indent=indent), flush=True)
        if not watch:
            return
        time.sleep(_EVERY)


def _watch(operator: Operator) -> None:
    from rich.live import Live

    if not sys.stdout.isatty():
        while True:
            _print(_table(operator))
            time.sleep(_EVERY)
    with Live(_table(operator), auto_refresh=False) as shown:
        while True:
            time.sleep(_EVERY)
            shown.update(_table(operator), refresh=True)


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    command(app)(status)
