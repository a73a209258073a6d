"""The soak tells a level course from one that rises."""

from dataclasses import replace

import pytest

from tests.faults.course import LEAST, told, uneven
from tests.faults.leftovers import Leftovers

USUAL = Leftovers(in_flight=8, descriptors=30, threads=20, tasks=40, memory=200 << 20)


def test_a_level_course() -> None:
    """What rises in the first third alone, and what wavers, is level."""
    start = [replace(USUAL, memory=(100 << 20) + index) for index in range(LEAST)]
    later = [replace(USUAL, tasks=40 + index % 3, descriptors=30 + index % 2) for index in range(2 * LEAST)]
    assert not list(uneven([*start, *later]))
    assert len(list(told([*start, *later]))) == 3


@pytest.mark.parametrize(
    ("name", "value"), [("memory", 208 << 20), ("descriptors", 33), ("threads", 23), ("tasks", 43)]
)
def test_a_course_that_rises(name: str, value: int) -> None:
    """More than three in a hundred of anything, and more than two where there are few, is told."""
    risen = replace(USUAL, **{name: value})
    assert len(list(uneven([USUAL] * 2 * LEAST + [risen] * LEAST))) == 1


def test_a_short_course() -> None:
    """A soak of a few minutes is not judged by its thirds: everything is new to the gateway."""
    risen = replace(USUAL, memory=2 * USUAL.memory)
    assert not list(uneven([USUAL] * 20 + [risen] * 10))
