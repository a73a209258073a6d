"""What follows a failure: every row of the table in docs/errors.md."""

import pytest
from ringmain_server import errors
from ringmain_server.errors import CooldownKind, Failover
from ringmain_server.routing.failover import exhausted

# class: retry the same, next candidate, breaker failure, cooldown, caller's code
TABLE: dict[type[errors.ProviderError], tuple[bool, Failover, bool, CooldownKind, str]] = {
    errors.ConnectionFailed: (True, Failover.YES, True, CooldownKind.NONE, "UNAVAILABLE"),
    errors.UploadCut: (True, Failover.YES, False, CooldownKind.NONE, "UNAVAILABLE"),
    errors.NoAnswer: (False, Failover.YES, True, CooldownKind.NONE, "UNAVAILABLE"),
    errors.ServerFault: (True, Failover.YES, True, CooldownKind.NONE, "UNAVAILABLE"),
    errors.RateLimited: (False, Failover.YES, False, CooldownKind.TIMED, "RESOURCE_EXHAUSTED"),
    errors.QuotaSpent: (False, Failover.YES, False, CooldownKind.LONG, "UNAVAILABLE"),
    errors.CredentialsRefused: (False, Failover.YES, False, CooldownKind.UNTIL_CHECKED, "UNAVAILABLE"),
    errors.AccessRefused: (False, Failover.YES, False, CooldownKind.LONG, "UNAVAILABLE"),
    errors.CallerLimitPassed: (False, Failover.YES, False, CooldownKind.NONE, "UNAVAILABLE"),
    errors.ModelOutputInvalid: (False, Failover.YES, False, CooldownKind.NONE, "ABORTED"),
    errors.JobFailed: (False, Failover.YES, False, CooldownKind.NONE, "UNAVAILABLE"),
    errors.UnknownProviderModel: (False, Failover.YES, False, CooldownKind.LONG, "NOT_FOUND"),
    errors.ContextTooLong: (False, Failover.LARGER_CONTEXT, False, CooldownKind.NONE, "INVALID_ARGUMENT"),
    errors.ContentFiltered: (False, Failover.BY_POLICY, False, CooldownKind.NONE, "FAILED_PRECONDITION"),
    errors.Rejected: (False, Failover.NO, False, CooldownKind.NONE, "INVALID_ARGUMENT"),
    errors.PrefillRejected: (False, Failover.YES, False, CooldownKind.NONE, "UNAVAILABLE"),
    errors.BreakerOpen: (False, Failover.YES, False, CooldownKind.NONE, "UNAVAILABLE"),
    errors.Incapable: (False, Failover.YES, False, CooldownKind.NONE, "FAILED_PRECONDITION"),
    errors.Drained: (False, Failover.YES, False, CooldownKind.NONE, "UNAVAILABLE"),
    errors.LibraryBroken: (False, Failover.YES, False, CooldownKind.NONE, "UNAVAILABLE"),
    errors.CandidateFull: (False, Failover.YES, False, CooldownKind.NONE, "RESOURCE_EXHAUSTED"),
    errors.MalformedAnswer: (False, Failover.YES, True, CooldownKind.NONE, "UNAVAILABLE"),
    errors.AnswerTooLarge: (False, Failover.YES, False, CooldownKind.NONE, "UNAVAILABLE"),
    errors.Unexplained: (False, Failover.YES, False, CooldownKind.NONE, "UNAVAILABLE"),
    errors.TierFull: (False, Failover.YES, False, CooldownKind.NONE, "RESOURCE_EXHAUSTED"),
    errors.RequestTooLarge: (False, Failover.YES, False, CooldownKind.NONE, "INVALID_ARGUMENT"),
    errors.StreamBroken: (False, Failover.YES, True, CooldownKind.NONE, "UNAVAILABLE"),
    errors.AnswerUnreadable: (False, Failover.YES, False, CooldownKind.NONE, "UNAVAILABLE"),
}


@pytest.mark.parametrize("failure", TABLE, ids=lambda failure: failure.__name__)
def test_each_class_is_its_row_of_the_table(failure: type[errors.ProviderError]) -> None:
    """A failure class says itself what it means to retry, failover, breaker, cooldown and caller."""
    retry, failover, breaker, cooldown, code = TABLE[failure]
    assert (failure.retry, failure.failover, failure.breaker_failure, failure.cooldown) == (
        retry,
        failover,
        breaker,
        cooldown,
    )
    error = exhausted([failure("p", "failed", retry_after=3)])
    assert error.code.name == code


def test_no_class_of_failure_is_missing_here() -> None:
    """Every ProviderError is in the table above."""

    def below(cls: type[errors.ProviderError]) -> set[type[errors.ProviderError]]:
        return {cls}.union(*(below(sub) for sub in cls.__subclasses__()))

    assert below(errors.ProviderError) - {errors.ProviderError} == TABLE.keys()


def test_only_when_all_are_rate_limited_the_caller_is_told_so() -> None:
    """All 429: RESOURCE_EXHAUSTED with the soonest return; some 429, some down: UNAVAILABLE."""
    limited = [errors.RateLimited("a", "429", retry_after=9), errors.RateLimited("b", "429", retry_after=4)]
    error = exhausted(limited)
    assert isinstance(error, errors.RateLimited)
    assert (error.retry_after, error.message) == (4, "a: 429; b: 429")
    mixed = exhausted([limited[0], errors.ServerFault("b", "answered 503")])
    assert isinstance(mixed, errors.ProvidersUnavailable)
    assert mixed.retry_after == 9


def test_too_long_for_one_and_unknown_to_the_other_is_too_long() -> None:
    """A context too small for one and a model unknown to the other: the caller learns the former."""
    failures = [errors.ContextTooLong("a", "too long"), errors.UnknownProviderModel("b", "no such model")]
    assert isinstance(exhausted(failures), errors.ContextTooLong)
    assert isinstance(exhausted([*failures, errors.NoAnswer("c", "silent")]), errors.ProvidersUnavailable)
