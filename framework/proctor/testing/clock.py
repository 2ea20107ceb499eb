"""Time for tests."""


class FrozenClock:
    """Time that goes on only when it is told to: give it where a clock is asked for, and set `now`."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Give the time, in seconds since the epoch."""
        return self.now
