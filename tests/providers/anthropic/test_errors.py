"""Tests of the error map: every documented error becomes its row of the laws."""

import pytest
from ringmain_server import errors
from ringmain_server.providers.anthropic.errors import AnthropicErrors

from tests.fakes import anthropic_rejections as rejections
from tests.fakes.script import Canned

KEY = "sk-of-this-gateway"

ROWS: list[tuple[str, Canned, type[errors.ProviderError]]] = [
    ("400", rejections.BAD_REQUEST, errors.Rejected),
    ("400 prompt", rejections.PROMPT_TOO_LONG, errors.ContextTooLong),
    ("400 context", rejections.CONTEXT_EXCEEDED, errors.ContextTooLong),
    ("400 credit", rejections.CREDIT_TOO_LOW, errors.QuotaSpent),
    ("400 filter", rejections.OUTPUT_BLOCKED, errors.ContentFiltered),
    ("401", rejections.UNAUTHORIZED, errors.CredentialsRefused),
    ("402", rejections.BILLING, errors.QuotaSpent),
    ("403", rejections.FORBIDDEN, errors.AccessRefused),
    ("404", rejections.MODEL_NOT_FOUND, errors.UnknownProviderModel),
    ("413", rejections.TOO_LARGE, errors.Rejected),
    ("429", rejections.RATE_LIMITED, errors.RateLimited),
    ("429 spend", rejections.SPEND_LIMIT, errors.QuotaSpent),
    ("500", rejections.SERVER_ERROR, errors.ServerFault),
    ("502", rejections.BAD_GATEWAY, errors.ServerFault),
    ("503", rejections.UNAVAILABLE, errors.ServerFault),
    ("504", rejections.TIMEOUT, errors.ServerFault),
    ("529", rejections.OVERLOADED, errors.ServerFault),
    ("bedrock 429", rejections.BEDROCK_THROTTLED, errors.RateLimited),
    ("bedrock 400 model", rejections.BEDROCK_MODEL, errors.UnknownProviderModel),
    ("bedrock 400 input", rejections.BEDROCK_TOO_LONG, errors.ContextTooLong),
    ("vertex 429", rejections.VERTEX_QUOTA, errors.RateLimited),
    ("no body", Canned(status=400), errors.Rejected),
    ("an array", Canned(status=400, body=b"[]"), errors.Rejected),
    ("a text", Canned(status=400, body=b'{"error": "no"}'), errors.Rejected),
    ("a number", Canned(status=422, body=b"7"), errors.Rejected),
]


def mapped(canned: Canned) -> errors.ProviderError:
    """What an answer means."""
    known = AnthropicErrors((KEY,))
    return known("claude", canned.status, dict(canned.headers), canned.body)


@pytest.mark.parametrize(("canned", "kind"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_statuses(canned: Canned, kind: type[errors.ProviderError]) -> None:
    """Each documented status and body is the failure that the laws name for it."""
    found = mapped(canned)
    assert type(found) is kind
    assert found.provider_id == "claude"


def test_messages_are_passed_on_for_what_the_caller_can_mend() -> None:
    """The provider's words reach the caller for a malformed request, and for nothing secret."""
    assert "text content blocks must be non-empty" in mapped(rejections.BAD_REQUEST).message
    assert "208310 tokens" in mapped(rejections.PROMPT_TOO_LONG).message
    assert "Bedrock" not in mapped(rejections.BEDROCK_MODEL).message
    assert "sk-ant" not in mapped(rejections.UNAUTHORIZED).message
    echoed = Canned(status=400, body=b'{"error": {"message": "bad header ' + KEY.encode() + b'"}}')
    assert KEY not in mapped(echoed).message


def test_when_to_come_back() -> None:
    """A wait is the one of retry-after, else until the last exhausted limit is reset, else unknown."""
    assert mapped(rejections.RATE_LIMITED_SECONDS).retry_after == 20
    assert mapped(rejections.RATE_LIMITED).retry_after is None
    wait = mapped(rejections.RATE_LIMITED_RESET).retry_after
    assert wait == 7 * 86_400  # no header holds a candidate longer


@pytest.mark.parametrize(
    ("reset", "wait"), [("2001-01-01T00:00:00Z", 0.0), ("2001-01-01T00:00:00", 0.0), ("soon", None)]
)
def test_resets_that_are_past_or_none(reset: str, wait: float | None) -> None:
    """A reset that has passed asks for no wait, and one that is no instant says nothing."""
    headers = (
        ("anthropic-ratelimit-tokens-remaining", "0"),
        ("anthropic-ratelimit-tokens-reset", reset),
        ("anthropic-ratelimit-requests-remaining", "0"),
    )
    assert mapped(rejections.rate_limited(headers=headers)).retry_after == wait


def test_a_filter_names_its_category() -> None:
    """An answer that the filter blocked says so."""
    assert mapped(rejections.OUTPUT_BLOCKED).metadata == {"category": "output"}
