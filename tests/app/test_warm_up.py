"""What is loaded is taken out of the collector's sight, and nothing else."""

import gc
import weakref

from ringmain_server.app.warm_up import freeze


class _Failed:
    """An exception and its frame, say: only the collector frees it."""

    def __init__(self) -> None:
        self.itself = self


def test_no_garbage_is_kept_for_ever() -> None:
    """Garbage that is there when the start is over goes before the rest is frozen."""
    gc.disable()
    try:
        left = weakref.ref(_Failed())
        assert left() is not None
        freeze()
        assert left() is None
    finally:
        gc.enable()
