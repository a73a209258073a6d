"""Tests, faults: what a gateway holds in the course of a soak, and whether that stays level."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median

import aiohttp

from tests.faults.leftovers import Leftovers, look
from tests.faults.processes import Gateway

BETWEEN = 1.0
"""Seconds between two looks."""
ROOM = 1.03
"""What the last third may have more of than the second."""
FEW = 2
"""What it may have more of where there are few: descriptors, threads and tasks come and go with the calls."""
LEAST = 300
"""Looks from which on a course is judged: a gateway takes minutes to meet everything once."""


async def follow(http: aiohttp.ClientSession, served: Gateway, course: list[Leftovers], until: float) -> None:
    """Looks at a gateway under load again and again."""
    while time.monotonic() < until:
        course.append(await look(http, served))
        await asyncio.sleep(BETWEEN)


def thirds(course: Sequence[Leftovers]) -> tuple[Sequence[Leftovers], ...]:
    """The three thirds of a course."""
    size = len(course) // 3
    return course[:size], course[size : 2 * size], course[2 * size :]


def uneven(course: Sequence[Leftovers]) -> Iterator[str]:
    """What there is more of in the last third of a soak than in the second; nothing for a short soak."""
    if len(course) < LEAST:
        return
    _, second, last = thirds(course)
    for name, count, few in _COUNTS:
        before, after = median(map(count, second)), median(map(count, last))
        if after > max(before * ROOM, before + few):
            yield f"{name} went from {before:,.0f} in the second third to {after:,.0f} in the last"


def told(course: Sequence[Leftovers]) -> Iterator[str]:
    """A line for each third."""
    for name, part in zip(("first", "second", "last"), thirds(course), strict=True):
        if part:
            held = ", ".join(f"{median(map(count, part)):,.0f} {what}" for what, count, _ in _COUNTS)
            yield f"{name} third, in the middle: {held}"


_COUNTS: tuple[tuple[str, Callable[[Leftovers], int], int], ...] = (
    ("bytes of memory", lambda one: one.memory, 0),
    ("descriptors", lambda one: one.descriptors, FEW),
    ("threads", lambda one: one.threads, FEW),
    ("tasks", lambda one: one.tasks or 0, FEW),
)
