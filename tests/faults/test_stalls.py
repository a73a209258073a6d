"""Tests of what tells the machine's own standstills from slowness of the gateway."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.faults import stalls


@pytest.mark.parametrize(
    ("found", "seconds"),
    [
        ([], 0),
        ([(0, 1)], 0),  # before
        ([(9, 10)], 0),  # after
        ([(1, 3)], 1),
        ([(3, 4), (5, 7)], 2),
        ([(3, 5), (2.5, 4), (2.5, 3)], 2.5),  # several processors at once count once
        ([(0, 9)], 4),
    ],
)
def test_the_share_of_a_span(found: list[stalls.Span], seconds: float) -> None:
    """Of a span from 2 to 6, the time that lies within stalls counts, once."""
    assert stalls.within(found, 2, 6) == seconds


@pytest.mark.alone
def test_a_standstill_is_seen() -> None:
    """A watcher that was stopped for a tenth of a second tells so, and of nothing longer before."""
    arguments = [sys.executable, "-m", stalls.__name__]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        begin = time.monotonic()
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(0.1)
        os.kill(process.pid, signal.SIGCONT)
        told, _ = process.communicate()
        end = time.monotonic()
    spans = [(float(line.split()[0]), float(line.split()[1])) for line in told.splitlines()]
    assert stalls.within(spans, begin, end) > 0.07
