"""Tests, fakes: the error answers of the Messages wire, word for word where a vendor documents them.

https://platform.claude.com/docs/en/api/errors has the statuses and types,
https://platform.claude.com/docs/en/api/rate-limits the headers. Vertex and Bedrock answer in their clouds'
shapes.
"""

import orjson
from anthropic.types import (
    APIErrorObject,
    AuthenticationErrorObject,
    BillingErrorObject,
    ErrorObject,
    ErrorResponse,
    GatewayTimeoutErrorObject,
    InvalidRequestErrorObject,
    NotFoundErrorObject,
    OverloadedErrorObject,
    PermissionErrorObject,
    RateLimitErrorObject,
)

from tests.fakes.script import Canned

API_KEY_IN_MESSAGE = "sk-ant-api03-fake-key-that-an-upstream-echoes-0123456789"
"""A key that the 401 answer repeats, so that a test can prove that it is never passed on."""

Headers = tuple[tuple[str, str], ...]


def rejection(status: int, error: ErrorObject, *, code: str | None = None, headers: Headers = ()) -> Canned:
    """An error answer in Anthropic's shape; `code` is the cause that newer errors name in their details."""
    response = ErrorResponse(type="error", error=error, request_id="req_fake")
    body = response.model_dump(exclude_unset=True)
    if code:
        body["error"]["details"] = {"error_code": code}
    return Canned(status=status, body=orjson.dumps(body), headers=headers)


def invalid(message: str) -> Canned:
    """400: the request is malformed."""
    return rejection(400, InvalidRequestErrorObject(type="invalid_request_error", message=message))


def rate_limited(*, headers: Headers = ()) -> Canned:
    """429 because there were too many requests; pass `retry-after` as the test needs it."""
    message = "This request would exceed your organization's rate limit of 50 requests per minute."
    return rejection(429, RateLimitErrorObject(type="rate_limit_error", message=message), headers=headers)


RATE_LIMITED = rate_limited()
RATE_LIMITED_SECONDS = rate_limited(headers=(("retry-after", "20"),))
RATE_LIMITED_RESET = rate_limited(
    headers=(
        ("anthropic-ratelimit-requests-remaining", "0"),
        ("anthropic-ratelimit-requests-reset", "2099-12-31T23:59:59Z"),
        ("anthropic-ratelimit-tokens-remaining", "5000"),
        ("anthropic-ratelimit-tokens-reset", "2099-12-31T23:59:59Z"),
    )
)
SPEND_LIMIT = rejection(
    429,
    RateLimitErrorObject(type="rate_limit_error", message="The organization has reached its spend limit."),
    code="enforced_spend_limit_reached",
)
CREDIT_TOO_LOW = invalid(
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or "
    "purchase credits."
)
BILLING = rejection(
    402, BillingErrorObject(type="billing_error", message="There is an issue with your payment details.")
)
UNAUTHORIZED = rejection(
    401,
    AuthenticationErrorObject(type="authentication_error", message=f"invalid x-api-key {API_KEY_IN_MESSAGE}"),
)
FORBIDDEN = rejection(
    403,
    PermissionErrorObject(
        type="permission_error",
        message="Your API key does not have permission to use the specified resource.",
    ),
)
MODEL_NOT_FOUND = rejection(404, NotFoundErrorObject(type="not_found_error", message="model: claude-nope"))
PROMPT_TOO_LONG = invalid("prompt is too long: 208310 tokens > 200000 maximum")
CONTEXT_EXCEEDED = invalid(
    "input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000, decrease input length or "
    "`max_tokens` and try again"
)
OUTPUT_BLOCKED = invalid("Output blocked by content filtering policy")
BAD_REQUEST = invalid("messages.0.content.0.text: text content blocks must be non-empty")
TOO_LARGE = Canned(
    status=413,
    body=b'{"type":"error","error":{"type":"request_too_large","message":"Request is too large"}}',
)
SERVER_ERROR = rejection(500, APIErrorObject(type="api_error", message="Internal server error"))
TIMEOUT = rejection(504, GatewayTimeoutErrorObject(type="timeout_error", message="Request timed out"))
OVERLOADED = rejection(529, OverloadedErrorObject(type="overloaded_error", message="Overloaded"))
BAD_GATEWAY = Canned(status=502, body=b"<html><body>502 Bad Gateway</body></html>", content_type="text/html")
UNAVAILABLE = Canned(status=503)

BEDROCK_THROTTLED = Canned(
    status=429,
    body=b'{"message":"Too many requests, please wait before trying again."}',
    headers=(("x-amzn-errortype", "ThrottlingException"),),
)
BEDROCK_MODEL = Canned(status=400, body=b'{"message":"The provided model identifier is invalid."}')
BEDROCK_TOO_LONG = Canned(status=400, body=b'{"message":"Input is too long for requested model."}')
VERTEX_QUOTA = Canned(
    status=429,
    body=b'[{"error":{"code":429,"message":"Quota exceeded for aiplatform.googleapis.com/online_prediction",'
    b'"status":"RESOURCE_EXHAUSTED"}}]',
)
