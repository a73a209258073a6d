"""A clock that stands still until it is moved."""


class FakeClock:
    """Seconds, as any policy takes them: call it to read it."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self.now += seconds
