"""Command line: `ringmain`, which is a client of the gateway like any other, and also starts the gateway.

Every command is a function of frozen flags (`command.py`), declared in a module that imports only
what parsing needs: gRPC, rich and the service are imported when a command runs.
"""

import os
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from typing import Final

_CANCELLED: Final = 130
"""Exit code of a command that Ctrl-C ended; the same as in `failures`, which imports gRPC."""


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code.

    Args:
        args: The arguments after the program's name. Default: those of the process.
    """
    _open_closed_streams()
    # A model may write characters that the terminal's encoding lacks.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    # gRPC's own log lines would appear between the lines of an answer, and errors say the same.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    args = sys.argv[1:] if args is None else args
    if args[:1] == ["serve"] and not {"-h", "--help"}.intersection(args):
        from ringmain_server.cli.serve import lean_serve

        return _exit_code(lambda: lean_serve(args[1:]))
    return _exit_code(lambda: _run_typer(args))


def _open_closed_streams() -> None:
    """Opens the null device for streams that were closed (`2>&-`); other files would get their numbers."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            try:
                os.fstat(number)
            except OSError:
                os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this stream's
                os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def _run_typer(args: Sequence[str]) -> int:
    try:
        from ringmain_server.cli.root import app
    except ModuleNotFoundError as exc:
        if (exc.name or "").startswith("ringmain"):
            raise
        print(f"error: the command line needs {exc.name}: pip install 'ringmain[cli]'", file=sys.stderr)
        return 1
    return int(app(args, prog_name="ringmain") or 0)


def _exit_code(run: Callable[[], int]) -> int:
    try:
        return run()
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else int(bool(exc.code))
    except KeyboardInterrupt:  # before the command itself, while modules are imported
        print("cancelled", file=sys.stderr)
        return _CANCELLED
