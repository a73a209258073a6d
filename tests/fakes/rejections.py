"""Tests, fakes: the error answers of OpenAI's wire, word for word where a vendor documents them.

https://platform.openai.com/docs/guides/error-codes has the statuses and codes,
https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter the filter's shape.
"""

from collections.abc import Mapping

import orjson
from openai.types.shared import ErrorObject

from tests.fakes.script import Canned

API_KEY_IN_MESSAGE = "sk-fake-key-that-an-upstream-echoes-0123456789"
"""A key that the 401 answer repeats, so that a test can prove that it is never passed on."""

Headers = tuple[tuple[str, str], ...]


def rejection(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    code: str | None = None,
    param: str | None = None,
    headers: Headers = (),
) -> Canned:
    """An error answer in OpenAI's shape; `kind` is what the wire calls type."""
    error = ErrorObject(message=message, type=kind, param=param, code=code)
    body = b'{"error":' + error.model_dump_json(exclude_unset=True).encode() + b"}"
    return Canned(status=status, body=body, headers=headers)


def _html(status: int, title: str) -> Canned:
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Canned(status=status, body=page.encode(), content_type="text/html")


def _json(status: int, body: Mapping[str, object]) -> Canned:
    return Canned(status=status, body=orjson.dumps(body))


def rate_limited(*, headers: Headers = ()) -> Canned:
    """429 because there were too many requests; pass `retry-after` as the test needs it."""
    return rejection(
        429,
        "Rate limit reached for gpt-4o-mini in organization org-fake on requests per min (RPM): "
        "Limit 3, Used 3, Requested 1. Please try again in 20s.",
        kind="requests",
        code="rate_limit_exceeded",
        headers=headers,
    )


RATE_LIMITED = rate_limited()
RATE_LIMITED_SECONDS = rate_limited(headers=(("retry-after", "20"),))
RATE_LIMITED_MS = rate_limited(headers=(("retry-after-ms", "1500"), ("retry-after", "2")))
RATE_LIMITED_DATE = rate_limited(headers=(("retry-after", "Fri, 31 Dec 2099 23:59:59 GMT"),))
INSUFFICIENT_QUOTA = rejection(
    429,
    "You exceeded your current quota, please check your plan and billing details.",
    kind="insufficient_quota",
    code="insufficient_quota",
)
UNAUTHORIZED = rejection(
    401,
    f"Incorrect API key provided: {API_KEY_IN_MESSAGE}. You can find your API key at "
    "https://platform.openai.com/account/api-keys.",
    code="invalid_api_key",
)
FORBIDDEN = rejection(
    403,
    "Country, region, or territory not supported",
    kind="request_forbidden",
    code="unsupported_country_region_territory",
)
MODEL_NOT_FOUND = rejection(
    404,
    "The model `gpt-nope` does not exist or you do not have access to it.",
    code="model_not_found",
)
OLLAMA_MODEL_NOT_FOUND = rejection(404, 'model "nope" not found, try pulling it first', kind="api_error")
CONTEXT_LENGTH_EXCEEDED = rejection(
    400,
    "This model's maximum context length is 128000 tokens. However, your messages resulted in "
    "128019 tokens. Please reduce the length of the messages.",
    code="context_length_exceeded",
    param="messages",
)
VLLM_CONTEXT = _json(
    400,
    {
        "object": "error",
        "message": "This model's maximum context length is 4096 tokens. However, you requested "
        "5000 tokens in the messages, Please reduce the length of the messages.",
        "type": "BadRequestError",
        "param": None,
        "code": 400,
    },
)
INVALID_PROMPT = rejection(
    400,
    "Invalid prompt: your prompt was flagged as potentially violating our usage policy. "
    "Please try again with a different prompt.",
    code="invalid_prompt",
)
AZURE_CONTENT_FILTER = _json(
    400,
    {
        "error": {
            "message": "The response was filtered due to the prompt triggering Azure OpenAI's "
            "content management policy. Please modify your prompt and retry.",
            "type": None,
            "param": "prompt",
            "code": "content_filter",
            "status": 400,
            "innererror": {
                "code": "ResponsibleAIPolicyViolation",
                "content_filter_result": {
                    "hate": {"filtered": False, "severity": "safe"},
                    "jailbreak": {"filtered": False, "detected": False},
                    "self_harm": {"filtered": False, "severity": "safe"},
                    "sexual": {"filtered": False, "severity": "safe"},
                    "violence": {"filtered": True, "severity": "high"},
                },
            },
        }
    },
)
BAD_REQUEST = rejection(
    400,
    "Invalid value for 'temperature': expected a number between 0 and 2.",
    code="invalid_value",
    param="temperature",
)
TOOL_USE_FAILED = rejection(
    400,
    "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.",
    code="tool_use_failed",
)
"""Groq's word for a tool call of the model's that cannot be parsed: https://console.groq.com/docs/tool-use."""
BARE_STRING = _json(400, {"error": "prompt is required"})
REQUEST_TIMEOUT = rejection(408, "Request timed out.", kind="timeout", code="request_timeout")
TOO_LARGE = _html(413, "413 Request Entity Too Large")
UNPROCESSABLE = _json(
    422,
    {"detail": [{"type": "missing", "loc": ["body", "messages"], "msg": "Field required"}]},
)
SERVER_ERROR = rejection(
    500,
    "The server had an error while processing your request. Sorry about that!",
    kind="server_error",
)
BAD_GATEWAY = _html(502, "502 Bad Gateway")
UNAVAILABLE = rejection(
    503, "The engine is currently overloaded, please try again later", kind="server_error"
)
GATEWAY_TIMEOUT = _html(504, "504 Gateway Time-out")
OVERLOADED = rejection(529, "Overloaded", kind="overloaded_error")
HTML_PAGE = _html(200, "Welcome to nginx!")
EMPTY_BODY_500 = Canned(status=500)
