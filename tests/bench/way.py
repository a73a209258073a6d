"""Tests, benchmark: the way of a call through the gateway, counted in packages, functions and calls of ours.

Counts what a call of a warm gateway runs below `server/ringmain_server`, by `sys.setprofile`: the shortest of
a few, since what the gateway does once a second may fall into one. A generator or a coroutine that is resumed
counts once. A package is the first component of a module's path
below the server's. Caller, gateway and provider share one event loop and speak over real sockets; what is
counted is the same on every machine.

Alone: `python -m tests.bench.way`; `--names` lists the calls in their order.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any, Self

import ringmain_server

from tests.e2e.gateway import ask, gateway, upstreams
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.script import Answer

OURS = str(Path(ringmain_server.__file__).parent) + "/"
TRIES = 3
TOKENS = ("One", " two", " three", " four")


@dataclass(frozen=True, slots=True)
class Way:
    """What a call ran.

    Attributes:
        calls: The functions in the order in which they were called, each as `path:function`.
    """

    calls: tuple[str, ...]

    @property
    def functions(self) -> int:
        """How many different functions there are."""
        return len(set(self.calls))

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages visited, in the order of their first visit."""
        return tuple(dict.fromkeys(map(_package, self.calls)))

    @property
    def changes(self) -> int:
        """How often a call follows one of another package."""
        packages = list(map(_package, self.calls))
        return sum(before != after for before, after in pairwise(packages))

    def __str__(self) -> str:
        return (
            f"{len(self.packages)} packages, {self.changes} changes of package, "
            f"{self.functions} functions, {len(self.calls)} calls"
        )


class Recorder:
    """Notes the calls of ours while it is entered."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        # Kept, so that no other frame gets the identity of one that has ended.
        self._frames: dict[int, FrameType] = {}

    def _note(self, frame: FrameType, event: str, _argument: object) -> None:
        path = frame.f_code.co_filename
        if event != "call" or not path.startswith(OURS) or id(frame) in self._frames:
            return
        self._frames[id(frame)] = frame
        self.calls.append(f"{path.removeprefix(OURS)}:{frame.f_code.co_qualname}")

    def __enter__(self) -> Self:
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        self._frames.clear()


async def ways() -> dict[str, Way]:
    """Returns the way of a chat, and of a streamed chat of four tokens."""
    found = {}
    async with (
        FakeOpenAI(Answer(tokens=TOKENS)) as upstream,
        gateway(upstreams(up=upstream.base_url)) as ringmain,
    ):
        for name, once in _calls(ringmain.stub).items():
            for _ in range(2):
                await once()
                await _rest()
            found[name] = min([await _way(once) for _ in range(TRIES)], key=lambda way: len(way.calls))
    return found


async def _way(once: Callable[[], Awaitable[None]]) -> Way:
    with Recorder() as recorder:
        await once()
        await _rest()
    return Way(tuple(recorder.calls))


def _calls(stub: Any) -> dict[str, Callable[[], Awaitable[None]]]:
    async def chat() -> None:
        await stub.Chat(ask("m"))

    async def stream_chat() -> None:
        async for _ in stub.StreamChat(ask("m")):
            pass

    return {"Chat": chat, "StreamChat": stream_chat}


async def _rest() -> None:
    """Lets what follows the answer run to its end."""
    await asyncio.sleep(0.05)


def _package(call: str) -> str:
    return call.partition(":")[0].partition("/")[0].removesuffix(".py")


def main() -> None:
    """Prints the ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", action="store_true", help="list the calls in their order")
    options = parser.parse_args()
    for name, way in asyncio.run(ways()).items():
        print(f"{name}: {way}: {' '.join(way.packages)}")
        if options.names:
            print("\n".join(f"  {call}" for call in way.calls))


if __name__ == "__main__":
    main()
