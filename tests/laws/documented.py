"""Tests, laws: the statuses and error bodies that each vendor documents, and the failure each of them is."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from grpc import StatusCode
from ringmain_server.errors import (
    AccessRefused,
    ConnectionFailed,
    ContentFiltered,
    ContextTooLong,
    CredentialsRefused,
    ModelOutputInvalid,
    ProviderError,
    QuotaSpent,
    RateLimited,
    Rejected,
    RequestTooLarge,
    ServerFault,
    TierFull,
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


def _amazon(status: int, kind: str, message: str) -> Canned:
    """An error as Bedrock tells it: the type in a header."""
    body = orjson.dumps({"message": message})
    return Canned(status=status, body=body, headers=(("x-amzn-errortype", kind),))


OPENAI: Mapping[str, Row] = {
    "400": Row(openai.BAD_REQUEST, Rejected),
    "400-context": Row(openai.CONTEXT_LENGTH_EXCEEDED, ContextTooLong),
    "400-context-vllm": Row(openai.VLLM_CONTEXT, ContextTooLong),
    "400-policy": Row(openai.INVALID_PROMPT, ContentFiltered, category="unspecified"),
    "400-filter": Row(openai.AZURE_CONTENT_FILTER, ContentFiltered, category="violence"),
    "400-text": Row(openai.BARE_STRING, Rejected),
    "401": Row(openai.UNAUTHORIZED, CredentialsRefused),
    "403": Row(openai.FORBIDDEN, AccessRefused),
    "400-tool-use": Row(
        openai.TOOL_USE_FAILED,
        ModelOutputInvalid,
    ),
    "400-json": Row(
        openai.rejection(400, "Failed to validate JSON.", code="json_validate_failed"), ModelOutputInvalid
    ),
    "400-tokens-perplexity": Row(
        openai.rejection(400, "Too long", kind="too_many_prompt_tokens"), ContextTooLong
    ),
    "400-quoted": Row(
        openai.rejection(400, "Unknown parameter: 'insufficient balance, invalid api key'."), Rejected
    ),
    "402": Row(openai.rejection(402, "Insufficient Balance", kind="unknown_error"), QuotaSpent),
    "402-size": Row(
        openai.rejection(402, "You requested up to 65536 tokens, but can only afford 3000."), RequestTooLarge
    ),
    "403-model": Row(
        openai.rejection(403, "Project `p` has no access to model `m`", code="model_not_found"),
        AccessRefused,
    ),
    "403-verify": Row(
        openai.rejection(403, "Your organization must be verified to use the model `m`."), AccessRefused
    ),
    "403-key": Row(openai.rejection(403, "API key is currently blocked"), CredentialsRefused),
    "403-credit": Row(openai.rejection(403, "Key limit exceeded (monthly limit)."), QuotaSpent),
    "403-moderation": Row(
        openai.rejection(403, "Content violates usage guidelines."), ContentFiltered, category="unspecified"
    ),
    "404-empty": Row(Canned(status=404), UnknownProviderModel),
    "404-path": Row(openai.rejection(404, "Invalid URL (POST /v1/x)"), UnknownProviderModel),
    "404-response": Row(
        openai.rejection(
            404, "Previous response with id 'resp_1' not found.", code="previous_response_not_found"
        ),
        Rejected,
    ),
    "404-item": Row(openai.rejection(404, "Item with id 'rs_1' not found."), Rejected),
    "404-needs": Row(openai.rejection(404, "No endpoints found that support tool use."), Rejected),
    "413-tokens": Row(
        openai.rejection(413, "Request too large for model `m`", code="rate_limit_exceeded"), RequestTooLarge
    ),
    "424": Row(
        openai.rejection(424, "Error retrieving tool list", code="external_connector_error"), Rejected
    ),
    "429-size": Row(
        openai.rejection(429, "Request too large for m: Limit 3, Requested 5.", code="rate_limit_exceeded"),
        RequestTooLarge,
    ),
    "429-flex": Row(openai.rejection(429, "Resource Unavailable", code="resource_unavailable"), TierFull),
    "500-tool-call": Row(openai.rejection(500, "error parsing tool call: raw='{'"), ModelOutputInvalid),
    "500-template": Row(openai.rejection(500, "Conversation roles must alternate user/assistant"), Rejected),
    "501": Row(openai.rejection(501, "This server does not support embeddings."), Rejected),
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
    "403-aws-key": Row(
        _amazon(403, "UnrecognizedClientException", "The token is invalid."), CredentialsRefused
    ),
    "403-aws-signature": Row(_amazon(403, "InvalidSignatureException", "x"), CredentialsRefused),
    "403-aws-access": Row(
        _amazon(403, "AccessDeniedException", "You don't have access to the model."), AccessRefused
    ),
    "404": Row(claude.MODEL_NOT_FOUND, UnknownProviderModel),
    "404-file": Row(
        Canned(status=404, body=b'{"error":{"type":"not_found_error","message":"File not found: file_1"}}'),
        Rejected,
    ),
    "424-aws": Row(_amazon(424, "ModelErrorException", "Try your request again"), ServerFault),
    "424-aws-refused": Row(
        Canned(
            status=424,
            body=b'{"message":"the model refused it","originalStatusCode":400}',
            headers=(("x-amzn-errortype", "ModelErrorException:http://internal.amazon.com/"),),
        ),
        Rejected,
    ),
    "429-long-context": Row(
        Canned(
            status=429,
            body=b'{"error":{"type":"rate_limit_error",'
            b'"message":"Extra usage is required for long context requests."}}',
        ),
        RequestTooLarge,
    ),
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
    "file": Row(
        Status(
            code=StatusCode.PERMISSION_DENIED,
            message="You do not have permission to access the File abc or it may not exist.",
        ),
        Rejected,
    ),
    "cache": Row(Status(code=StatusCode.NOT_FOUND, message="CachedContent not found."), Rejected),
    "scopes": Row(
        Status(code=StatusCode.PERMISSION_DENIED, message="Request had insufficient authentication scopes."),
        CredentialsRefused,
    ),
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
