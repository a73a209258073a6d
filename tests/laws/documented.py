"""Tests, laws: the statuses and error bodies that each vendor documents, and the failure each of them is."""

from collections.abc import Mapping
from dataclasses import dataclass

from ringmain_server.errors import (
    AccessRefused,
    ConnectionFailed,
    ContentFiltered,
    ContextTooLong,
    CredentialsRefused,
    ProviderError,
    QuotaSpent,
    RateLimited,
    Rejected,
    ServerFault,
    UnknownProviderModel,
)

from tests.fakes import anthropic_rejections as claude
from tests.fakes import rejections as openai
from tests.fakes import vertex_statuses as google
from tests.fakes.script import Canned
from tests.fakes.vertex_script import Status


@dataclass(frozen=True, slots=True)
class Row:
    """A documented refusal.

    Attributes:
        script: What the upstream answers.
        error: What it means.
        wait: Seconds that the vendor named, None when it named none; far dates are cut by the gateway.
        category: What the safety system objected to.
    """

    script: Canned | Status
    error: type[ProviderError]
    wait: float | None = None
    category: str = ""


WEEK = 7 * 86_400.0

OPENAI: Mapping[str, Row] = {
    "400": Row(openai.BAD_REQUEST, Rejected),
    "400-context": Row(openai.CONTEXT_LENGTH_EXCEEDED, ContextTooLong),
    "400-context-vllm": Row(openai.VLLM_CONTEXT, ContextTooLong),
    "400-policy": Row(openai.INVALID_PROMPT, ContentFiltered, category="unspecified"),
    "400-filter": Row(openai.AZURE_CONTENT_FILTER, ContentFiltered, category="violence"),
    "400-text": Row(openai.BARE_STRING, Rejected),
    "401": Row(openai.UNAUTHORIZED, CredentialsRefused),
    "403": Row(openai.FORBIDDEN, AccessRefused),
    "404": Row(openai.MODEL_NOT_FOUND, UnknownProviderModel),
    "404-ollama": Row(openai.OLLAMA_MODEL_NOT_FOUND, UnknownProviderModel),
    "408": Row(openai.REQUEST_TIMEOUT, ServerFault),
    "413": Row(openai.TOO_LARGE, Rejected),
    "422": Row(openai.UNPROCESSABLE, Rejected),
    "429": Row(openai.RATE_LIMITED, RateLimited),
    "429-seconds": Row(openai.RATE_LIMITED_SECONDS, RateLimited, wait=20),
    "429-milliseconds": Row(openai.RATE_LIMITED_MS, RateLimited, wait=1.5),
    "429-date": Row(openai.RATE_LIMITED_DATE, RateLimited, wait=WEEK),
    "429-quota": Row(openai.INSUFFICIENT_QUOTA, QuotaSpent),
    "500": Row(openai.SERVER_ERROR, ServerFault),
    "500-empty": Row(openai.EMPTY_BODY_500, ServerFault),
    "502": Row(openai.BAD_GATEWAY, ServerFault),
    "503": Row(openai.UNAVAILABLE, ServerFault),
    "504": Row(openai.GATEWAY_TIMEOUT, ServerFault),
    "529": Row(openai.OVERLOADED, ServerFault),
}
"""https://platform.openai.com/docs/guides/error-codes."""

ANTHROPIC: Mapping[str, Row] = {
    "400": Row(claude.BAD_REQUEST, Rejected),
    "400-context": Row(claude.PROMPT_TOO_LONG, ContextTooLong),
    "400-context-output": Row(claude.CONTEXT_EXCEEDED, ContextTooLong),
    "400-credit": Row(claude.CREDIT_TOO_LOW, QuotaSpent),
    "400-filter": Row(claude.OUTPUT_BLOCKED, ContentFiltered, category="output"),
    "401": Row(claude.UNAUTHORIZED, CredentialsRefused),
    "402": Row(claude.BILLING, QuotaSpent),
    "403": Row(claude.FORBIDDEN, AccessRefused),
    "404": Row(claude.MODEL_NOT_FOUND, UnknownProviderModel),
    "413": Row(claude.TOO_LARGE, Rejected),
    "429": Row(claude.RATE_LIMITED, RateLimited),
    "429-seconds": Row(claude.RATE_LIMITED_SECONDS, RateLimited, wait=20),
    "429-reset": Row(claude.RATE_LIMITED_RESET, RateLimited, wait=WEEK),
    "429-spend": Row(claude.SPEND_LIMIT, QuotaSpent),
    "500": Row(claude.SERVER_ERROR, ServerFault),
    "502": Row(claude.BAD_GATEWAY, ServerFault),
    "503": Row(claude.UNAVAILABLE, ServerFault),
    "504": Row(claude.TIMEOUT, ServerFault),
    "529": Row(claude.OVERLOADED, ServerFault),
}
"""https://platform.claude.com/docs/en/api/errors."""

GOOGLE: Mapping[str, Row] = {
    "invalid-argument": Row(google.BAD_REQUEST, Rejected),
    "context": Row(google.CONTEXT, ContextTooLong),
    "context-older": Row(google.CONTEXT_OLDER, ContextTooLong),
    "bad-key": Row(google.BAD_KEY, CredentialsRefused),
    "out-of-range": Row(google.OUT_OF_RANGE, Rejected),
    "precondition": Row(google.PRECONDITION, Rejected),
    "location": Row(google.LOCATION, AccessRefused),
    "unauthenticated": Row(google.UNAUTHENTICATED, CredentialsRefused),
    "permission": Row(google.PERMISSION, AccessRefused),
    "billing": Row(google.BILLING, QuotaSpent),
    "not-found": Row(google.NOT_FOUND, UnknownProviderModel),
    "unimplemented": Row(google.UNIMPLEMENTED, UnknownProviderModel),
    "exhausted": Row(google.RATE_LIMITED, RateLimited),
    "exhausted-delay": Row(google.RATE_LIMITED_SECONDS, RateLimited, wait=3.5),
    "exhausted-day": Row(google.QUOTA, QuotaSpent),
    "exhausted-limit": Row(google.QUOTA_LIMIT, QuotaSpent),
    "unavailable": Row(google.UNAVAILABLE, ServerFault),
    "overloaded": Row(google.OVERLOADED, ServerFault),
    "internal": Row(google.INTERNAL, ServerFault),
    "unknown": Row(google.UNKNOWN, ServerFault),
    "deadline": Row(google.TIMEOUT, ServerFault),
    "cancelled": Row(google.CANCELLED, ServerFault),
    "aborted": Row(google.ABORTED, ServerFault),
    "data-loss": Row(google.DATA_LOSS, ServerFault),
}
"""https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors."""

SANDBOX: Mapping[str, tuple[type[ProviderError], float | None]] = {
    "fault-401": (CredentialsRefused, None),
    "fault-429": (RateLimited, None),
    "fault-429-retry-after": (RateLimited, 2),
    "fault-500": (ServerFault, None),
    "fault-503": (ServerFault, None),
    "fault-context": (ContextTooLong, None),
    "fault-filter": (ContentFiltered, None),
    "fault-refuse-connection": (ConnectionFailed, None),
    "fault-reset": (ConnectionFailed, None),
}
"""docs/sandbox.md: the models that refuse."""
