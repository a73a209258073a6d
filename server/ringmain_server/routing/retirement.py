"""Room 3, pure: tells callers of a model that has ended when it did, and what replaces it.

A request for such a model is sent all the same, since a date may be wrong or moved: the provider's refusal is
what counts.
"""

from datetime import UTC, datetime

from ringmain_server.candidate import Candidate
from ringmain_server.errors import AccessRefused, ProviderError, Rejected, UnknownProviderModel

_REFUSALS = (AccessRefused, Rejected)
"""Refusals that may have another cause, and are likely to have this one once the model has ended."""


def utc_today() -> str:
    """Returns the present day in ISO 8601."""
    return datetime.now(UTC).date().isoformat()


def tell_of_end(error: ProviderError, candidate: Candidate, today: str) -> None:
    """Adds to a failure that the candidate's model ends or has ended, if that may be why it failed.

    Args:
        error: The failure. It is told once only, however often it comes.
        candidate: The candidate.
        today: The present day in ISO 8601.
    """
    day, successor = candidate.retire_date, candidate.replaced_by
    if not (day or successor) or "retire_date" in error.metadata or "replaced_by" in error.metadata:
        return
    ended = bool(day) and day <= today
    if not isinstance(error, UnknownProviderModel) and not (ended and isinstance(error, _REFUSALS)):
        return
    metadata = {}
    words = []
    if day:
        words.append(f"the model {'ended' if ended else 'ends'} on {day}")
        metadata["retire_date"] = day
    if successor:
        metadata["replaced_by"] = f"{candidate.provider_id}/{successor}"
        words.append(f"{metadata['replaced_by']} replaces it")
    error.extend(", and ".join(words), **metadata)


def tell_of_successor(error: ProviderError, successor: str) -> ProviderError:
    """Returns the failure of all candidates of a model, with the model that replaces it in this gateway.

    It is a new error, since the candidate's health keeps the old one.

    Args:
        error: The failure.
        successor: The name of the other model.
    """
    found = type(error)(
        error.provider_id,
        error.message.removeprefix(f"{error.provider_id}: "),
        retry_after=error.retry_after,
        metadata=error.metadata,
    )
    found.extend(f"use {successor} instead of this model", replaced_by=successor)
    return found
