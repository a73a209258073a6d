"""Room 4, the sandbox, pure: bounds the work that one schema can cause."""

STEPS = 100_000


class TooInvolvedError(Exception):
    """A schema takes more work than one request may cause."""


class Budget:
    """Steps that one schema may take, whichever part of the generator takes them."""

    __slots__ = ("_left",)

    def __init__(self, steps: int = STEPS) -> None:
        self._left = steps

    def spend(self, steps: int = 1) -> None:
        """Takes steps.

        Raises:
            TooInvolvedError: None are left.
        """
        self._left -= steps
        if self._left < 0:
            raise TooInvolvedError
