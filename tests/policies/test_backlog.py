"""When calls came, told by how many came and how many were taken."""

import pytest
from ringmain_server.policies.backlog import UNSUSPICIOUS, Backlog

from tests.fakes.clock import FakeClock


class _Queue:
    """Calls that wait at a server, as channelz counts them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.come: int | None = 0
        self.counts = 0
        self.backlog = Backlog(self.clock, self._count)

    def _count(self) -> int | None:
        self.counts += 1
        return self.come

    def comes(self, count: int = 1) -> None:
        assert self.come is not None
        self.come += count

    def take(self) -> float:
        """Takes a call; returns how long it is held to have waited."""
        return self.clock() - self.backlog.accepted(self.clock())

    def work(self, calls: int, seconds_each: float) -> list[float]:
        waits = []
        for _ in range(calls):
            waits.append(self.take())
            self.clock.advance(seconds_each)
        return waits

    def rest(self) -> bool:
        self.clock.advance(0.02)
        return self.backlog.quiet(self.clock(), 0.02)


def test_calls_that_come_one_by_one_have_not_waited() -> None:
    """While calls are taken as they come, however long that goes on, none has waited."""
    queue = _Queue()
    waits = []
    for _ in range(2000):
        queue.comes()
        waits.append(queue.take())
        queue.clock.advance(0.001)
    assert max(waits) < 0.06
    assert queue.counts < 50


def test_the_last_of_a_burst_waited_for_all_before_it() -> None:
    """A thousand calls at once, each of which takes a millisecond: the last waited a second."""
    queue = _Queue()
    queue.comes(1000)
    waits = queue.work(1000, 0.001)
    assert waits[0] == 0
    assert waits[500] == pytest.approx(0.5, abs=UNSUSPICIOUS + 0.01)
    assert waits[-1] == pytest.approx(1.0, abs=UNSUSPICIOUS + 0.01)


def test_a_queue_that_grows_makes_each_call_wait_longer_and_no_longer_than_it_does() -> None:
    """Two calls come while one is taken: after two seconds the one taken has waited for one."""
    queue = _Queue()
    waits = []
    for _ in range(1000):
        queue.comes(2)
        waits.append(queue.take())
        queue.clock.advance(0.002)
    assert waits[-1] == pytest.approx(1.0, abs=0.1)


def test_calls_that_are_never_taken_are_forgotten_at_the_next_rest() -> None:
    """What gRPC refuses by itself makes no later call look late."""
    queue = _Queue()
    queue.comes(500)
    queue.clock.advance(11)
    queue.comes()
    queue.take()
    assert not queue.rest()
    assert queue.backlog.quiet(queue.clock(), 0.2)
    queue.comes(100)
    waits = queue.work(100, 0.001)
    assert waits[-1] == pytest.approx(0.1, abs=UNSUSPICIOUS + 0.01)


def test_no_call_came_before_the_last_rest() -> None:
    """Whatever the counts say, a call that is taken after a rest came after it."""
    queue = _Queue()
    queue.comes(10_000)
    queue.work(100, 0.001)
    queue.clock.advance(0.2)
    assert queue.backlog.quiet(queue.clock(), 0.2)
    queue.comes(1)
    assert queue.take() == 0
    queue.clock.advance(0.1)
    assert queue.take() <= 0.1


def test_without_a_count_nothing_has_waited() -> None:
    """Where nobody can count, no wait is made up."""
    queue = _Queue()
    queue.come = None
    assert max(queue.work(1000, 0.001)) == 0
    assert queue.rest()
