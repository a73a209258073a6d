"""App: ends a worker with its supervisor, however the supervisor ended.

A supervisor that is killed cannot tell its workers. On Linux the kernel does it (PR_SET_PDEATHSIG), and
everywhere a pipe whose other end only the supervisor holds: it is closed when that process is gone. Both send
the worker the same signal, which drains it. Before the worker handles signals, it simply ends.
"""

import os
import signal
import sys
import threading
from collections.abc import MutableMapping

SUPERVISOR = "_RINGMAIN_SUPERVISOR"
"""The environment variable with the supervisor's process id and the worker's end of the pipe."""
ORPHANED = signal.SIGUSR1
"""The signal that a worker gets when its supervisor is gone."""

_missed: set[int] = set()
_supervisor: list[int] = []

_PR_SET_PDEATHSIG = 1  # https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html


def tie(environ: MutableMapping[str, str] = os.environ) -> None:
    """Ties this process to its supervisor, if it has one. Called first, so that no start-up is left out.

    Args:
        environ: The environment. The variable is removed, so that children are not tied.
    """
    told = environ.pop(SUPERVISOR, None)
    if told is None:
        return
    pid, _, pipe = told.partition(":")
    _supervisor.append(int(pid))
    remember_signals()
    watch_pipe(int(pipe))
    if sys.platform == "linux":
        ask_kernel(int(pid))


def remember_signals() -> None:
    """Keeps signals meant for a running gateway from ending one that does not handle them yet."""
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, lambda number, _: _missed.add(number))


def ask_kernel(supervisor: int) -> None:
    """Asks the kernel to send a signal when the supervisor, which must be the parent, ends. Linux only."""
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(ORPHANED), 0, 0, 0)
    if os.getppid() != supervisor:  # it ended before the kernel was asked
        os.kill(os.getpid(), ORPHANED)


def watch_pipe(descriptor: int) -> None:
    """Starts a thread that sends the signal when the pipe's other end is closed."""
    os.set_inheritable(descriptor, False)

    def wait() -> None:
        if os.read(descriptor, 1) == b"":
            os.kill(os.getpid(), ORPHANED)

    threading.Thread(target=wait, name="supervisor", daemon=True).start()


def missed(number: int) -> bool:
    """Whether this process got a signal before anything handled it."""
    return number in _missed


def tell_supervisor(number: int) -> None:
    """Sends the supervisor a signal if it still runs."""
    if [os.getppid()] == _supervisor:
        os.kill(_supervisor[0], number)
