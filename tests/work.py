"""Tests: how much work something is, in terms that hold on any machine and under any load.

CPU time of the calling thread, the least of a few rounds, compared with nothing but other CPU time of
the same moment.
"""

import time
import zlib
from collections.abc import Callable

TIMES = 8
"""How much larger the larger of two inputs is."""
_ROOM = 2.5
"""How much more than in proportion is still taken for linear; quadratic work would be eight times as much."""
_ROUNDS = 3
_SIZE = 64 << 20
_ZEROS = zlib.compress(bytes(_SIZE), 1)


def cpu(work: Callable[[], object], rounds: int = _ROUNDS) -> float:
    """CPU seconds that work takes; the least of some rounds, for whatever runs beside it only adds."""
    spent = []
    for _ in range(rounds):
        began = time.thread_time()
        work()
        spent.append(time.thread_time() - began)
    return min(spent)


def grows_in_proportion(work: Callable[[int], Callable[[], object]], size: int) -> bool:
    """Whether work on an input of a size takes about so many times as much as on a smaller one.

    Args:
        work: Prepares the work on an input of a size.
        size: Of the larger input, at which work that grows by the square would show.
    """
    smaller, larger = cpu(work(size // TIMES)), cpu(work(size), 2)
    return larger < _ROOM * TIMES * smaller


def inflating() -> float:
    """CPU seconds that it takes to inflate 64 MiB of zeros, a unit in which to call something little."""
    # In one block: by growing ones the C library would learn to keep memory, whose use no test could see.
    return cpu(lambda: zlib.decompress(_ZEROS, bufsize=_SIZE))
