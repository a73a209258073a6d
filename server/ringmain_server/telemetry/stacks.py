"""Telemetry: the stacks of every task and thread of the process, for an operator who diagnoses it.

Only places in the code are told, never the value of a variable, which could be a key or a caller's text.
"""

import asyncio
import gc
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

_DEEPEST = 60
"""The most places of one stack."""
_MOST = 200
"""The most distinct stacks."""
_STEPS = frozenset({"coroutine", "async_generator", "generator"})
_WRAPPERS = frozenset({"async_generator_asend", "async_generator_athrow", "coroutine_wrapper"})


@dataclass(frozen=True, slots=True)
class Stack:
    """Tasks or threads that stand at the same place.

    Attributes:
        what: `task` or `thread`.
        names: The names of some of them.
        count: How many there are.
        places: The stack as `file:line function`, the innermost place first.
    """

    what: str
    names: str
    count: int
    places: tuple[str, ...]


def stacks(loop: asyncio.AbstractEventLoop | None) -> list[Stack]:
    """Returns every stack, the most common first. May be called from any thread.

    Args:
        loop: The event loop whose tasks are included, None for no tasks.
    """
    tasks = [] if loop is None else [(task.get_name(), _awaited(task)) for task in asyncio.all_tasks(loop)]
    running = {thread.ident: thread.name for thread in threading.enumerate()}
    # A snapshot under the interpreter's lock: a thread that hangs in C code shows where it called it.
    frames = sys._current_frames()
    threads = [(running.get(ident, "foreign"), tuple(_walked(frame))) for ident, frame in frames.items()]
    return [*_grouped("thread", threads), *_grouped("task", tasks)]


def _grouped(what: str, found: list[tuple[str, tuple[str, ...]]]) -> Iterator[Stack]:
    counts = Counter(places for _, places in found)
    names: dict[tuple[str, ...], list[str]] = {}
    for name, places in found:
        names.setdefault(places, []).append(name)
    for places, count in counts.most_common(_MOST):
        yield Stack(what, " ".join(sorted(names[places])[:3]), count, places)


def _awaited(task: asyncio.Task[Any]) -> tuple[str, ...]:
    """Returns where a task waits: its coroutine and what that awaits, down to the last one in Python."""
    places: list[str] = []
    step: Any = task.get_coro()
    while step is not None and len(places) < _DEEPEST:
        frame = _first(step, "cr_frame", "gi_frame", "ag_frame")
        if frame is not None:
            places.append(_place(frame))
        step = _first(step, "cr_await", "gi_yieldfrom", "ag_await") or _wrapped(step)
    return tuple(reversed(places))


def _wrapped(step: object) -> Any:
    """Returns the generator behind a step of `async for` or of `__await__`, which does not expose it."""
    if type(step).__name__ not in _WRAPPERS:
        return None
    # These objects have no attribute for their generator; the collector knows what they refer to.
    return next((found for found in gc.get_referents(step) if type(found).__name__ in _STEPS), None)


def _first(step: object, *names: str) -> Any:
    # By name, not by type: Cython's coroutines, which gRPC uses, have the attributes but types of their own.
    return next((found for name in names if (found := getattr(step, name, None)) is not None), None)


def _walked(frame: FrameType | None) -> Iterator[str]:
    for _ in range(_DEEPEST):
        if frame is None:
            return
        yield _place(frame)
        frame = frame.f_back


def _place(frame: FrameType) -> str:
    code = frame.f_code
    return f"{_short(code.co_filename)}:{frame.f_lineno or '?'} {code.co_qualname}"


def _short(path: str) -> str:
    """Shortens a file's path to start at its package, since the rest says where Python is installed."""
    for start in ("/site-packages/", "/server/", "/lib/"):
        _, found, rest = path.rpartition(start)
        if found:
            return rest
    return path
