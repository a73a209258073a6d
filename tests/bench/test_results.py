"""Tests, benchmark: how figures are scaled and judged."""

import io

import pytest
from rich.console import Console

from tests.bench.echo import REFERENCE_US
from tests.bench.results import TIMES, Figure, Kind, missed_ratios, show

CPU = Kind("some.cpu_us", "Something: CPU a call", "µs", 100)


def _shown(*figures: Figure) -> str:
    console = Console(file=io.StringIO(), width=80)
    show(figures, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_slower_machine_may_need_longer_in_proportion() -> None:
    """Each repetition is scaled by the yardstick beside it; the median of those counts."""
    figure = CPU.of("gateway", [190, 250, 400], [2 * REFERENCE_US, 2.5 * REFERENCE_US, 5 * REFERENCE_US])
    assert figure.value == 250
    assert figure.scaled == pytest.approx(95)
    assert not figure.missed
    assert "95 ✓" in _shown(figure)


def test_a_quicker_machine_has_to_be_quicker() -> None:
    """The yardstick works in both directions: a target is not reached by better hardware."""
    figure = CPU.of("gateway", [90.0], [REFERENCE_US / 2])
    assert figure.scaled == pytest.approx(180)
    assert figure.missed
    assert "180 ✗" in _shown(figure)


def test_without_a_yardstick_the_value_counts() -> None:
    """Memory and seconds are what they are."""
    assert Kind("some.rss", "Memory", "MB", 75).of("gateway", [76.0]).missed
    assert not Kind("some.rss", "Memory", "MB", 75).of("gateway", [74.0]).missed


def test_the_ratio_is_taken_within_each_repetition() -> None:
    """A slow minute hits both servers, so that it does not show in their ratio."""
    yardstick = [REFERENCE_US] * 3
    text = _shown(CPU.of("gateway", [150, 300, 60], yardstick), CPU.of("bare", [100, 200, 10], yardstick))
    assert " 1.50" in text


def test_ratios_have_bounds_whatever_the_machine() -> None:
    """What exceeds its bound beside the bare relay is named; so is a figure that is a ratio itself."""
    kind = Kind("some.cpu_us", "Something: CPU a call", "µs", 100, most=1.5)
    gateway, bare = kind.of("gateway", [300, 310]), kind.of("bare", [210, 200])
    assert missed_ratios([gateway, bare]) == []
    assert "1.49 ≤ 1.5 ✓" in _shown(gateway, bare)
    assert missed_ratios([gateway, kind.of("bare", [100, 100])]) == ["some.cpu_us"]
    assert missed_ratios([gateway]) == []
    ratio = Kind("some.ratio", "One thing, to another", TIMES, 3)
    assert missed_ratios([ratio.of("gateway", [2.9])]) == []
    assert missed_ratios([ratio.of("gateway", [3.1])]) == ["some.ratio"]
