"""A transport whose library is loaded when it is needed."""

import asyncio
import threading

from ringmain_server.candidate import Candidate
from ringmain_server.models import Served
from ringmain_server.operations import CHAT
from ringmain_server.providers.lazy import LazyTransport

from tests.fakes.backend import ScriptedBackend
from tests.routing import new_call, router_of, served
from tests.test_router import REQUEST, _answer


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
    loaded = asyncio.Event()

    async def prepare() -> None:
        await asyncio.sleep(0.02)
        loaded.set()

    ready = served(ScriptedBackend([[_answer()]]))
    cold = Served(
        Candidate("p0", "openai", "m"), ready.backend, ready.operations, ready.condition, prepare=prepare
    )
    call = new_call()
    await router_of([cold]).call(CHAT, REQUEST, call)
    assert loaded.is_set()
    assert (call.attempts[0].latency or 1) < 0.02
