"""Stores: implementations in the memory of this process, which other workers and replicas do not share."""

import time
from collections.abc import Callable

from cachetools import TTLCache

from ringmain_server.stores.answers import Key, StoredAnswer

ENTRY_OVERHEAD = 1024
"""Bytes of an entry in addition to its content, for keys, objects and links."""


class MemoryAnswers:
    """A store of answers with limits on number, bytes and age. The least recently used are evicted first.

    Args:
        ttl: Seconds for which an answer is kept.
        max_entries: Most answers.
        max_bytes: Most bytes of all answers, overhead included. A larger answer is not kept.
        clock: Seconds on any monotonic clock.
    """

    def __init__(
        self,
        *,
        ttl: float,
        max_entries: int,
        max_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_entries = max_entries
        self._answers: TTLCache[Key, StoredAnswer] = TTLCache(max_bytes, ttl, timer=clock, getsizeof=_size)

    async def get(self, key: Key) -> StoredAnswer | None:
        """Returns the answer of a key, None if there is none or it has expired."""
        return self._answers.get(key)

    async def put(self, key: Key, answer: StoredAnswer) -> None:
        """Keeps an answer."""
        self._answers.pop(key, None)
        if _size(answer) > self._answers.maxsize:
            return
        while len(self._answers) >= self._max_entries:
            self._answers.popitem()
        self._answers[key] = answer


def _size(answer: StoredAnswer) -> int:
    return answer.size + ENTRY_OVERHEAD
