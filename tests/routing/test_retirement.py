"""Failures at models that have ended say so, and what replaces them."""

import pytest
from ringmain_server import errors
from ringmain_server.candidate import Candidate
from ringmain_server.routing.retirement import tell_of_end, tell_of_successor

TODAY = "2026-12-01"
UNKNOWN = errors.UnknownProviderModel
REJECTED = errors.Rejected


def candidate(retire_date: str = "", replaced_by: str = "") -> Candidate:
    """A candidate with such an end."""
    return Candidate("p", "openai", "m", retire_date=retire_date, replaced_by=replaced_by)


@pytest.mark.parametrize(
    ("error", "day", "successor", "words"),
    [
        (UNKNOWN, "2026-10-23", "n", "; the model ended on 2026-10-23, and p/n replaces it"),
        (UNKNOWN, TODAY, "", "; the model ended on 2026-12-01"),
        (UNKNOWN, "2027-01-14", "n", "; the model ends on 2027-01-14, and p/n replaces it"),
        (UNKNOWN, "", "n", "; p/n replaces it"),
        (UNKNOWN, "", "", ""),
        (REJECTED, "2026-10-23", "n", "; the model ended on 2026-10-23, and p/n replaces it"),
        (REJECTED, "2027-01-14", "n", ""),
        (REJECTED, "", "n", ""),
        (errors.AccessRefused, "2026-10-23", "", "; the model ended on 2026-10-23"),
        (errors.ServerFault, "2026-10-23", "n", ""),
        (errors.RateLimited, "2026-10-23", "n", ""),
    ],
)
def test_what_a_failure_says_of_the_end(
    error: type[errors.ProviderError], day: str, successor: str, words: str
) -> None:
    """A model that nobody knows, or one that is refused after its end, is told of; other failures are not."""
    found = error("p", "said no")
    for _ in range(2):
        tell_of_end(found, candidate(day, successor), TODAY)
    assert found.message == f"p: said no{words}"
    expected = {"retire_date": day, "replaced_by": successor and f"p/{successor}"} if words else {}
    assert found.metadata == {name: value for name, value in expected.items() if value}


def test_a_model_of_the_gateway_names_its_own_successor() -> None:
    """The operator's word wins over the vendor's, in an error of its own."""
    old = UNKNOWN("p", "said no", retry_after=3.0, metadata={"replaced_by": "p/n", "retire_date": TODAY})
    found = tell_of_successor(old, "smart")
    assert (type(found), found.message, found.retry_after) == (
        UNKNOWN,
        "p: said no; use smart instead of this model",
        3.0,
    )
    assert found.metadata == {"replaced_by": "smart", "retire_date": TODAY}
    assert old.metadata["replaced_by"] == "p/n"
