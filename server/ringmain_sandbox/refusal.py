"""Sandbox: the error answers of the OpenAI wire, as values.

Shapes: https://platform.openai.com/docs/guides/error-codes and, for the filter,
https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not a success.

    Attributes:
        status: The status of HTTP.
        body: The bytes of the answer.
        headers: The headers, with names in lower case.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """Raised to answer with a refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.status)
        self.refusal = refusal


def refusal(
    status: int,
    message: str,
    *,
    type_: str = "invalid_request_error",
    code: str | None = None,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Refusal:
    """Returns a refusal in the usual shape."""
    error = {"message": message, "type": type_, "param": param, "code": code}
    return Refusal(status, orjson.dumps({"error": error}), headers or {})


def bad_request(message: str, param: str | None = None, code: str | None = None) -> RefusedError:
    """Returns an error for a 400, to be raised."""
    return RefusedError(refusal(400, message, code=code, param=param))


def context_exceeded(limit: int, count: int | None = None) -> Refusal:
    """Returns the refusal of a prompt that is too long for the context."""
    resulted = "more tokens" if count is None else f"{count} tokens"
    message = (
        f"This model's maximum context length is {limit} tokens. "
        f"However, your messages resulted in {resulted}."
    )
    return refusal(400, message, code="context_length_exceeded", param="messages")


def unknown_model(name: object) -> Refusal:
    """Returns the refusal of a model that does not exist."""
    return refusal(404, f"The sandbox has no model {name!r}.", code="model_not_found", param="model")


def content_filter(category: str) -> Refusal:
    """Returns the refusal of a prompt by a safety system."""
    categories = ("hate", "self_harm", "sexual", "violence")
    verdicts = {
        name: {"filtered": name == category, "severity": "high" if name == category else "safe"}
        for name in categories
    }
    error = {
        "message": "The sandbox plays a safety system that refuses this prompt.",
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": verdicts},
    }
    return Refusal(400, orjson.dumps({"error": error}))
