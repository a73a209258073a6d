"""Tests, faults: when the machine stood still, so that no call is blamed for that time.

A host that shares its processors takes one away now and then, for a tenth of a second and more, and nothing
that was on it goes on. A process of its own has a thread on each processor that sleeps for a moment at a
time: where it wakes up much later, the processor was gone. Only then: a sleeper is served before those that
are busy.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

Span: TypeAlias = tuple[float, float]
"""From when to when, by the monotonic clock, which all processes of a machine share."""

_MOMENT = 0.005
_NOTICED = 0.02
"""Seconds of oversleeping from which on it is a stall."""


@contextmanager
def watched() -> Iterator[list[Span]]:
    """Watches until the end of the block; the list is empty before, and then has every stall."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()  # it watches
    found: list[Span] = []
    try:
        yield found
    finally:
        told, _ = process.communicate()  # it ends with its input
        for line in told.splitlines():
            begin, end = map(float, line.split())
            found.append((begin, end))


def within(stalls: Iterable[Span], begin: float, end: float) -> float:
    """Seconds of a span in which some processor stood still."""
    total, counted = 0.0, begin
    for start, stop in sorted(stalls):
        inside = min(stop, end) - max(start, counted)
        if inside > 0:
            total += inside
            counted = stop
    return total


def _watch(processor: int | None, found: list[Span], ended: threading.Event) -> None:
    if processor is not None:
        os.sched_setaffinity(0, {processor})  # of this thread alone
    while not ended.is_set():
        begin = time.monotonic()
        time.sleep(_MOMENT)
        end = time.monotonic()
        if end - begin > _MOMENT + _NOTICED:
            found.append((begin + _MOMENT, end))


def main() -> None:
    """Watches until the input ends, then writes a line for each stall."""
    found: list[Span] = []
    ended = threading.Event()
    processors: list[int | None] = [None]
    if hasattr(os, "sched_getaffinity"):
        processors = list(os.sched_getaffinity(0))
    threads = [threading.Thread(target=_watch, args=(one, found, ended)) for one in processors]
    for thread in threads:
        thread.start()
    print("watching", flush=True)
    sys.stdin.read()
    ended.set()
    for thread in threads:
        thread.join()  # a stall that lasts until now is noted too
    for begin, end in found:
        print(begin, end)


if __name__ == "__main__":
    main()
