"""Room 4, pure: what an error on OpenAI's wire means, whoever wrote it.

OpenAI documents its errors at https://platform.openai.com/docs/guides/error-codes: a status, and a body
`{"error": {"message", "type", "param", "code"}}`. Servers of the same wire keep the outer shape and differ
inside, so codes and types are looked at first, wordings only where a vendor has no code, and the status last.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from ringmain_server.errors import (
    ContentFiltered,
    ContextTooLong,
    CredentialsRefused,
    ProviderError,
    QuotaSpent,
    RateLimited,
    StreamBroken,
    UnknownProviderModel,
)
from ringmain_server.providers import http_errors
from ringmain_server.providers.json_reader import NotJson, read

_FILTER_CODES = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "responsibleaipolicyviolation",
        "moderation_blocked",
        "content_filtered",
        "image_content_policy_violation",
    }
)
_POLICY_CODES = frozenset({"bio_policy", "misalignment_policy_violation"})
"""Refusals of the responses wire that name their category themselves."""
_CONTEXT_CODES = frozenset(
    {"context_length_exceeded", "exceed_context_size_error", "context_window_exceeded", "prompt_too_long"}
)
_QUOTA_CODES = frozenset(
    {
        "insufficient_quota",
        "insufficient_credits",
        "insufficient_balance",
        "billing_hard_limit_reached",
        "billing_not_active",
    }
)
_MODEL_CODES = frozenset(
    {"model_not_found", "deploymentnotfound", "model_decommissioned", "model_not_available", "invalid_model"}
)
_KEY_CODES = frozenset({"invalid_api_key", "invalid_authentication", "authentication_error"})
_RATE_CODES = frozenset({"rate_limit_exceeded", "rate_limit_error", "rate_limit_reached", "ratelimitreached"})
_SERVER_CODES = frozenset(
    {"server_error", "vector_store_timeout", "internal_error", "internal_server_error", "internalservererror"}
)
_OVERLOAD_CODES = frozenset({"overloaded_error", "engine_overloaded", "service_unavailable"})
# What a response says that failed: https://platform.openai.com/docs/api-reference/responses/object
_INPUT_CODES = frozenset(
    {
        "data_residency_mismatch",
        "empty_image_file",
        "failed_to_download_image",
        "image_file_not_found",
        "image_file_too_large",
        "image_parse_error",
        "image_too_large",
        "image_too_small",
        "invalid_base64_image",
        "invalid_image",
        "invalid_image_format",
        "invalid_image_mode",
        "invalid_image_url",
        "invalid_prompt",
        "unsupported_image_media_type",
    }
)
_REQUEST_CODES = (
    frozenset({"invalid_request_error", "badrequesterror", "bad_request_error"})
    | _INPUT_CODES
    | _POLICY_CODES
    | _FILTER_CODES
    | _CONTEXT_CODES
    | _MODEL_CODES
    | _KEY_CODES
)

_FILTER_WORDS = re.compile(r"usage polic|content (?:management )?polic|safety system", re.IGNORECASE)
# vLLM, DeepSeek, OpenRouter and Mistral · llama.cpp · Groq · xAI · Together · generic
_CONTEXT_WORDS = re.compile(
    r"maximum context length|context (?:length|window|size)|reduce the length of the (?:messages|prompt)"
    r"|maximum prompt length|`inputs` tokens \+ `max_new_tokens`|(?:prompt|input) is too long",
    re.IGNORECASE,
)
# DeepSeek · OpenRouter · xAI
_QUOTA_WORDS = re.compile(
    r"insufficient (?:balance|credits|quota)|exceeded your current quota"
    r"|all available credits|run out of credits",
    re.IGNORECASE,
)
# vLLM and OpenAI · DeepSeek · Mistral · OpenRouter · Groq
_MODEL_WORDS = re.compile(
    r"model\b.{0,200}\b(?:does not exist|not exist|not found|decommissioned)|invalid model|not a valid model",
    re.IGNORECASE,
)
_KEY_WORDS = re.compile(r"(?:incorrect|invalid) api key", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WireError:
    """An error as the wire tells it.

    Attributes:
        message: For people, as it came.
        words: Its codes and types, in lower case.
        category: Why a safety system refused, empty if none did or none said why.
        status: The HTTP status that the body itself names, 0 if none.
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
        """What a status other than 200 means. See `transport.ErrorMap`."""
        return self._classified(provider_id, status, headers, parse(body))

    def reported(self, provider_id: str, error: object) -> ProviderError:
        """What an error means that came under status 200: instead of an answer, or within a stream.

        Args:
            provider_id: Who reported it.
            error: What stands at `error` in the document or event.
        """
        wire = _object(error) if isinstance(error, Mapping) else WireError(message=_text(error))
        status = wire.status or _implied_status(wire)
        if not status:
            return StreamBroken(provider_id, "reported an error instead of an answer")
        return self._classified(provider_id, status, {}, wire)

    def _classified(
        self, provider_id: str, status: int, headers: Mapping[str, str], wire: WireError
    ) -> ProviderError:
        message = http_errors.clean(wire.message, self.secrets)
        now = time.time()
        if status < 400 or status >= 500:
            return http_errors.by_status(provider_id, status, headers, "", now)
        if wire.category or wire.words & _FILTER_CODES or _is_filter(status, wire):
            category = http_errors.clean(wire.category, self.secrets) or "unspecified"
            why = "the provider's safety system refused the request"
            return ContentFiltered(provider_id, why, metadata={"category": category})
        if wire.words & _CONTEXT_CODES or _says(_CONTEXT_WORDS, status, wire, 400, 413, 422):
            return ContextTooLong(provider_id, message or "the input is longer than the model's context")
        if wire.words & _QUOTA_CODES or _says(_QUOTA_WORDS, status, wire, 400, 403, 429):
            return QuotaSpent(provider_id, "has no quota or credit left for this account")
        if wire.words & _MODEL_CODES or _says(_MODEL_WORDS, status, wire, 400, 422):
            return UnknownProviderModel(provider_id, "does not know the model")
        if wire.words & _KEY_CODES or _says(_KEY_WORDS, status, wire, 400):
            return CredentialsRefused(provider_id, "refused the gateway's credentials")
        if wire.words & _RATE_CODES:
            wait = http_errors.retry_after(headers, now)
            return RateLimited(provider_id, "is limiting our rate", retry_after=wait)
        return http_errors.by_status(provider_id, status, headers, message, now)


def parse(body: bytes) -> WireError:
    """The error of an answer's body; an empty one when the body is of no known shape."""
    try:
        found = read(body)
    except NotJson:
        return WireError()
    if isinstance(found, list) and found:  # Gemini's OpenAI endpoint wraps it
        found = found[0]
    if not isinstance(found, Mapping):
        return WireError(message=_text(found))
    inner = found.get("error")
    if isinstance(inner, Mapping):
        return _object(inner)
    if isinstance(inner, str):  # Ollama, xAI
        return WireError(message=inner, words=_words(found.get("code"), found.get("type")))
    return _object(found)  # vLLM, Mistral, FastAPI


def content_filter_category(results: object) -> str:
    """The categories that filtered, by Azure's `content_filter_results`.

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


def _object(error: Mapping[object, object]) -> WireError:
    inner = error.get("innererror")
    inner = inner if isinstance(inner, Mapping) else {}
    metadata = error.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    code = error.get("code")
    message = _text(error.get("message")) or _text(error.get("detail"))
    raw = metadata.get("raw")  # OpenRouter hands on what its upstream said
    if isinstance(raw, str) and raw:
        message = f"{message}: {_raw_message(raw)}"
    return WireError(
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
    if error.get("code") in _POLICY_CODES:
        return _text(error.get("code"))
    return content_filter_category(azure)


def _text(value: object) -> str:
    """A message as text; validators of FastAPI and Mistral answer with a structure."""
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode() if isinstance(value, Mapping | list) and value else ""


def _words(*values: object) -> frozenset[str]:
    return frozenset(value.lower() for value in values if isinstance(value, str))


def _says(pattern: re.Pattern[str], status: int, wire: WireError, *statuses: int) -> bool:
    return status in statuses and pattern.search(wire.message) is not None


def _is_filter(status: int, wire: WireError) -> bool:
    """OpenAI's reasoning models refuse with `invalid_prompt`, which also has other reasons."""
    return "invalid_prompt" in wire.words and _says(_FILTER_WORDS, status, wire, 400)


def _implied_status(wire: WireError) -> int:
    """The status that an error without one would have had."""
    if wire.words & _SERVER_CODES:
        return 500
    if wire.words & _OVERLOAD_CODES:
        return 503
    if wire.words & (_RATE_CODES | _QUOTA_CODES):
        return 429
    return 400 if wire.words & _REQUEST_CODES or wire.category else 0
