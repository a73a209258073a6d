"""Command line: `ringmain version`."""

import platform
from dataclasses import dataclass
from importlib import metadata
from typing import Final

import typer

from ringmain_server.cli.command import command

_LIBRARIES: Final = ("grpcio", "protobuf")


@dataclass(frozen=True, kw_only=True, slots=True)
class NoFlags:
    """A command without flags."""


def version(flags: NoFlags) -> None:  # noqa: ARG001  every command has flags
    """Print the versions of ringmain, Python, gRPC and protobuf."""
    print(f"ringmain {metadata.version('ringmain-server')}")
    print(f"python {platform.python_version()}")
    for name in _LIBRARIES:
        print(f"{name} {metadata.version(name)}")


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    command(app)(version)
