"""Laws: whatever stands where in a provider's answer, it is read or the answer is malformed, on every wire.

Every place that a recorded answer has holds every odd value once, whole and streamed.
"""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.message import Message
from ringmain.v1.embedding_service_pb2 import Embedding
from ringmain_server.errors import RingmainError

from tests.laws.documents import Documents, Unsayable
from tests.laws.recorded import Recorded, numbers_of, places, recordings, replaced

NUMBERS: list[Any] = [-1, 2**63, math.inf, 1.5, True, "5", None, [], {}, math.nan, 10**400]
OTHERS: list[Any] = [7, None, [], {}, "", "\ud83d", [None]]
RECORDED = list(recordings())
KINDS = sorted({one.name.partition("-")[0] for one in RECORDED})


def changed(kind: str) -> Iterator[tuple[Recorded, Documents, str]]:
    """Recordings of a kind with one odd value; each place of the wire is tried once, wherever it occurs."""
    tried: set[tuple[Any, ...]] = set()
    for one in RECORDED:
        if one.name.partition("-")[0] != kind:
            continue
        of = (*one.name.split("-")[:2], one.name.endswith("-streamed"))
        for path, value in places(one.documents):
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            for odd in NUMBERS if is_number else OTHERS:
                shape = (*of, repr(odd), *(name for name in path if isinstance(name, str)))
                if path and shape not in tried:
                    tried.add(shape)
                    yield one, replaced(one.documents, path, odd), f"{path}: {odd!r}"


_SIGNED = frozenset({Embedding.DESCRIPTOR.fields[0].name, "logprob"})
"""Fields whose numbers may be below zero."""


@pytest.mark.parametrize("kind", KINDS)
def test_odd_values(kind: str) -> None:
    """An odd value is ignored or makes its answer malformed: no translator fails, no count is wrong."""
    for one, documents, what in changed(kind):
        try:
            found = one.read(documents)
        except (RingmainError, Unsayable):
            continue
        except Exception as exc:  # noqa: BLE001 - the law is that there is none
            pytest.fail(f"{one}: {what}: {exc!r}")
        for message in found:
            check(message, f"{one}: {what}")


def check(message: Message, what: str) -> None:
    """A message can be sent, and no number in it is one that nobody counted."""
    message.SerializeToString()
    for name, number in numbers_of(message):
        assert math.isfinite(number), what
        assert number >= 0 or name in _SIGNED, what
