"""Room 4, pure: what an error on the Messages wire means.

Anthropic documents its errors at https://platform.claude.com/docs/en/api/errors: a status, and a body
`{"type": "error", "error": {"type", "message", "details"}}`, the same within a stream. Bedrock and Vertex
answer in the shapes of their own clouds. Types and codes are looked at first, wordings only where the vendor
has no code, and the status last.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ringmain_server.errors import (
    ContentFiltered,
    ContextTooLong,
    ProviderError,
    QuotaSpent,
    StreamBroken,
    UnknownProviderModel,
)
from ringmain_server.providers import http_errors
from ringmain_server.providers.json_reader import NotJson, read

_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
    # Bedrock's, within a stream
    "validationexception": 400,
    "throttlingexception": 429,
    "internalserverexception": 500,
    "modelstreamerrorexception": 500,
    "modeltimeoutexception": 504,
    "serviceunavailableexception": 503,
}
"""The status that goes with a type, for errors that come under status 200."""
_SPENT_CODES = frozenset(
    {
        "contract_spend_limit_reached",
        "enforced_spend_limit_reached",
        "linked_organization_spend_limit_reached",
        "linked_organization_billing_unavailable",
    }
)
_SPENT_WORDS = re.compile(
    r"credit balance is too low|reached your specified .{0,40}usage limits", re.IGNORECASE
)
_CONTEXT_WORDS = re.compile(
    r"(?:prompt|input) is too long|exceeds? (?:the )?context (?:limit|window)", re.IGNORECASE
)
_FILTER_WORDS = re.compile(r"blocked by content filtering", re.IGNORECASE)
_MODEL_WORDS = re.compile(r"model identifier is invalid", re.IGNORECASE)
_RESETS = tuple(
    f"anthropic-ratelimit-{limit}" for limit in ("requests", "tokens", "input-tokens", "output-tokens")
)


@dataclass(frozen=True, slots=True)
class WireError:
    """An error as the wire tells it.

    Attributes:
        type: The broad category, in lower case.
        message: For people, as it came.
        code: Names the cause, where the vendor has a name for it.
    """

    type: str = ""
    message: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class AnthropicErrors:
    """The error map of one provider.

    Attributes:
        secrets: The provider's own credentials, which no message may repeat.
    """

    secrets: tuple[str, ...] = ()

    def __call__(
        self, provider_id: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> ProviderError:
        """What a status other than 200 means. See `http.ErrorMap`."""
        return self._classified(provider_id, status, headers, parse(body))

    def reported(self, provider_id: str, error: WireError) -> ProviderError:
        """What an error means that came under status 200: instead of an answer, or within a stream."""
        status = _STATUSES.get(error.type)
        if status is None:
            return StreamBroken(provider_id, "reported an error instead of an answer")
        return self._classified(provider_id, status, {}, error)

    def _classified(
        self, provider_id: str, status: int, headers: Mapping[str, str], error: WireError
    ) -> ProviderError:
        message = http_errors.clean(error.message, self.secrets)
        if error.code in _SPENT_CODES or _says(_SPENT_WORDS, error, status, 400, 403, 429):
            return QuotaSpent(provider_id, "has no quota or credit left for this account")
        if _says(_FILTER_WORDS, error, status, 400):
            why = "the provider's safety system refused the request"
            return ContentFiltered(provider_id, why, metadata={"category": "output"})
        if _says(_CONTEXT_WORDS, error, status, 400, 413):
            return ContextTooLong(provider_id, message)
        if _says(_MODEL_WORDS, error, status, 400):
            return UnknownProviderModel(provider_id, "does not know the model")
        now = time.time()
        found = http_errors.by_status(provider_id, status, headers, message, now)
        if status == 429 and found.retry_after is None:
            found.retry_after = _reset(headers, now)
        return found


def parse(body: bytes) -> WireError:
    """The error of an answer's body; an empty one when the body is of no known shape."""
    try:
        found = read(body)
    except NotJson:
        return WireError()
    if isinstance(found, list) and found:  # Google wraps it
        found = found[0]
    return wire_error(found)


def wire_error(found: object) -> WireError:
    """The error of a document or event."""
    if not isinstance(found, Mapping):
        return WireError()
    inner = found.get("error", found)  # Bedrock has the message outside
    if not isinstance(inner, Mapping):
        return WireError(message=_text(inner))
    details = inner.get("details")
    code = details.get("error_code") if isinstance(details, Mapping) else None
    message = _text(inner.get("message")) or _text(inner.get("Message"))
    return WireError(_text(inner.get("type")).lower(), message, _text(code))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _says(pattern: re.Pattern[str], error: WireError, status: int, *statuses: int) -> bool:
    return status in statuses and pattern.search(error.message) is not None


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until the last of the exhausted limits is reset, None when no header says.

    https://platform.claude.com/docs/en/api/rate-limits#response-headers
    """
    waits = [
        _until(headers[f"{limit}-reset"], now)
        for limit in _RESETS
        if headers.get(f"{limit}-remaining") == "0" and f"{limit}-reset" in headers
    ]
    known = [wait for wait in waits if wait is not None]
    # By way of the header that says the same, which has its bounds.
    return http_errors.retry_after({"retry-after": str(max(known))}, now) if known else None


def _until(instant: str, now: float) -> float | None:
    try:
        at = datetime.fromisoformat(instant)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.timestamp() - now
