"""What runs beside the calls survives its faults, and tells of them."""

import asyncio
import io
import json

import pytest
from ringmain_server.app.background import Background
from ringmain_server.config import LogSettings
from ringmain_server.telemetry.logs import make_log

from tests.e2e.gateway import ask, gateway
from tests.fakes.clock import FakeClock
from tests.fakes.waiting import until


class _Stage:
    """A background whose log is read."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self._lines = io.StringIO()
        log = make_log(LogSettings(format="json"), stream=self._lines)
        self.background = Background(log, self.clock, again=0.0)
        self.turns = 0

    async def failing(self) -> None:
        self.turns += 1
        raise RuntimeError("a bad turn")

    def log(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._lines.getvalue().splitlines()]


async def test_a_loop_that_fails_goes_on_and_is_told_once_a_minute() -> None:
    """Every bad turn is followed by another; the log has the first, and a minute later their number."""
    stage = _Stage()
    stage.background.keep("bad", stage.failing)
    await until(lambda: stage.turns > 10)
    assert [(line["event"], line["where"]) for line in stage.log()] == [("fault", "bad")]
    stage.clock.advance(60)
    await until(lambda: len(stage.log()) > 1)
    assert int(str(stage.log()[1]["count"])) >= 10
    await stage.background.end()


async def test_what_is_done_once_and_fails_is_told() -> None:
    """A fault of what runs once is a line with its name, and no second try."""
    stage = _Stage()
    stage.background.once("start", stage.failing)
    await until(lambda: bool(stage.log()))
    assert (stage.turns, stage.log()[0]["where"]) == (1, "start")
    await stage.background.end()


@pytest.mark.parametrize("kind", ["task", "callback"])
async def test_nothing_dies_silently_in_a_gateway(kind: str) -> None:
    """An exception that nobody awaits, of a task or of a callback, is a line in the log; calls go on."""
    async with gateway({"providers": {"sandbox": {"kind": "sandbox"}}}) as running:

        async def dies() -> None:
            raise RuntimeError("nobody awaits me")

        def fails() -> None:
            raise RuntimeError("nobody called me")

        if kind == "task":
            task = asyncio.create_task(dies())
            await asyncio.wait((task,))
            del task
        else:
            asyncio.get_running_loop().call_soon(fails)
        await until(lambda: bool(running.events("fault")))
        assert "nobody" in str(running.events("fault")[0]["exception"])
        assert (await running.stub.Chat(ask("sandbox/echo"))).response_id
