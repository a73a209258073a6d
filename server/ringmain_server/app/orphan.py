"""Process: a worker ends with its supervisor, however that one ended.

A supervisor that is killed cannot tell its workers. On Linux the kernel does it (PR_SET_PDEATHSIG), and
everywhere a pipe whose other end only the supervisor holds: it is closed when that process is gone. Both send
the worker the same signal, which drains it; before anything handles signals, it simply ends.
"""

import os
import signal
import sys
import threading
from collections.abc import MutableMapping

SUPERVISOR = "_RINGMAIN_SUPERVISOR"
"""Environment variable that tells a worker its supervisor's process id, and its own end of the pipe."""
ORPHANED = signal.SIGUSR1
"""What a worker gets when its supervisor is gone."""

_missed: set[int] = set()
_supervisor: list[int] = []

_PR_SET_PDEATHSIG = 1  # https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html


def tie(environ: MutableMapping[str, str] = os.environ) -> None:
    """Ties this process to its supervisor, if it has one. Right at its start, for whatever happens then.

    Args:
        environ: Where a worker is told of its supervisor; what it starts itself is not.
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
    """Keeps signals that ask something of a gateway from ending one that does not listen yet."""
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, lambda number, _: _missed.add(number))


def ask_kernel(supervisor: int) -> None:
    """Has the kernel send a signal when a process ends, which must be this one's parent. Linux only."""
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(ORPHANED), 0, 0, 0)
    if os.getppid() != supervisor:  # it ended before the kernel was asked
        os.kill(os.getpid(), ORPHANED)


def watch_pipe(descriptor: int) -> None:
    """Sends the signal when the pipe's other end is closed; in a thread, which waits for nothing else."""
    os.set_inheritable(descriptor, False)

    def wait() -> None:
        if os.read(descriptor, 1) == b"":
            os.kill(os.getpid(), ORPHANED)

    threading.Thread(target=wait, name="supervisor", daemon=True).start()


def missed(number: int) -> bool:
    """Whether this process got a signal before anything handled it."""
    return number in _missed


def tell_supervisor(number: int) -> None:
    """Sends the supervisor a signal, if it is still there."""
    if [os.getppid()] == _supervisor:
        os.kill(_supervisor[0], number)
