"""A driver that breaks the protocol is found out."""

import sys
from collections.abc import Sequence

import pytest

from tests.conformance.case import Case
from tests.conformance.driver import Driver, DriverError, driving, line
from tests.conformance.expand import message

CASE = Case(name="one", about="", method="Chat", request={}, expect={}, metadata={"a": "b"}, cancel_after=0)
REQUEST = message("Chat", {}, "m")
ECHO = """
import json, sys
for line in sys.stdin:
    print(json.dumps({"id": json.loads(line)["id"], "status": "OK"}), flush=True)
"""


def python(source: str) -> Sequence[str]:
    """A driver in a line."""
    return (sys.executable, "-c", source)


async def ask(driver: Driver) -> object:
    """One call."""
    return await driver.ask(CASE, REQUEST, "127.0.0.1:1")


def test_the_line() -> None:
    """What is not set is not in the line; a cancel after nothing is."""
    assert line(CASE, REQUEST, name="n", target="t") == {
        "id": "n",
        "target": "t",
        "method": "Chat",
        "request": "EgFt",
        "cancel_after": 0,
        "metadata": {"a": "b"},
    }


async def test_it_answers_and_ends() -> None:
    """Answers reach their calls, and the driver ends when its input does."""
    async with driving(python(ECHO)) as driver:
        assert await ask(driver) == {"id": "one/0", "status": "OK"}
        assert await ask(driver) == {"id": "one/1", "status": "OK"}
        assert await driver.end() == 0
        with pytest.raises(DriverError, match="has ended"):
            await ask(driver)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("print('hello', flush=True); input(); input()", "answers nothing"),
        ('print(\'{"id": "other"}\', flush=True); input(); input()', "answers nothing"),
        ("input()", "has ended"),
    ],
)
async def test_it_says_something_else(source: str, said: str) -> None:
    """A driver that writes anything else, or ends early, fails what waits for it."""
    async with driving(python(source)) as driver:
        with pytest.raises(DriverError, match=said):
            await ask(driver)


async def test_it_does_not_end() -> None:
    """A driver that stays is ended, and its time-out told."""
    async with driving(python("import time; time.sleep(60)")) as driver:
        with pytest.raises(TimeoutError):
            await driver.end(within=0.2)
