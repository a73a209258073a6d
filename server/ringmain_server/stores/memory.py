"""Room 3: stores in the memory of this process; other workers and replicas do not see them."""

import time
from collections.abc import Callable

from cachetools import TTLCache

from ringmain_server.stores.answers import Key, StoredAnswer

ENTRY_OVERHEAD = 1024
"""Bytes that an entry takes beside its content: keys, objects and links."""


class MemoryAnswers:
    """Answers bounded in number, bytes and age. When it is full, the longest unused goes first.

    Args:
        ttl: Seconds an answer is kept.
        max_entries: The most answers.
        max_bytes: The most bytes of answers, overhead included. A larger answer is not kept.
        clock: Seconds.
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
        """The answer that was kept for a key, None if there is none or it is too old."""
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
