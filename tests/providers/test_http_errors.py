"""Tests of what the errors of all HTTP providers have in common."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server import errors
from ringmain_server.providers.http_errors import REMOVED, by_status, clean, duration, retry_after

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC).timestamp()


def date(seconds: float) -> str:
    """An HTTP date that many seconds from now."""
    return format_datetime(datetime.fromtimestamp(NOW + seconds, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "20"}, 20.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": date(90)}, 90.0),
        ({"retry-after": date(-90)}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Mon, 99 Foo 2026"}, None),
        ({"retry-after": "1e300"}, 604_800.0),
        ({"retry-after": "inf"}, 604_800.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after-ms": "x", "retry-after": "2"}, 2.0),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-tokens": "250ms"}, 0.25),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "2s"}, 2.0),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "2s",
                "x-ratelimit-remaining-tokens": "17",
            },
            1.0,
        ),
        ({"retry-after": "3", "x-ratelimit-reset-requests": "6m0s"}, 3.0),
        ({"x-ratelimit-reset-requests": "1790000000"}, None),
    ],
)
def test_when_to_come_back(headers: dict[str, str], expected: float | None) -> None:
    """The most precise header that names a time counts, within reason."""
    assert retry_after(headers, NOW) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("2d", 172_800.0),
        ("15ms", 0.015),
        (" 1s ", 1.0),
        ("", None),
        ("1", None),
        ("s", None),
        ("1s later", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    """A span is a number with a unit, or several."""
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Invalid value for 'temperature'.", "Invalid value for 'temperature'."),
        ("Unknown field user_prompt, key_name or sk", "Unknown field user_prompt, key_name or sk"),
        ("bad key sk-abcd1234efgh.", f"bad key {REMOVED}"),
        ("bad key sk-pro****************wxyz.", f"bad key {REMOVED}"),
        ("got AIzaSyA1234567890abc", f"got {REMOVED}"),
        ("Authorization: Bearer abc.def-ghi", f"Authorization: {REMOVED}"),
        ("in organization org-abc123 on", f"in organization {REMOVED} on"),
        ("token eyJhbGciOi.eyJzdWIi.c2ln", f"token {REMOVED}"),
        ("id 0123456789abcdef0123456789abcdef", f"id {REMOVED}"),
        ("see https://api.example.com/docs?x=1 for", f"see {REMOVED} for"),
        ("upstream 10.1.2.3:8000 said", f"upstream {REMOVED} said"),
        ("my own s3cret, twice: s3cret", f"my own {REMOVED}, twice: {REMOVED}"),
        ("a\x00b\r\n\tc \u202e d", "a b c d"),
        ("<html><body>502</body></html>", ""),
        ("nginx says <!DOCTYPE html>", ""),
        ("1 < 2 and <b>bold</b>", "1 < 2 and <b>bold</b>"),
        ("", ""),
        (None, ""),
        (17, ""),
        ({"message": "x"}, ""),
    ],
)
def test_what_a_caller_may_see(message: object, expected: str) -> None:
    """Keys, accounts, addresses, control characters and pages of HTML never pass."""
    assert clean(message, ("s3cret", "x", "")) == expected


def test_a_message_is_cut() -> None:
    """A caller sees at most 500 characters."""
    assert clean("word " * 400) == ("word " * 400)[:499] + "…"
    assert clean("w" * 500) == "w" * 500
    assert len(clean("word " * 1_000_000)) == errors.PROVIDER_MESSAGE_LIMIT


@given(st.text(max_size=40), st.text("abcdef0123456789-_", min_size=4, max_size=40), st.text(max_size=40))
def test_the_own_key_never_passes(before: str, secret: str, after: str) -> None:
    """Wherever a provider repeats the gateway's key, it is removed."""
    assert secret not in clean(f"{before}|{secret}|{after}", (secret,)).replace(REMOVED, "")


TABLE: list[tuple[int, type[errors.ProviderError]]] = [
    (100, errors.MalformedAnswer),
    (201, errors.MalformedAnswer),
    (204, errors.MalformedAnswer),
    (301, errors.MalformedAnswer),
    (307, errors.MalformedAnswer),
    (400, errors.Rejected),
    (401, errors.CredentialsRefused),
    (402, errors.QuotaSpent),
    (403, errors.AccessRefused),
    (404, errors.UnknownProviderModel),
    (405, errors.Rejected),
    (407, errors.CredentialsRefused),
    (408, errors.ServerFault),
    (409, errors.Rejected),
    (410, errors.UnknownProviderModel),
    (413, errors.Rejected),
    (418, errors.Rejected),
    (422, errors.Rejected),
    (424, errors.Rejected),
    (425, errors.ServerFault),
    (429, errors.RateLimited),
    (451, errors.AccessRefused),
    (498, errors.TierFull),
    (500, errors.ServerFault),
    (501, errors.ServerFault),
    (502, errors.ServerFault),
    (503, errors.ServerFault),
    (504, errors.ServerFault),
    (529, errors.ServerFault),
    (599, errors.ServerFault),
]


@pytest.mark.parametrize(("status", "kind"), TABLE)
def test_each_status_has_its_row(status: int, kind: type[errors.ProviderError]) -> None:
    """A status alone says what follows a failure, by the table of docs/errors.md."""
    error = by_status("up", status, {}, "", NOW)
    assert type(error) is kind
    assert error.provider_id == "up"
    assert error.retry_after is None


def test_only_a_rejection_passes_the_message_on() -> None:
    """The provider's words reach the caller for 400-class errors alone."""
    for status, _ in TABLE:
        error = by_status("up", status, {}, "the words", NOW)
        assert ("the words" in error.message) is isinstance(error, errors.Rejected)


def test_waits_are_handed_on_where_they_matter() -> None:
    """A limit names when to come back by any header, a fault by `Retry-After` alone."""
    resets = {"x-ratelimit-reset-requests": "5s"}
    assert by_status("up", 429, resets, "", NOW).retry_after == 5.0
    assert by_status("up", 503, resets, "", NOW).retry_after is None
    assert by_status("up", 503, {"retry-after": "7"}, "", NOW).retry_after == 7.0
