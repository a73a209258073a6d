"""Laws: every failure class is its row of the table in section 1."""

from collections.abc import Iterator

import pytest
from ringmain_server import errors

from tests.laws.rows import LAWS


@pytest.mark.parametrize("kind", LAWS, ids=lambda kind: kind.__name__)
def test_every_class_is_its_row(kind: type[errors.ProviderError]) -> None:
    """What follows a failure is what the table of docs/errors.md says."""
    law = LAWS[kind]
    assert (kind.code.name, kind.reason) == (law.code, law.reason)
    assert (kind.retry, kind.failover) == (law.retry, law.failover)
    assert (kind.breaker_failure, kind.cooldown) == (law.breaker, law.cooldown)


def test_the_table_is_whole() -> None:
    """Every failure of a provider has a row, but for those of candidates that were not asked."""
    unasked = {
        errors.BreakerOpen,
        errors.Drained,
        errors.CandidateFull,
        errors.Incapable,
        errors.LibraryBroken,
        errors.PrefillRejected,
    }
    assert set(_leaves(errors.ProviderError)) - unasked == set(LAWS)


def _leaves(kind: type[errors.ProviderError]) -> Iterator[type[errors.ProviderError]]:
    """Every class below, those with further ones included."""
    for below in kind.__subclasses__():
        if below.__module__.startswith(errors.__name__):
            yield below
            yield from _leaves(below)
