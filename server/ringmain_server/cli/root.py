"""Command line: the root of all commands."""

import typer

from ringmain_server.cli import (
    audio,
    chat,
    config,
    db,
    events,
    health,
    image,
    keys,
    models,
    providers,
    reload,
    see,
    status,
    version,
)
from ringmain_server.cli.command import command, root
from ringmain_server.cli.serve import serve

app = typer.Typer(
    no_args_is_help=True,
    # `command.py` shows errors; a traceback that the user asked for is shown as it is.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
root(app, help="One typed gRPC service in front of many AI model providers.")
command(app)(serve)
_PARTS = (
    *(chat, image, see, audio, models, health, status, providers, events, reload),
    *(keys, db, config, version),
)
for part in _PARTS:
    part.add_to(app)
