"""Logs: JSON or readable, masked, rotated, one file for each worker."""

import io
import json
import logging
from pathlib import Path
from typing import Literal

import pytest
from ringmain_server.config import LogFileSettings, LogSettings
from ringmain_server.telemetry.lines import flush
from ringmain_server.telemetry.logs import MASK, Mask, make_log


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class _Closed(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_who_writes_does_not_fail_when_nobody_reads() -> None:
    """A terminal or a pipe that is closed loses its lines, and nothing else."""
    make_log(LogSettings(), stream=_Closed()).info("serving")


def test_a_mask_learns() -> None:
    """Secrets of a later configuration are masked from then on, and those of the first one still."""
    mask, stream = Mask(["first-secret"]), io.StringIO()
    log = make_log(LogSettings(format="json"), mask, stream=stream)
    mask.learn(["second-secret", "no"])
    log.info("seen", both="first-secret second-secret no")
    assert f"{MASK} {MASK} no" in stream.getvalue()


A_KEY = "rm_01m8rtrx52ejcf4x_ikrZX6emeBu1btymF-_h2q0P5JuR8h8LfnV2vmfNVOM_d81734f3"
"""A key of the form that this gateway makes."""


@pytest.mark.parametrize(
    "secret",
    [
        "configured-secret",
        "sk-abcdefghijklmnop",
        "Bearer abcdefghijklmnop",
        "AIzaSyA1234567890abcdefghijkl",
        "gsk_abcdefgh12345678",
        A_KEY,
        A_KEY[:-9],
        "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJhbm4iLCJleHAiOjF9.c2lnbmF0dXJl-_w",
    ],
)
@pytest.mark.parametrize("look", ["json", "console"])
def test_no_secret_gets_into_a_line(secret: str, look: Literal["json", "console"]) -> None:
    """Configured secrets and whatever looks like a key are masked, in fields and in exceptions."""
    stream = io.StringIO()
    log = make_log(LogSettings(format=look), ["configured-secret"], stream=stream)
    log.warning("trouble", detail=f"key {secret} refused", nested={"a": [secret]})
    try:
        raise ValueError(secret)
    except ValueError as exc:
        log.error("fault", exc_info=exc)  # noqa: TRY400 - as the edge does
    assert secret not in stream.getvalue()
    assert MASK in stream.getvalue()


def test_a_terminal_gets_readable_lines_and_a_pipe_gets_json() -> None:
    """`auto` looks at the stream."""
    terminal, pipe = _Terminal(), io.StringIO()
    make_log(LogSettings(), stream=terminal).info("serving", port=1)
    make_log(LogSettings(), stream=pipe).info("serving", port=1)
    assert json.loads(pipe.getvalue()).items() >= {"event": "serving", "level": "info", "port": 1}.items()
    assert "serving" in terminal.getvalue()
    with pytest.raises(json.JSONDecodeError):
        json.loads(terminal.getvalue())


def test_less_severe_lines_are_left_out() -> None:
    """The level is the least severe that is written."""
    stream = io.StringIO()
    log = make_log(LogSettings(level="warning"), stream=stream)
    log.info("no")
    log.warning("yes")
    assert "no" not in stream.getvalue()
    assert "yes" in stream.getvalue()


def test_a_file_rotates_and_each_worker_has_its_own(tmp_path: Path) -> None:
    """The file gets the same lines as JSON and is rotated by size; a worker's file carries its number."""
    path = tmp_path / "ringmain.log"
    settings = LogSettings(
        format="console", file=LogFileSettings(path=str(path), max_bytes=300, backup_count=1)
    )
    log = make_log(settings, stream=io.StringIO())
    for index in range(9):
        log.info("line", index=index)
        flush()
    assert json.loads(path.read_text().splitlines()[-1])["index"] == 8
    assert (tmp_path / "ringmain.log.1").exists()
    mine = make_log(settings, stream=io.StringIO(), worker=3)
    mine.info("mine")
    flush()
    assert json.loads((tmp_path / "ringmain.log.3").read_text())["worker"] == 3
    logging.shutdown()  # as at the end of a process


@pytest.mark.parametrize("fill", ["x", "\0", "é", "🙂", "\ud800", "\x1b[31m"])
@pytest.mark.parametrize("look", ["json", "console"])
def test_a_line_is_short_whatever_is_in_it(fill: str, look: Literal["json", "console"]) -> None:
    """Texts, lists and mappings of megabytes make a line of less than 4 KiB that begins as it should."""
    stream = io.StringIO()
    log = make_log(LogSettings(format=look), stream=stream)
    log.warning("call", model=fill * 99_999, failed=[fill * 999] * 99, more={fill * 99: fill * 9_999})
    line = stream.getvalue()
    assert len(line.encode()) < 4096
    assert "call" in line
    if look == "json":
        assert json.loads(line)["event"] == "call"


def test_a_secret_at_the_cut_is_masked() -> None:
    """Of a secret that a long line would be cut within, no part remains."""
    stream = io.StringIO()
    log = make_log(LogSettings(format="json"), ["configured-secret"], stream=stream)
    log.warning("call", detail="x" * 490 + "configured-secret" + "y" * 9_999)
    assert "configured" not in stream.getvalue()


def test_a_fault_of_any_size_has_its_frames() -> None:
    """An exception whose text is huge is logged with its traceback, and its text is cut."""
    stream = io.StringIO()
    log = make_log(LogSettings(format="json"), stream=stream)
    try:
        raise ValueError("x" * 1_000_000)
    except ValueError as exc:
        log.error("fault", exc_info=exc)  # noqa: TRY400 - as the edge does
    line = json.loads(stream.getvalue())
    assert len(stream.getvalue()) < 40_000
    assert line["exception"][0]["frames"][0]["name"] == "test_a_fault_of_any_size_has_its_frames"
