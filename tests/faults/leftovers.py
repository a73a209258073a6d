"""Tests, faults: what a gateway holds on to. Linux only."""

import asyncio
import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.faults.load import Tally
from tests.faults.processes import Gateway

_PAGE = os.sysconf("SC_PAGE_SIZE")
_IN_FLIGHT = re.compile(r"^ringmain_calls_in_flight\{[^}]*\} (\S+)$", re.MULTILINE)
_CALLS = re.compile(
    r'^ringmain_calls_total\{[^}]*method="ringmain.v1.ChatService[^}]*\} (\S+)$', re.MULTILINE
)
_TASKS = re.compile(r"^ringmain_tasks(?:\{[^}]*\})? (\S+)$", re.MULTILINE)
SETTLE = 3.0
"""Most seconds for a gateway to end what its callers left."""
MORE_DESCRIPTORS = 24
"""Connections to providers may be kept for a while, as many as there were calls at once."""
MORE_TASKS = 8
MORE_MEMORY = (1.15, 16 << 20)
"""Factor and bytes that memory may have grown by: fragments, and metrics of providers first met."""


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What a process holds at one moment.

    Attributes:
        in_flight: Calls.
        descriptors: Files and sockets.
        threads: Threads.
        tasks: Tasks of its event loop, None where it does not say.
        memory: Resident bytes.
    """

    in_flight: int
    descriptors: int
    threads: int
    tasks: int | None
    memory: int

    def __str__(self) -> str:
        """In one line."""
        tasks = "" if self.tasks is None else f", {self.tasks} tasks"
        return (
            f"{self.in_flight} calls, {self.descriptors} descriptors, {self.threads} threads{tasks}, "
            f"{self.memory / 2**20:.1f} MiB"
        )

    def outgrown(self, later: "Leftovers") -> Iterator[str]:
        """What has grown until later and should not have."""
        if later.in_flight:
            yield f"{later.in_flight} calls never ended"
        if later.descriptors > self.descriptors + MORE_DESCRIPTORS:
            yield f"descriptors went from {self.descriptors} to {later.descriptors}"
        if later.threads > self.threads + 2:
            yield f"threads went from {self.threads} to {later.threads}"
        if self.tasks is not None and later.tasks is not None and later.tasks > self.tasks + MORE_TASKS:
            yield f"tasks went from {self.tasks} to {later.tasks}"
        factor, more = MORE_MEMORY
        if later.memory > self.memory * factor + more:
            yield f"memory went from {self.memory / 2**20:.1f} to {later.memory / 2**20:.1f} MiB"


async def look(http: aiohttp.ClientSession, served: Gateway) -> Leftovers:
    """What the gateway holds now."""
    page = await _metrics(http, served)
    process = Path(f"/proc/{served.process.pid}")
    tasks = _TASKS.search(page)
    return Leftovers(
        in_flight=_sum(_IN_FLIGHT, page),
        descriptors=_count(process / "fd"),
        threads=_count(process / "task"),
        tasks=int(float(tasks[1])) if tasks else None,
        memory=int(_read(process / "statm").split()[1]) * _PAGE,
    )


async def settled(http: aiohttp.ClientSession, served: Gateway) -> None:
    """Waits until no call is in flight, but not for ever: `look` says what is left."""
    deadline = time.monotonic() + SETTLE
    while time.monotonic() < deadline:
        if not _sum(_IN_FLIGHT, await _metrics(http, served)):
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)


async def uncounted(http: aiohttp.ClientSession, served: Gateway, tallies: Sequence[Tally]) -> list[str]:
    """Every call has one outcome, in the metrics and in the log. What was left early may not have begun."""
    started = sum(tally.started for tally in tallies)
    left = sum(tally.cancelled + tally.ended["DEADLINE_EXCEEDED"] for tally in tallies)
    counted = _sum(_CALLS, await _metrics(http, served))
    told = _told(served.log)
    wrong = []
    if not started - left <= counted <= started:
        wrong.append(f"{counted} calls were counted of {started} made, {left} of them left early")
    if sum(told.values()) != counted:
        wrong.append(f"the log tells of {sum(told.values())} calls, the metrics of {counted}")
    twice = [response_id for response_id, count in told.items() if count > 1]
    if twice:
        wrong.append(f"{len(twice)} calls have more than one outcome, such as {twice[0]}")
    return wrong


def _told(log: Path) -> Counter[str]:
    lines = (
        json.loads(line) for line in log.read_text().splitlines() if '"event":"call"' in line.replace(" ", "")
    )
    return Counter(str(line["response_id"]) for line in lines if "ChatService" in str(line.get("method")))


async def _metrics(http: aiohttp.ClientSession, served: Gateway) -> str:
    async with http.get(f"http://127.0.0.1:{served.metrics_port}/metrics") as response:
        return await response.text()


def _sum(pattern: re.Pattern[str], page: str) -> int:
    return int(sum(map(float, pattern.findall(page))))


def _count(folder: Path) -> int:
    return len(list(folder.iterdir()))


def _read(file: Path) -> str:
    return file.read_text()
