"""Command line: `ringmain reload` makes the gateway read its configuration again."""

import typer

from ringmain_server.cli.admin import AdminFlags, operating
from ringmain_server.cli.command import command


def reload(admin: AdminFlags) -> None:
    """Read the configuration again and list what changed. A bad one is refused and changes nothing."""
    from ringmain.admin.v1.admin_service_pb2 import ReloadConfigRequest

    with operating(admin) as operator:
        done = operator.ask(operator.stub.ReloadConfig, ReloadConfigRequest())
    for path in done.changed_paths:
        print(f"changed: {path}")
    for path in done.restart_paths:
        print(f"needs a restart: {path}")
    if not done.changed_paths and not done.restart_paths:
        print("nothing changed")


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    command(app)(reload)
