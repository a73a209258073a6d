"""Lines go out through a queue: who logs never waits, and what is lost is counted."""

import io
import json
import logging
import os
import threading
import warnings
from pathlib import Path

import pytest
from ringmain_server.config import LogFileSettings, LogSettings
from ringmain_server.telemetry.lines import (
    QUEUE_CHARACTERS,
    QUEUE_LINES,
    Lines,
    Losses,
    destination,
    flush,
    never_wait_for,
)
from ringmain_server.telemetry.logs import adopt_libraries, make_log


def _pipe() -> tuple[int, io.TextIOWrapper]:
    reading, writing = os.pipe()
    return reading, os.fdopen(writing, "w")


def test_who_logs_does_not_wait_for_a_pipe_that_nobody_reads() -> None:
    """All that fits into the queue is taken at once, and comes out in its order once somebody reads."""
    reading, writing = _pipe()
    losses = Losses()
    log = make_log(LogSettings(format="json"), stream=writing, losses=losses)
    for index in range(2000):
        log.info("line", index=index, filler="x" * 100)
    found = b""
    while found.count(b"\n") < 2000:
        found += os.read(reading, 1 << 16)
    assert [json.loads(line)["index"] for line in found.splitlines()] == list(range(2000))
    assert losses.count == 0
    flush()
    os.close(reading)
    writing.close()


@pytest.mark.parametrize(
    ("line", "most"), [("x", QUEUE_LINES), ("x" * (1 << 20), QUEUE_CHARACTERS // (1 << 20))]
)
def test_what_does_not_fit_is_dropped_and_counted(line: str, most: int) -> None:
    """The queue is bounded by lines and by characters, however long writing takes."""
    writes, losses = threading.Event(), Losses()

    def write(_: str) -> None:
        writes.wait()

    lines = Lines(write, losses)
    for _ in range(most + 5000):
        lines.put(line)
    assert not lines.flush(0.01)
    lost = losses.count
    assert 0 < lost <= 5000
    writes.set()
    assert lines.flush(5)
    lines.put(line)
    assert lines.flush(5)
    assert losses.count == lost


def test_what_cannot_be_written_is_counted(capfd: pytest.CaptureFixture[str]) -> None:
    """A full disk loses lines and prints nothing; what fits later is written."""
    losses = Losses()
    settings = LogSettings(format="json", file=LogFileSettings(path="/dev/full"))
    log = make_log(settings, stream=io.StringIO(), losses=losses)
    for _ in range(5):
        log.info("line")
        flush()
    assert losses.count == 5
    assert capfd.readouterr() == ("", "")


def test_a_file_that_could_not_be_written_is_opened_anew(tmp_path: Path) -> None:
    """When the disk has room again, lines are written again, and none of those before twice."""
    path = tmp_path / "ringmain.log"
    path.symlink_to("/dev/full")
    losses = Losses()
    settings = LogSettings(format="json", file=LogFileSettings(path=str(path)))
    log = make_log(settings, stream=io.StringIO(), losses=losses)
    log.info("lost")
    flush()
    path.unlink()
    log.info("kept")
    flush()
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == ["kept"]
    assert losses.count == 1


def test_a_reader_that_left_is_no_reason_to_fail() -> None:
    """Lines for a closed pipe, or a closed descriptor, are lost one by one."""
    reading, writing = _pipe()
    os.close(reading)
    losses = Losses()
    put = destination(writing, losses)
    put("line\n")
    flush()
    writing.close()
    put("line\n")
    flush()
    assert losses.count == 2


def test_others_who_write_to_standard_error_do_not_wait_either() -> None:
    """A full pipe refuses what would wait; the flag is not shared with whoever else holds the pipe."""
    reading, writing = os.pipe()
    others = os.dup(writing)
    never_wait_for(writing)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    assert os.get_blocking(others)
    for descriptor in (reading, writing, others):
        os.close(descriptor)


def test_a_file_is_left_as_it_is(tmp_path: Path) -> None:
    """Files always take what is written, so that nothing is changed about them."""
    with (tmp_path / "errors").open("w") as file:
        never_wait_for(file.fileno())
        file.write("kept")
    assert (tmp_path / "errors").read_text() == "kept"


def test_libraries_log_to_the_same_place() -> None:
    """Records and warnings of libraries become lines, at most one a second for each logger."""
    stream = io.StringIO()
    root, before = logging.getLogger(), logging.raiseExceptions
    handlers = list(root.handlers)
    try:
        adopt_libraries(make_log(LogSettings(format="json"), stream=stream))
        for _ in range(100):
            logging.getLogger("some.library").warning("it is %s", "odd")
        logging.getLogger("another").error("%d", "no number")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("old", DeprecationWarning, stacklevel=1)
    finally:
        logging.captureWarnings(False)
        logging.raiseExceptions = before
        for handler in set(root.handlers) - set(handlers):
            root.removeHandler(handler)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["logger"], line["level"]) for line in lines] == [
        ("some.library", "warning"),
        ("another", "error"),
        ("py.warnings", "warning"),
    ]
    assert lines[0]["message"] == "it is odd"
