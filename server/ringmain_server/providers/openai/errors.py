"""Room 4, pure: classifies the errors of OpenAI's wire, whichever server wrote them.

OpenAI documents its errors at https://platform.openai.com/docs/guides/error-codes: a status, and a body
`{"error": {"message", "type", "param", "code"}}`. Other servers of this wire keep the outer shape and differ
inside. The table in `openai.faults` says what each code and wording means; where it says nothing, the status
decides.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from ringmain_server.errors import ProviderError
from ringmain_server.providers import faults, http_errors
from ringmain_server.providers.json_reader import NotJson, read
from ringmain_server.providers.openai.faults import ERRORS, POLICY_CODES, REPORTED
from ringmain_server.providers.wording import report_of, told, words_of


@dataclass(frozen=True, slots=True)
class OpenAIWireError:
    """An error as it was written on the wire.

    Attributes:
        message: The message for people, unchanged.
        words: Its codes and types, in lower case.
        category: The category that a safety system refused; empty if none did or none named it.
        status: The HTTP status named in the body itself, 0 if there is none.
    """

    message: str = ""
    words: frozenset[str] = frozenset()
    category: str = ""
    status: int = 0


@dataclass(frozen=True, slots=True)
class OpenAIErrors:
    """The error map of one provider.

    Attributes:
        secrets: The provider's own credentials, which no message may repeat.
    """

    secrets: tuple[str, ...] = ()

    def __call__(
        self, provider_id: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> ProviderError:
        """Returns the error that a status other than 200 means. See `transport.ErrorMap`."""
        wire = parse(body)
        if not wire.message:
            wire = replace(wire, message=told(body, status))
        return self._classified(provider_id, status, headers, wire)

    def reported(self, provider_id: str, error: object) -> ProviderError:
        """Returns the error that was reported under status 200, in place of an answer or within a stream.

        Args:
            provider_id: The provider that reported it.
            error: The value of `error` in the document or event.
        """
        wire = _object(error) if isinstance(error, Mapping) else OpenAIWireError(message=_text(error))
        if not wire.message:
            wire = replace(wire, message=words_of(error))
        status = wire.status or _implied_status(wire)
        if not status and faults.meaning_of(ERRORS, 500, wire.words, wire.message) is None:
            return faults.Meaning.UNEXPLAINED.error(provider_id)
        return self._classified(provider_id, status or 500, {}, wire)

    def instead(self, provider_id: str, raw: bytes) -> ProviderError | None:
        """Returns the error that a document in place of a stream reports; None if it reports none."""
        try:
            report = report_of(read(raw)) if raw else None
        except NotJson:
            return None
        return None if report is None else self.reported(provider_id, report)

    def _classified(
        self, provider_id: str, status: int, headers: Mapping[str, str], wire: OpenAIWireError
    ) -> ProviderError:
        message = http_errors.clean(wire.message, self.secrets)
        now = time.time()
        if wire.category and 400 <= status < 500:
            meaning: faults.Meaning | None = faults.Meaning.FILTERED
        else:
            meaning = faults.meaning_of(ERRORS, status, wire.words, wire.message)
        if meaning is None:
            return http_errors.by_status(provider_id, status, headers, message, now)
        if meaning is faults.Meaning.FILTERED:
            category = http_errors.clean(wire.category, self.secrets) or "unspecified"
            return meaning.error(provider_id, metadata={"category": category})
        return meaning.error(provider_id, message, retry_after=http_errors.wait(meaning, headers, now))


def parse(body: bytes) -> OpenAIWireError:
    """Reads the error in an answer's body; it is empty if the body has no known shape."""
    try:
        found = read(body)
    except NotJson:
        return OpenAIWireError()
    if isinstance(found, list) and found:  # Gemini's OpenAI endpoint wraps the error in a list
        found = found[0]
    if not isinstance(found, Mapping):
        return OpenAIWireError(message=_text(found))
    inner = found.get("error")
    if isinstance(inner, Mapping):
        return _object(inner)
    if isinstance(inner, str):  # Ollama, xAI
        return OpenAIWireError(message=inner, words=_words(found.get("code"), found.get("type")))
    return _object(found)  # vLLM, Mistral, FastAPI


def content_filter_category(results: object) -> str:
    """Returns the categories that filtered, from Azure's `content_filter_results`.

    https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
    """
    if not isinstance(results, Mapping):
        return ""
    hit = (
        str(name)
        for name, result in results.items()
        if isinstance(result, Mapping) and result.get("filtered")
    )
    return ",".join(sorted(hit))


def _object(error: Mapping[object, object]) -> OpenAIWireError:
    inner = error.get("innererror")
    inner = inner if isinstance(inner, Mapping) else {}
    metadata = error.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    code = error.get("code")
    message = _text(error.get("message")) or _text(error.get("detail"))
    raw = metadata.get("raw")  # OpenRouter forwards the upstream's error
    if isinstance(raw, str) and raw:
        message = f"{message}: {_raw_message(raw)}"
    return OpenAIWireError(
        message=message,
        words=_words(code, error.get("type"), inner.get("code")),
        category=_category(error, inner, metadata),
        status=code if isinstance(code, int) and 400 <= code < 600 else 0,
    )


def _raw_message(raw: str) -> str:
    try:
        found = read(raw)
    except NotJson:
        return raw
    inner = found.get("error", found) if isinstance(found, Mapping) else found
    return _text(inner.get("message") if isinstance(inner, Mapping) else inner)


def _category(
    error: Mapping[object, object], inner: Mapping[object, object], metadata: Mapping[object, object]
) -> str:
    azure = inner.get("content_filter_result") or error.get("content_filter_result")
    reasons = metadata.get("reasons")  # OpenRouter's moderation
    if isinstance(reasons, Sequence) and not isinstance(reasons, str):
        return ",".join(_text(reason) for reason in reasons)
    code = error.get("code")
    if isinstance(code, str) and code in POLICY_CODES:
        return code
    return content_filter_category(azure)


def _text(value: object) -> str:
    """Returns a message as text, since the validators of FastAPI and Mistral answer with a structure."""
    if isinstance(value, str):
        return value
    if not value or not isinstance(value, Mapping | list):
        return ""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return ""  # nested too deeply for orjson, and so for any reader


def _words(*values: object) -> frozenset[str]:
    return frozenset(value.lower() for value in values if isinstance(value, str))


def _implied_status(wire: OpenAIWireError) -> int:
    """Returns the status that the words of an error without one imply, 0 if they are unknown."""
    statuses = [REPORTED[word] for word in wire.words if word in REPORTED]
    return max(statuses, default=400 if wire.category else 0)
