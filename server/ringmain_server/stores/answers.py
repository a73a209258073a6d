"""Room 3: answers that were given, kept so that a repeated request costs nothing."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Key(NamedTuple):
    """What makes two requests one: the caller's request id, which is the tenant's own."""

    tenant_id: str
    request_id: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as it was given.

    Attributes:
        fingerprint: Of the request, so that another request under the same id is noticed.
        response_id: The call that it answered first.
        body: The whole response, serialised.
    """

    fingerprint: bytes
    response_id: str
    body: bytes

    @property
    def size(self) -> int:
        """About how many bytes it takes to keep."""
        return len(self.fingerprint) + len(self.response_id) + len(self.body)


class Answers(Protocol):
    """Keeps answers for a while.

    It may forget one early, and it never raises: a store out of reach has nothing and keeps nothing, because
    paying for a repeat is better than failing an answer.
    """

    async def get(self, key: Key) -> StoredAnswer | None:
        """The answer that was kept for a key, None if there is none or it is too old."""
        ...

    async def put(self, key: Key, answer: StoredAnswer) -> None:
        """Keeps an answer."""
        ...
