"""Room 4, pure: classifies the errors of the Gemini developer API.

https://ai.google.dev/gemini-api/docs/troubleshooting: an HTTP status, and a body `{"error": {"code",
"message", "status", "details"}}` with the same canonical statuses and details as on gRPC.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ringmain_server.errors import ProviderError
from ringmain_server.providers import http_errors
from ringmain_server.providers.faults import Meaning
from ringmain_server.providers.json_reader import NotJson, read
from ringmain_server.providers.vertex.errors import VertexWireError, classified
from ringmain_server.providers.vertex.faults import CANONICAL
from ringmain_server.providers.wording import told

_TYPE = "type.googleapis.com/google.rpc."


@dataclass(frozen=True, slots=True)
class GeminiErrors:
    """The error map of one provider.

    Attributes:
        secrets: The provider's own credentials, which no message may repeat.
    """

    secrets: tuple[str, ...] = ()

    def __call__(
        self, provider_id: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> ProviderError:
        """Returns the error that a status other than 200 means. See `transport.ErrorMap`."""
        error = parse(body, status)
        if error is None or not error.message:
            words = told(body, status)
            if not words and error is None:
                return http_errors.by_status(provider_id, status, headers, "", time.time())
            error = replace(error or VertexWireError("", http=status), message=words)
        return classified(provider_id, error, self.secrets)

    def reported(self, provider_id: str, found: object) -> ProviderError:
        """Returns the error that was reported under status 200, in place of an answer or within a stream."""
        error = wire_error(found)
        if error is None:
            return Meaning.UNEXPLAINED.error(provider_id)
        return classified(provider_id, error, self.secrets)


def parse(body: bytes, status: int = 0) -> VertexWireError | None:
    """Reads the error in an answer's body; None if the body has no known shape.

    Args:
        body: The body, unchanged.
        status: The HTTP status of the answer.
    """
    try:
        found = read(body)
    except NotJson:
        return None
    if isinstance(found, list) and found:  # without SSE, a stream is a list of documents
        found = found[0]
    return wire_error(found.get("error"), status) if isinstance(found, Mapping) else None


def wire_error(found: object, http: int = 0) -> VertexWireError | None:
    """Reads the value of `error`; None if nothing says its status.

    Args:
        found: The error.
        http: The HTTP status of the answer; 0 if the error came under 200.
    """
    if not isinstance(found, Mapping):
        return None
    code, status = found.get("code"), _text(found.get("status"))
    if not http and isinstance(code, int) and 400 <= code < 600:
        http = code
    if status not in CANONICAL and not http:
        return None
    details = found.get("details")
    by_type = {
        str(detail.get("@type")): detail
        for detail in (details if isinstance(details, list) else ())
        if isinstance(detail, Mapping)
    }
    info = by_type.get(f"{_TYPE}ErrorInfo", {})
    retry = by_type.get(f"{_TYPE}RetryInfo", {})
    quota = by_type.get(f"{_TYPE}QuotaFailure", {})
    return VertexWireError(
        status,
        _text(found.get("message")),
        _text(info.get("reason")) or _reason(found.get("errors")),
        http_errors.duration(_text(retry.get("retryDelay"))),
        (*_quotas(quota.get("violations")), *_quota_limit(info.get("metadata"))),
        http,
    )


def _reason(errors: object) -> str:
    """Returns the reason from the older list of errors that Google's APIs had in place of details."""
    first = errors[0] if isinstance(errors, list) and errors else None
    return _text(first.get("reason")) if isinstance(first, Mapping) else ""


def _quotas(violations: object) -> tuple[str, ...]:
    found = violations if isinstance(violations, list) else ()
    return tuple(_text(violation.get("quotaId")) for violation in found if isinstance(violation, Mapping))


def _quota_limit(metadata: object) -> tuple[str, ...]:
    return (_text(metadata.get("quota_limit")),) if isinstance(metadata, Mapping) else ()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
