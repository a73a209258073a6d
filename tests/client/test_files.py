"""Files of the client: there whole or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ringmain.files import write_whole


def test_a_file_is_as_open_as_the_mask_says(tmp_path: Path) -> None:
    """A file has the rights that any new file of this process has, and nothing else is left beside it."""
    usual = tmp_path / "usual"
    usual.touch()
    written = write_whole(tmp_path / "drawn.png", [b"a", b"b"])
    assert written.read_bytes() == b"ab"
    assert written.stat().st_mode == usual.stat().st_mode
    assert sorted(file.name for file in tmp_path.iterdir()) == ["drawn.png", "usual"]


def test_what_was_there_stays_where_the_bytes_end_early(tmp_path: Path) -> None:
    """A source that fails leaves the old file as it was, and no half one."""

    def failing() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionError

    (tmp_path / "drawn.png").write_bytes(b"old")
    with pytest.raises(ConnectionError):
        write_whole(tmp_path / "drawn.png", failing())
    assert (tmp_path / "drawn.png").read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["drawn.png"]
