"""Stores: the protocol for answers that are kept so that a repeated request costs nothing."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Key(NamedTuple):
    """The key of an answer. Requests of the same owner with the same request id are the same request.

    Attributes:
        owner: The tenant, or a caller without one (`Principal.owner`).
        request_id: Chosen by the caller.
    """

    owner: str
    request_id: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer that was given to a request.

    Attributes:
        fingerprint: Hash of the request, by which a different request with the same id is noticed.
        response_id: Id of the response to the first request.
        body: The whole response, serialized.
    """

    fingerprint: bytes
    response_id: str
    body: bytes

    @property
    def size(self) -> int:
        """The approximate size of the answer in bytes."""
        return len(self.fingerprint) + len(self.response_id) + len(self.body)


class Answers(Protocol):
    """A store that keeps answers for a limited time.

    It may forget an answer early, and its methods never raise. A store that cannot be reached finds nothing
    and keeps nothing, because paying for a repeated request is better than failing it.
    """

    async def get(self, key: Key) -> StoredAnswer | None:
        """Returns the answer of a key, None if there is none or it has expired."""
        ...

    async def put(self, key: Key, answer: StoredAnswer) -> None:
        """Keeps an answer."""
        ...
