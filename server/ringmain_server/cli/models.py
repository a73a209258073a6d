"""Command line: `ringmain models` lists the gateway's models."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ringmain_server.cli.command import command
from ringmain_server.cli.connection import ConnectionFlags, connected

if TYPE_CHECKING:
    from ringmain import Client
    from ringmain.v1.model_service_pb2 import Model


_WIDE: Final = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelsFlags:
    """Flags of `ringmain models`."""

    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", show_default=False, help="One model, or provider/model."),
    ] = None
    capability: Annotated[
        list[str],
        typer.Option(metavar="NAME", help="Only models that can this, such as vision. Repeatable."),
    ] = field(default_factory=list)
    json: Annotated[bool, typer.Option("--json", help="Print JSON as the contract has it.")] = False


def models(flags: ModelsFlags, connection: ConnectionFlags) -> None:
    """List models with their candidates in the order tried, capabilities and prices."""
    with connected(connection) as client:
        found = _found(client, flags)
    if flags.json:
        print(_json(found, single=flags.name is not None))
    elif found:
        _print_table(found)
    else:
        print("no models")


def _found(client: "Client", flags: ModelsFlags) -> "list[Model]":
    from ringmain_server.cli.failures import USAGE, CommandFailure

    if flags.name is not None and flags.capability:
        raise CommandFailure("error: --capability filters a list: leave out NAME", code=USAGE)
    if flags.name is not None:
        return [client.model(flags.name)]
    try:
        return list(client.models(flags.capability))
    except ValueError as exc:  # the client knows the capabilities
        raise CommandFailure(f"error: --capability: {exc}", code=USAGE) from exc


def _json(models: "Sequence[Model]", *, single: bool) -> str:
    from google.protobuf.json_format import MessageToJson
    from ringmain.v1.model_service_pb2 import ListModelsResponse

    message = models[0] if single else ListModelsResponse(models=models)
    return MessageToJson(message, preserving_proto_field_name=True)


def _print_table(models: "Sequence[Model]") -> None:
    from rich.console import Console

    from ringmain_server.cli.table import model_table

    # A pipe has no width, so each row is written on one line there, for programs such as grep.
    width = None if sys.stdout.isatty() else _WIDE
    Console(width=width).print(model_table(models))


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    command(app)(models)
