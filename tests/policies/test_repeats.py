"""What happens again and again is told now and then."""

from ringmain_server.policies.repeats import Repeats

from tests.fakes.clock import FakeClock


def test_each_is_told_at_once_and_then_with_its_number() -> None:
    """The first is told at once; those of an interval together at its end, whether or not more follow."""
    clock = FakeClock()
    repeats: Repeats[str] = Repeats(clock, 60)
    assert [repeats.happened("a"), repeats.happened("a"), repeats.happened("b", 5)] == [1, 0, 5]
    assert repeats.due() == []
    clock.advance(60)
    assert repeats.due() == [("a", 1)]
    clock.advance(59)
    assert repeats.happened("a") == 0
    clock.advance(1)
    assert repeats.happened("a") == 2
