"""Command line: ends every command with an exit code and at most a few readable lines."""

import os
import sys
import traceback
from collections.abc import Callable

from ringmain_server.cli.failures import CANCELLED, CommandFailure, of_surprise


def exit_code(run: Callable[[], int | None], *, debug: bool) -> int:
    """Runs a command and returns its exit code; failures are described on standard error.

    Args:
        run: The command. None counts as success.
        debug: Whether to show the traceback of an error too.

    Raises:
        BrokenPipeError: The reader of a pipe has left.
    """
    try:
        return run() or 0
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        print("cancelled", file=sys.stderr)
        return CANCELLED
    except Exception as exc:  # noqa: BLE001  the user must never see a traceback unasked
        if debug or os.environ.get("RINGMAIN_DEBUG", "0") not in ("", "0"):
            traceback.print_exc()
        failure = exc if isinstance(exc, CommandFailure) else of_surprise(exc)
        print(failure.message, file=sys.stderr)
        return failure.code
