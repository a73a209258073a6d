"""Room 4, pure: the parts that the errors of all HTTP providers have in common.

This covers the time to wait, the part of a provider's message that a caller may see, and the meaning of a
status if the body says nothing. The rows are those of docs/errors.md; statuses and `Retry-After`
follow RFC 9110 (https://www.rfc-editor.org/rfc/rfc9110#name-status-codes).
"""

import email.utils
import math
import re
from collections.abc import Iterable, Mapping

from ringmain_server.errors import (
    PROVIDER_MESSAGE_LIMIT,
    MalformedAnswer,
    ProviderError,
    Rejected,
    ServerFault,
)
from ringmain_server.providers.faults import Meaning

REMOVED = "[removed]"
"""Replaces what was cut out of a provider's message."""
_LONGEST_WAIT = 7 * 86_400.0
"""Seconds; a longer wait counts as this, so that a nonsensical header cannot block a candidate forever."""
_SHORTEST_SECRET = 4

# Removed from every provider's message: credentials, accounts and URLs.
_SECRETS = re.compile(
    r"""(?ix)
      \b(?:bearer|basic)\s+[^\s,;"']+                          # a header's value
    | (?<![\w-])(?:sk|pk|rk|gsk|tgp|hf)[-_][\w*.-]{4,}         # keys by their prefix
    | (?<![\w-])(?:xai|key|org|proj|user|acct|req)-(?=\S*\d)[\w*.-]{4,}
    | \bAIza[\w-]{10,}                                         # Google
    | \b\w[\w.-]*\*{3,}[\w*.-]*                                # a partly masked key
    | \beyJ[\w-]+\.[\w-]+\.[\w-]*                              # JSON web tokens
    | \b(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{32,}                  # as long and random as a key
    | \b[a-z][a-z0-9+.-]*://[^\s"'<>)\]]+                      # URLs
    | \b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b
    """
)
_HTML = re.compile(r"<\s*(?:!doctype|html|head|body|center|script|\?xml)", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|d|h|m|s)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def clean(message: object, secrets: Iterable[str] = ()) -> str:
    """Returns the part of a provider's message that a caller may see.

    Args:
        message: The provider's message; anything but a text counts as empty.
        secrets: The provider's own credentials, which are removed wherever they appear.

    Returns:
        One line of at most `PROVIDER_MESSAGE_LIMIT` characters without keys or URLs; empty if the message is
            an HTML page.
    """
    if not isinstance(message, str) or _HTML.search(message):
        return ""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            message = message.replace(secret, REMOVED)
    # Cut first, generously, so that no pattern has to search megabytes.
    message = _UNPRINTABLE.sub(" ", message[: 4 * PROVIDER_MESSAGE_LIMIT]).strip()
    message = _SECRETS.sub(REMOVED, message)
    if len(message) > PROVIDER_MESSAGE_LIMIT:
        message = message[: PROVIDER_MESSAGE_LIMIT - 1] + "…"
    return message


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Returns the seconds that a provider asks to be left alone; None if it names no time.

    `retry-after-ms` is more precise than `Retry-After`, which is seconds or a date. If neither is there, the
    resets of exhausted limits count
    (https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers).

    Args:
        headers: The answer's headers, whose names ignore case.
        now: The time of day, in seconds since the epoch.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return bounded(milliseconds / 1000)
    header = headers.get("retry-after")
    seconds = _number(header)
    if seconds is None and header is not None:
        seconds = _until(header, now)
    return bounded(seconds) if seconds is not None else _resets(headers)


def by_status(
    provider_id: str,
    status: int,
    headers: Mapping[str, str],
    message: str,
    now: float,
) -> ProviderError:
    """Returns the failure that a status other than 200 means if the body says nothing more precise.

    Args:
        provider_id: The provider that answered.
        status: The HTTP status.
        headers: The answer's headers.
        message: The part of the provider's message that a caller may see, already clean; used only for errors
            of the 400 class.
        now: The time of day, in seconds since the epoch.
    """
    if status < 400:
        what = "a redirect, which is not followed" if status >= 300 else f"status {status}"
        return MalformedAnswer(provider_id, f"answered with {what}")
    meaning = STATUSES.get(status, Meaning.REJECTED if status < 500 else Meaning.SERVER_FAULT)
    if meaning is Meaning.SERVER_FAULT:
        named = retry_after(headers, now) if "retry-after" in headers else None
        return ServerFault(provider_id, f"answered with status {status}", retry_after=named)
    return meaning.error(provider_id, message, retry_after=wait(meaning, headers, now))


def wait(meaning: Meaning, headers: Mapping[str, str], now: float) -> float | None:
    """Returns the seconds that an answer's headers ask to be left alone, if its meaning is a limit."""
    return retry_after(headers, now) if meaning in _LIMITS else None


def rejected(provider_id: str, message: str) -> Rejected:
    """Returns the refusal of a malformed request, with the provider's clean message."""
    return Rejected(provider_id, message or Meaning.REJECTED.words)


STATUSES: Mapping[int, Meaning] = {
    401: Meaning.CREDENTIALS,
    402: Meaning.QUOTA_SPENT,
    403: Meaning.ACCESS,
    404: Meaning.UNKNOWN_MODEL,
    407: Meaning.CREDENTIALS,
    408: Meaning.SERVER_FAULT,
    410: Meaning.UNKNOWN_MODEL,
    425: Meaning.SERVER_FAULT,
    429: Meaning.RATE_LIMITED,
    451: Meaning.ACCESS,
    498: Meaning.TIER_FULL,  # Groq's status for a full flex tier
}
"""The meaning of a status if the body says nothing. Others below 500 are refusals, the rest are faults."""

_LIMITS = (Meaning.RATE_LIMITED, Meaning.TIER_FULL)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return None if math.isnan(number) else number


def _until(date: str, now: float) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(date).timestamp() - now
    except (ValueError, OverflowError):
        return None


def bounded(seconds: float) -> float:
    """Returns a wait that a provider asks for, limited to a sensible range."""
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def _resets(headers: Mapping[str, str]) -> float | None:
    """Returns the longest reset among the exhausted limits, or among all if none is marked as exhausted."""
    resets: dict[str, float] = {}
    for limit in ("requests", "tokens"):
        wait = duration(headers.get(f"x-ratelimit-reset-{limit}", ""))
        if wait is not None:
            resets[limit] = wait
    exhausted = [resets[limit] for limit in resets if headers.get(f"x-ratelimit-remaining-{limit}") == "0"]
    return max(exhausted or resets.values(), default=None)


def duration(text: str) -> float | None:
    """Returns the seconds of a duration such as `1s`, `6m0s` or `250ms`; None if the text is none."""
    pieces = list(_DURATION.finditer(text.strip()))
    if not pieces or "".join(piece[0] for piece in pieces) != text.strip():
        return None
    return bounded(sum(float(piece["number"]) * _UNITS[piece["unit"]] for piece in pieces))
