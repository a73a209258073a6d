"""Sandbox, pure: a bound on the work that one schema can cause."""

from collections.abc import Mapping

STEPS = 12_000
"""The steps that a schema may take. One takes about 4 µs, so that any schema takes at most about 50 ms."""


class TooInvolvedError(Exception):
    """Raised when a schema takes more work than one request may cause."""


class StepBudget:
    """The steps that remain for one schema, whichever part of the sandbox takes them.

    Args:
        steps: The steps at the start.
    """

    __slots__ = ("_left",)

    def __init__(self, steps: int = STEPS) -> None:
        self._left = steps

    def spend(self, steps: int = 1) -> None:
        """Takes steps.

        Raises:
            TooInvolvedError: Fewer are left.
        """
        self._left -= steps
        if self._left < 0:
            raise TooInvolvedError

    def spend_for(self, value: object) -> int:
        """Takes a step for each JSON value that a value holds, itself included, and returns how many.

        Raises:
            TooInvolvedError: Fewer are left.
        """
        self.spend()
        children = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        return 1 + sum(map(self.spend_for, children))
