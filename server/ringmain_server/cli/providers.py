"""Command line: `ringmain providers` drains, restores, checks and prefers providers."""

from dataclasses import dataclass
from typing import Annotated

import typer

from ringmain_server.cli.admin import AdminFlags, operating
from ringmain_server.cli.command import command


@dataclass(frozen=True, kw_only=True, slots=True)
class NameFlags:
    """The name of a provider."""

    name: Annotated[str, typer.Argument(metavar="NAME", help="The provider's name in the configuration.")]


@dataclass(frozen=True, kw_only=True, slots=True)
class PrimaryFlags:
    """Flags of `ringmain providers primary`."""

    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model of the configuration.")]
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", help="The provider to try first.")]


def drain(flags: NameFlags, admin: AdminFlags) -> None:
    """Take a provider out: it gets no new requests; running ones go on."""
    from ringmain.admin.v1.admin_service_pb2 import DrainProviderRequest

    with operating(admin) as operator:
        request = DrainProviderRequest(provider_id=flags.name)
        provider = operator.ask(operator.stub.DrainProvider, request).provider
    print(f"{provider.provider_id} is drained; {provider.in_flight_count} in flight")


def restore(flags: NameFlags, admin: AdminFlags) -> None:
    """Put a provider back, close its breakers and end its cooldowns."""
    from ringmain.admin.v1.admin_service_pb2 import RestoreProviderRequest

    with operating(admin) as operator:
        request = RestoreProviderRequest(provider_id=flags.name)
        provider = operator.ask(operator.stub.RestoreProvider, request).provider
    print(f"{provider.provider_id} is active")


def check(flags: NameFlags, admin: AdminFlags) -> int:
    """Ask a provider whether it answers and accepts the credentials; exit 0 only if it does."""
    from ringmain.admin.v1.admin_service_pb2 import CheckProviderRequest

    from ringmain_server.cli.summary import seconds

    with operating(admin) as operator:
        request = CheckProviderRequest(provider_id=flags.name)
        response = operator.ask(operator.stub.CheckProvider, request)
    took = seconds(response.latency.ToNanoseconds() / 1e9)
    print(
        f"{response.error.message} ({took})"
        if response.HasField("error")
        else f"{flags.name} is well ({took})"
    )
    return int(response.HasField("error"))


def primary(flags: PrimaryFlags, admin: AdminFlags) -> None:
    """Try a provider first for a model, until the next configuration is loaded."""
    from ringmain.admin.v1.admin_service_pb2 import SetPrimaryProviderRequest

    with operating(admin) as operator:
        request = SetPrimaryProviderRequest(model=flags.model, provider_id=flags.provider)
        order = operator.ask(operator.stub.SetPrimaryProvider, request).provider_ids
    print(f"{flags.model}: {', '.join(order)}")


def add_to(app: typer.Typer) -> None:
    """Registers the group."""
    group = typer.Typer(no_args_is_help=True, help="Take providers out and in, and ask them.")
    for function in (drain, restore, check, primary):
        command(group)(function)
    app.add_typer(group, name="providers")
