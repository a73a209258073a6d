"""A transport whose library is loaded when it is needed."""

import asyncio
import io
import threading
import time
from collections.abc import Callable

import pytest
from ringmain_server.app.warm_up import load
from ringmain_server.candidate import Candidate
from ringmain_server.config import LogSettings
from ringmain_server.errors import LibraryBroken
from ringmain_server.operations import CHAT
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.lazy import LazyTransport, Library
from ringmain_server.routing.models import Target
from ringmain_server.telemetry.logs import make_log

from tests.fakes.backend import ScriptedBackend
from tests.routing.routing import new_call, router_of, target
from tests.routing.test_router import REQUEST, _answer


class _Made:
    """Says what it is asked, and where it was made."""

    def __init__(self) -> None:
        self.thread = threading.current_thread()
        self.asked: list[str] = []

    async def send(self, request: str) -> str:
        self.asked.append(f"send {request}")
        return request

    async def open(self, request: str) -> str:
        self.asked.append(f"open {request}")
        return request

    async def check(self, path: str) -> None:
        self.asked.append(f"check {path}")

    async def close(self) -> None:
        self.asked.append("close")


async def test_it_is_made_once_in_a_thread_at_the_first_use() -> None:
    """However many ask at once, it is made once, beside the loop; then everything goes through to it."""
    made: list[_Made] = []

    def make() -> _Made:
        made.append(_Made())
        return made[-1]

    lazy: LazyTransport[str, str, str] = LazyTransport(make)  # type: ignore[arg-type] # says what it is asked
    await lazy.close()
    assert made == []
    assert list(await asyncio.gather(lazy.send("a"), lazy.send("b"))) == ["a", "b"]
    assert str(await lazy.open("c")) == "c"
    await lazy.check("/d")
    await lazy.close()
    (only,) = made
    assert only.thread is not threading.current_thread()
    assert sorted(only.asked) == ["check /d", "close", "open c", "send a", "send b"]


async def test_no_time_of_an_attempt_counts_for_loading() -> None:
    """What a candidate needs is loaded before its attempt begins, so that a slow import is no failure."""
    library = Library(lambda: time.sleep(0.3))
    ready = target(ScriptedBackend([[_answer()]]))
    cold = Target(
        Candidate("p0", "openai", "m"), ready.backend, ready.operations, ready.health, library=library
    )
    call = new_call()
    await router_of([cold]).call(CHAT, REQUEST, call)
    assert library.loaded
    assert (call.attempts[0].latency or 1) < 0.3


def lazy(
    make: Callable[[], object], clock: Callable[[], float] = lambda: 0.0
) -> LazyTransport[str, str, str]:
    """A transport of the provider `up`."""
    return LazyTransport(make, "up", clock)  # type: ignore[arg-type] # says what it is asked


async def test_a_library_that_cannot_be_loaded_is_the_providers_failure() -> None:
    """It fails over, is no failure of a breaker, and is not tried again for every call."""
    now, tries = 0.0, 0

    def make() -> object:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ImportError("a library of another version")
        return _Made()

    broken = lazy(make, lambda: now)
    await broken.prepare()
    for _ in range(3):
        with pytest.raises(LibraryBroken, match="up: its library cannot be loaded"):
            await broken.send("a")
    assert tries == 1
    now = 31.0
    assert await broken.send("b") == "b"


async def test_who_waits_may_leave() -> None:
    """A call that is cancelled while a library is loaded does not stop that; the next one has it."""
    begun, go = threading.Event(), threading.Event()

    def make() -> object:
        begun.set()
        go.wait(5)
        return _Made()

    slow = lazy(make)
    first = asyncio.ensure_future(slow.send("a"))
    await asyncio.to_thread(begun.wait)
    first.cancel()
    second = asyncio.ensure_future(slow.send("b"))
    await asyncio.sleep(0)
    go.set()
    assert await second == "b"
    assert first.cancelled()


async def test_what_cannot_be_loaded_is_told_and_the_rest_is_loaded() -> None:
    """A provider whose library is broken has a log line, and the others are ready all the same."""

    def broken() -> object:
        raise ImportError("no such name")

    lines = io.StringIO()
    log = make_log(LogSettings(format="json"), stream=lines)
    good = lazy(_Made)
    bad, other = lazy(broken), Library(_Made)
    providers = [
        Provider("bad", "openai", bad, {}, library=bad),
        Provider("good", "openai", good, {}, library=good),
        Provider("clouded", "vertex", good, {}, library=good),
        Provider("other", "vertex", good, {}, library=other),
        Provider("none", "sandbox", good, {}),
    ]
    await load(providers, log)
    assert good.loaded
    assert other.loaded
    assert '"provider":"bad"' in lines.getvalue()
    assert '"providers":["good","other"]' in lines.getvalue()
