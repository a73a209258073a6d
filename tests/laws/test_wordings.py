"""Laws: whose fault an error is goes by what it says, on every wire that tells it in words.

What vendors say under 403, 404, 429 and 500 differs, and the status alone would put a model in cooldown, or
open a breaker, for what a single caller wrote.
"""

import itertools

import orjson
import pytest
from multidict import CIMultiDict
from ringmain_server.errors import (
    AccessRefused,
    ContentFiltered,
    ProviderError,
    QuotaSpent,
    RateLimited,
    Rejected,
    ServerFault,
    UnknownProviderModel,
)
from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.gemini.errors import GeminiErrors
from ringmain_server.providers.jobs.errors import JobErrors
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.transport import ErrorMap

MAPS: dict[str, ErrorMap] = {
    "openai": OpenAIErrors(),
    "anthropic": AnthropicErrors(),
    "gemini": GeminiErrors(),
    "jobs": JobErrors(),
}
BODIES = (
    b"",
    b"<html>",
    b"[]",
    b"[1]",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b'{"error": [[]]}',
    b'{"error": 1}',
    b'{"detail": {"msg": [null]}}',
)
EVERYWHERE = tuple(MAPS)
CHAT = ("openai", "anthropic", "gemini")
SAID: tuple[tuple[int, str, type[ProviderError], tuple[str, ...]], ...] = (
    (403, "Your request was blocked by our content moderation system.", ContentFiltered, EVERYWHERE),
    (
        403,
        "The content is not permitted by our safety guidelines",
        ContentFiltered,
        EVERYWHERE,
    ),
    (403, "The image was rejected by moderation", ContentFiltered, EVERYWHERE),
    (403, "Quota exceeded", QuotaSpent, EVERYWHERE),
    (403, "You have reached your monthly spending cap", QuotaSpent, EVERYWHERE),
    (403, "You may not use this model", AccessRefused, EVERYWHERE),
    (403, "This account was suspended for violating our usage policies", AccessRefused, CHAT),
    (400, "The prompt was rejected as a result of our safety system.", ContentFiltered, EVERYWHERE),
    (400, "Content Exists Risk", ContentFiltered, EVERYWHERE),
    (400, "The input contains inappropriate content", ContentFiltered, EVERYWHERE),
    (400, "Unknown value for moderation: pick low or auto", Rejected, CHAT),
    (404, "Unknown voice: x of model tts", Rejected, CHAT),
    (404, "Unsupported language x", Rejected, CHAT),
    (404, "Model not found", UnknownProviderModel, EVERYWHERE),
    (429, "Monthly quota exceeded", QuotaSpent, ("openai", "jobs")),
    (429, "Quota exceeded: 10 requests per minute", RateLimited, ("openai", "jobs")),
    (429, "Quota exceeded for online_prediction_requests", RateLimited, ("openai", "jobs")),
    (500, "Unable to decode the image", Rejected, EVERYWHERE),
    (500, "cannot identify image file", Rejected, EVERYWHERE),
    (500, "Grammar compilation timed out", Rejected, EVERYWHERE),
    (500, "Invalid schema for response_format", Rejected, EVERYWHERE),
    (500, "The server had an error while processing your request", ServerFault, EVERYWHERE),
    (503, "The image service is overloaded", ServerFault, EVERYWHERE),
)


CASES = [
    pytest.param(wire, status, message, expected, id=f"{wire}-{status}-{message[:30]}")
    for status, message, expected, wires in SAID
    for wire in wires
]


@pytest.mark.parametrize(("wire", "status", "message", "expected"), CASES)
def test_what_is_said_counts(wire: str, status: int, message: str, expected: type[ProviderError]) -> None:
    """An error is of the class that its words name, whichever vendor says them."""
    body = orjson.dumps({"error": {"message": message}})
    assert type(MAPS[wire]("p", status, CIMultiDict(), body)) is expected


@pytest.mark.parametrize(
    ("wire", "status"), list(itertools.product(MAPS, (400, 402, 403, 404, 409, 410, 413, 422, 429, 451, 499)))
)
def test_no_status_of_requests_opens_a_breaker(wire: str, status: int) -> None:
    """A status of the 400 class counts for no breaker, whatever its body is."""
    for body in BODIES:
        assert not MAPS[wire]("p", status, CIMultiDict(), body).breaker_failure


def test_googles_older_errors() -> None:
    """The reason of an error in the older form of Google's APIs is read: a rate is no lack of access."""
    error = {"code": 403, "message": "Exceeded", "errors": [{"reason": "rateLimitExceeded"}]}
    assert type(GeminiErrors()("p", 403, CIMultiDict(), orjson.dumps({"error": error}))) is RateLimited
