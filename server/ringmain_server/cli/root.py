"""Command line: the root of all commands."""

import typer

from ringmain_server.cli import chat, health, models, serve, settings, version
from ringmain_server.cli.command import root

app = typer.Typer(
    no_args_is_help=True,
    # Errors are shown by `command.py`; a traceback that was asked for is shown as it is.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
root(app, help="One typed gRPC service in front of many AI model providers.")
for part in (serve, chat, models, health, settings, version):
    part.add_to(app)
