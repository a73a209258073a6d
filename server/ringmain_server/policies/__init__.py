"""Policies, pure: state machines that decide and never wait. They take their clock as an argument."""

from collections.abc import Callable

Clock = Callable[[], float]
"""A function that returns seconds on any monotonic clock."""
