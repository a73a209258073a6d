"""Room 4, pure: classifies the errors of the Messages wire.

Anthropic documents its errors at https://platform.claude.com/docs/en/api/errors: a status, and a body
`{"type": "error", "error": {"type", "message", "details"}}`, which is the same within a stream. Bedrock and
Vertex answer in the shapes of their own clouds. The table in `anthropic.faults` says what each type and
wording means; where it says nothing, the status decides.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ringmain_server.errors import ProviderError
from ringmain_server.providers import faults, http_errors
from ringmain_server.providers.anthropic.faults import ERRORS, ORIGINALLY_REFUSED, REPORTED
from ringmain_server.providers.faults import Meaning
from ringmain_server.providers.json_reader import NotJson, read
from ringmain_server.providers.wording import report_of, told

_AMAZONS = "x-amzn-errortype"
"""The header with Bedrock's error type, which may have a namespace and a URL around it."""
_RESETS = tuple(
    f"anthropic-ratelimit-{limit}" for limit in ("requests", "tokens", "input-tokens", "output-tokens")
)


@dataclass(frozen=True, slots=True)
class AnthropicWireError:
    """An error as it was written on the wire.

    Attributes:
        type: The broad category, in lower case.
        message: The message for people, unchanged.
        code: The specific cause, if the vendor has a name for it.
        refused: Whether Bedrock says that the model's own server refused the request.
    """

    type: str = ""
    message: str = ""
    code: str = ""
    refused: bool = False


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
        """Returns the error that a status other than 200 means. See `http.ErrorMap`."""
        error = parse(body)
        if not error.message:
            error = replace(error, message=told(body, status))
        named = headers.get(_AMAZONS, "").partition(":")[0].rpartition("#")[2].lower()
        return self._classified(provider_id, status, headers, error, named)

    def reported(self, provider_id: str, error: AnthropicWireError) -> ProviderError:
        """Returns the error that was reported under status 200, in place of an answer or within a stream."""
        status = REPORTED.get(error.type)
        if status is None:
            return Meaning.UNEXPLAINED.error(provider_id)
        return self._classified(provider_id, status, {}, error)

    def instead(self, provider_id: str, raw: bytes) -> ProviderError | None:
        """Returns the error that a document in place of a stream reports; None if it reports none."""
        try:
            found = read(raw) if raw else None
        except NotJson:
            return None
        if report_of(found) is None:
            return None
        return self.reported(provider_id, wire_error(found[0] if isinstance(found, list) else found))

    def _classified(
        self,
        provider_id: str,
        status: int,
        headers: Mapping[str, str],
        error: AnthropicWireError,
        named: str = "",
    ) -> ProviderError:
        message = http_errors.clean(error.message, self.secrets)
        now = time.time()
        words = {error.type, error.code, named} - {""}
        if error.refused:
            words.add(ORIGINALLY_REFUSED)
        meaning = faults.meaning_of(ERRORS, status, words, error.message)
        if meaning is None:
            found = http_errors.by_status(provider_id, status, headers, message, now)
        else:
            metadata = {"category": "output"} if meaning is Meaning.FILTERED else None
            wait = http_errors.wait(meaning, headers, now)
            found = meaning.error(provider_id, message, retry_after=wait, metadata=metadata)
        if status == 429 and found.retry_after is None:
            found.retry_after = _reset(headers, now)
        return found


def parse(body: bytes) -> AnthropicWireError:
    """Reads the error in an answer's body; it is empty if the body has no known shape."""
    try:
        found = read(body)
    except NotJson:
        return AnthropicWireError()
    if isinstance(found, list) and found:  # Google wraps the error in a list
        found = found[0]
    return wire_error(found)


def wire_error(found: object) -> AnthropicWireError:
    """Reads the error in a document or event."""
    if not isinstance(found, Mapping):
        return AnthropicWireError()
    inner = found.get("error", found)  # Bedrock has the message at the top level
    if not isinstance(inner, Mapping):
        return AnthropicWireError(message=_text(inner))
    details = inner.get("details")
    code = details.get("error_code") if isinstance(details, Mapping) else None
    message = _text(inner.get("message")) or _text(inner.get("Message"))
    kind = _text(inner.get("type")) or _text(inner.get("status"))
    return AnthropicWireError(
        kind.lower(), message, _text(code).lower(), _refused(inner.get("originalStatusCode"))
    )


def _refused(status: object) -> bool:
    """Whether a status means that the request was refused, so that a retry cannot help."""
    return isinstance(status, int) and 400 <= status < 500 and status not in (408, 424, 429)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    """Returns the seconds until the last exhausted limit resets; None if no header says.

    https://platform.claude.com/docs/en/api/rate-limits#response-headers
    """
    waits = [
        _until(headers[f"{limit}-reset"], now)
        for limit in _RESETS
        if headers.get(f"{limit}-remaining") == "0" and f"{limit}-reset" in headers
    ]
    known = [wait for wait in waits if wait is not None]
    # Goes through the parser of the standard header, which bounds the value.
    return http_errors.retry_after({"retry-after": str(max(known))}, now) if known else None


def _until(instant: str, now: float) -> float | None:
    try:
        at = datetime.fromisoformat(instant)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.timestamp() - now
