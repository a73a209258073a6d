"""Room 3, pure: decides what follows a failed attempt (docs/errors.md)."""

from collections.abc import Sequence

from ringmain_server.candidate import Candidate
from ringmain_server.errors import (
    CandidateFull,
    ContextTooLong,
    Failover,
    Incapable,
    ModelOutputInvalid,
    Overloaded,
    ProviderError,
    ProvidersUnavailable,
    RateLimited,
    RingmainError,
    UnknownProviderModel,
)

RETRY_DELAY = 1.0
"""Seconds that a caller is told to wait when no failure named a time."""


def may_help(error: ProviderError, failed: Candidate, other: Candidate) -> bool:
    """Whether another candidate may answer after this failure."""
    match error.failover:
        case Failover.YES:
            return True
        case Failover.LARGER_CONTEXT:
            return other.context_tokens == 0 or other.context_tokens > failed.context_tokens > 0
        case _:
            return False


def exhausted(failures: Sequence[ProviderError]) -> RingmainError:
    """Returns the error for the caller when every candidate that could be tried has failed.

    Args:
        failures: At least one, in the order of the attempts.
    """
    # What was never asked says nothing about those that were.
    failures = [failure for failure in failures if not isinstance(failure, Incapable)] or failures[-1:]
    last = failures[-1]
    same = all(type(failure) is type(last) for failure in failures)
    if last.failover is not Failover.YES:
        return last
    if all(isinstance(failure, RateLimited) for failure in failures):
        return _rate_limited(failures)
    if same and isinstance(last, UnknownProviderModel | ModelOutputInvalid | Incapable):
        return last
    if same and isinstance(last, CandidateFull):
        return Overloaded(_messages(failures), limit="candidate", retry_after=RETRY_DELAY)
    too_long = next((failure for failure in failures if isinstance(failure, ContextTooLong)), None)
    if too_long is not None and all(isinstance(f, ContextTooLong | UnknownProviderModel) for f in failures):
        return too_long
    return ProvidersUnavailable(
        _messages(failures),
        retry_after=_soonest(failures),
        metadata={failure.provider_id: failure.message for failure in failures},
    )


def _rate_limited(failures: Sequence[ProviderError]) -> RingmainError:
    last = failures[-1]
    error = RateLimited(last.provider_id, "", retry_after=_soonest(failures), metadata=last.metadata)
    error.message = _messages(failures)
    return error


def _messages(failures: Sequence[ProviderError]) -> str:
    return "; ".join(dict.fromkeys(failure.message for failure in failures))


def _soonest(failures: Sequence[ProviderError]) -> float:
    named = [failure.retry_after for failure in failures if failure.retry_after is not None]
    return min(named, default=RETRY_DELAY)
