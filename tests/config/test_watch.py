"""A configuration file is looked at; a change counts once the file has come to rest."""

import asyncio
from pathlib import Path

from ringmain_server.config.watch import FileWatch, follow


def test_a_change_is_noticed_once_it_has_come_to_rest(tmp_path: Path) -> None:
    """A file that is still being written is no change yet; a finished one is one change."""
    file = tmp_path / "ringmain.yaml"
    file.write_text("a")
    watch = FileWatch(str(file))
    assert not watch.changed()
    file.write_text("ab")
    assert not watch.changed()
    file.write_text("abc")
    assert not watch.changed()
    assert watch.changed()
    assert not watch.changed()


def test_a_file_that_is_replaced_by_another(tmp_path: Path) -> None:
    """A link that leads elsewhere, as in a mounted ConfigMap, is a change; a missing file is none."""
    first, second, link = tmp_path / "one", tmp_path / "two", tmp_path / "ringmain.yaml"
    first.write_text("same")
    second.write_text("same")
    link.symlink_to(first)
    watch = FileWatch(str(link))
    link.unlink()
    assert not watch.changed()
    assert not watch.changed()
    link.symlink_to(second)
    assert not watch.changed()
    assert watch.changed()


def test_a_file_that_comes_back_as_it_was(tmp_path: Path) -> None:
    """A file that was away for a moment and is the same again is no change."""
    file = tmp_path / "ringmain.yaml"
    file.write_text("a")
    watch = FileWatch(str(file))
    aside = file.rename(tmp_path / "aside")
    assert not watch.changed()
    aside.rename(file)
    assert [watch.changed() for _ in range(3)] == [False, False, False]


async def test_each_change_is_acted_on(tmp_path: Path) -> None:
    """Following a file acts once for a change, and goes on."""
    file = tmp_path / "ringmain.yaml"
    file.write_text("a")
    acted: list[str] = []
    again = asyncio.Event()

    async def act() -> None:
        acted.append(file.read_text())
        again.set()

    following = asyncio.ensure_future(follow(FileWatch(str(file)), act, interval=0.005))
    for text in ("ab", "abc"):
        again.clear()
        file.write_text(text)
        await asyncio.wait_for(again.wait(), 2)
    following.cancel()
    assert acted == ["ab", "abc"]
