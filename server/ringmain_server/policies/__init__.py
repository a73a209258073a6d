"""Room 3, pure: machines that decide and never wait; they get their clock."""

from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds on any monotonic clock."""
