"""Command line: `ringmain events` shows events of the gateway as they happen."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from ringmain_server.cli.admin import AdminFlags, operating
from ringmain_server.cli.command import command

if TYPE_CHECKING:
    from ringmain.admin.v1.admin_service_pb2 import WatchEventsResponse


@dataclass(frozen=True, kw_only=True, slots=True)
class EventsFlags:
    """Flags of `ringmain events`."""

    kind: Annotated[
        list[str],
        typer.Option(metavar="KIND", help="Only this kind, such as breaker or failover. Repeatable."),
    ] = field(default_factory=list)
    json: Annotated[bool, typer.Option("--json", help="Print each event as a line of JSON.")] = False


def events(flags: EventsFlags, admin: AdminFlags) -> None:
    """Show breakers, failovers, reloads and refusals as they happen, until Ctrl-C."""
    from ringmain.admin.v1.admin_service_pb2 import WatchEventsRequest

    with operating(admin) as operator:
        for event in operator.watch(operator.stub.WatchEvents, WatchEventsRequest(kinds=flags.kind)):
            print(_json(event) if flags.json else _line(event), flush=True)


def _json(event: "WatchEventsResponse") -> str:
    from google.protobuf.json_format import MessageToJson

    return MessageToJson(event, preserving_proto_field_name=True, indent=None)


def _line(event: "WatchEventsResponse") -> str:
    time = event.time.ToDatetime().isoformat(sep=" ", timespec="seconds")
    return f"{time}Z  {event.kind:<9} {event.message}"


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    command(app)(events)
