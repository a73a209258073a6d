"""Command line: `ringmain`, a client of the gateway like any other, and what starts the gateway.

Every command is a function of frozen flags (`command.py`), declared in a module that imports only
what parsing needs: gRPC, rich and the service are imported when a command runs.
"""

import os
import sys
from collections.abc import Callable, Sequence


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code.

    Args:
        args: What follows the program's name. Default: the process's own.
    """
    # A model may write what the terminal's encoding lacks.
    for stream in (sys.stdout, sys.stderr):
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    # gRPC's own log lines would stand between the lines of an answer; errors say the same.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        from ringmain_server.cli.root import app
    except ModuleNotFoundError as exc:
        if (exc.name or "").startswith("ringmain"):
            raise
        print(
            f"error: the command line needs {exc.name}: pip install 'ringmain[cli]'",
            file=sys.stderr,
        )
        return 1
    return _exit_code(lambda: app(args, prog_name="ringmain"))


def _exit_code(run: Callable[[], None]) -> int:
    try:
        run()
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else int(bool(exc.code))
    return 0
