"""A configuration file is looked at; a change counts once whoever writes it has finished."""

import asyncio
import threading
from pathlib import Path

import pytest
from ringmain_server.config.watch import LONG_QUIET, QUIET, FileWatch, Observation, follow, wait_until_quiet

from tests.fakes.waiting import LIMIT

CHANGED, NOTHING = Observation(changed=True), Observation()


class Watched:
    """A file that is looked at by a clock of the test's."""

    def __init__(self, path: Path, content: str = "a\n") -> None:
        self.path = path
        if content:
            path.write_text(content)
        self.now = 0.0
        self.watch = FileWatch(str(path), lambda: self.now)

    def after(self, seconds: float) -> Observation:
        """What a look finds, so much later."""
        self.now += seconds
        return self.watch.poll()


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """A file of one line."""
    return Watched(tmp_path / "ringmain.yaml")


def test_a_change_is_noticed_once_it_has_come_to_rest(watched: Watched) -> None:
    """A file that is still being written is no change yet; a finished one is one change."""
    assert watched.after(1) == NOTHING
    for text in ("ab\n", "abc\n"):
        watched.path.write_text(text)
        assert watched.after(0.5) == NOTHING
    assert watched.after(0.5) == NOTHING
    assert watched.after(0.6) == CHANGED
    assert watched.after(60) == NOTHING


@pytest.mark.parametrize("half", ["a\n", "a\nb: 1", "b: 1"])
def test_a_file_that_seems_to_lack_its_end(watched: Watched, half: str) -> None:
    """The beginning of what was there, or a text without its last line break, stands still for longer."""
    watched.path.write_text("a\nb: 1\n")
    watched.after(0.5)
    assert watched.after(QUIET) == CHANGED
    watched.path.write_text(half)
    assert [watched.after(0.5), watched.after(QUIET), watched.after(QUIET)] == [NOTHING] * 3
    assert watched.after(LONG_QUIET) == CHANGED


def test_an_empty_file_is_not_waited_for(watched: Watched) -> None:
    """Nothing is a change like any other, which whoever reads it refuses; then the finished file is one."""
    watched.path.write_text("")
    watched.after(0.5)
    assert watched.after(QUIET) == CHANGED
    watched.path.write_text("a\nb\n")
    watched.after(0.5)
    assert watched.after(QUIET) == CHANGED


def test_a_link_that_is_swapped(tmp_path: Path) -> None:
    """A link that leads elsewhere, as in a mounted ConfigMap, is a change at the second look."""
    first, second, link = tmp_path / "one", tmp_path / "two", tmp_path / "ringmain.yaml"
    first.write_text("same\n")
    second.write_text("sane\n")
    link.symlink_to(first)
    watched = Watched(link, "")
    (tmp_path / "new").symlink_to(second)
    (tmp_path / "new").rename(link)
    assert watched.after(0.5) == NOTHING
    assert watched.after(0.1) == CHANGED


def test_a_file_that_is_gone_and_comes_back(watched: Watched) -> None:
    """That a file is gone is told once, and not for a moment; that it is back as it was is no change."""
    aside = watched.path.rename(watched.path.with_name("aside"))
    assert watched.after(0.5) == NOTHING
    aside.rename(watched.path)
    assert [watched.after(0.5), watched.after(0.5)] == [NOTHING] * 2
    watched.path.rename(aside)
    assert watched.after(0.5) == NOTHING
    assert watched.after(QUIET) == Observation(gone=True)
    assert watched.after(60) == NOTHING
    aside.rename(watched.path)
    assert watched.after(0.5) == NOTHING
    assert watched.after(0.5) == Observation(back=True)
    assert watched.after(60) == NOTHING


async def test_each_change_is_acted_on(tmp_path: Path) -> None:
    """Following a file acts once for each change, tells of what is no change, and goes on."""
    results = iter([CHANGED, NOTHING, Observation(gone=True), Observation(back=True), CHANGED])
    acted: list[object] = []
    over = asyncio.Event()

    class Scripted(FileWatch):
        def poll(self) -> Observation:
            return next(results, NOTHING)

    async def act() -> None:
        acted.append("read")
        if acted.count("read") == 2:
            over.set()

    def tell(message: str, problem: bool) -> None:
        acted.append((message.partition(";")[0], problem))

    scripted = Scripted(str(tmp_path / "none"))
    following = asyncio.ensure_future(follow(scripted, act, tell, interval=0.001))
    await asyncio.wait_for(over.wait(), LIMIT)
    following.cancel()
    told = [("the configuration file is gone", True), ("the configuration file is back, as it was", False)]
    assert acted == ["read", *told, "read"]


async def test_a_file_system_that_does_not_answer(tmp_path: Path) -> None:
    """A look that hangs is told of once, holds nobody up, and is not repeated beside itself."""
    hanging = threading.Event()
    looks: list[int] = []

    class Dead(FileWatch):
        def poll(self) -> Observation:
            looks.append(1)
            hanging.wait(5)
            return Observation()

    told: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()

    async def act() -> None:
        raise AssertionError

    def tell(message: str, problem: bool) -> None:
        told.put_nowait((message, problem))

    dead = Dead(str(tmp_path / "none"))
    following = asyncio.ensure_future(follow(dead, act, tell, interval=0.001, patience=0.01))
    assert "does not answer" in (await asyncio.wait_for(told.get(), LIMIT))[0]
    await asyncio.sleep(0.05)
    assert len(looks) == 1
    hanging.set()
    assert await asyncio.wait_for(told.get(), LIMIT) == ("the configuration file answers again", False)
    following.cancel()


def test_waiting_for_whoever_writes(tmp_path: Path) -> None:
    """A file that is to be read now is waited for while it grows, and not if nobody has written it lately."""
    file = tmp_path / "ringmain.yaml"
    file.write_text("a")
    written = file.stat().st_mtime
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) < 3:
            file.write_text("a" * (len(waits) + 1))

    wait_until_quiet(str(file), lambda: written + sum(waits) / 10, sleep)
    assert len(waits) == 3
    waits.clear()
    wait_until_quiet(str(file), lambda: file.stat().st_mtime + 2, sleep)
    wait_until_quiet(str(tmp_path / "none"), sleep=sleep)
    assert waits == []
