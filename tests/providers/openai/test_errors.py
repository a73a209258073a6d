"""Tests of the error map: every documented error body lands in its row, and nothing secret gets out."""

from typing import Any

import orjson
import pytest
from ringmain_server import errors
from ringmain_server.providers.openai.errors import OpenAIErrors, content_filter_category, parse

from tests.fakes import rejections
from tests.fakes.script import Canned

ERRORS = OpenAIErrors(("sk-configured", "tiny"))


def mapped(canned: Canned) -> errors.ProviderError:
    """What the map makes of an answer."""
    return ERRORS("up", canned.status, dict(canned.headers), canned.body)


def body(status: int, content: object) -> Canned:
    """An answer with this JSON."""
    return Canned(status=status, body=orjson.dumps(content))


def error(status: int, message: str = "", **fields: Any) -> Canned:
    """An answer in OpenAI's shape."""
    return body(status, {"error": {"message": message, **fields}})


FAKED: list[tuple[Canned, type[errors.ProviderError]]] = [
    (rejections.RATE_LIMITED, errors.RateLimited),
    (rejections.INSUFFICIENT_QUOTA, errors.QuotaSpent),
    (rejections.UNAUTHORIZED, errors.CredentialsRefused),
    (rejections.FORBIDDEN, errors.AccessRefused),
    (rejections.MODEL_NOT_FOUND, errors.UnknownProviderModel),
    (rejections.OLLAMA_MODEL_NOT_FOUND, errors.UnknownProviderModel),
    (rejections.CONTEXT_LENGTH_EXCEEDED, errors.ContextTooLong),
    (rejections.VLLM_CONTEXT, errors.ContextTooLong),
    (rejections.INVALID_PROMPT, errors.ContentFiltered),
    (rejections.AZURE_CONTENT_FILTER, errors.ContentFiltered),
    (rejections.BAD_REQUEST, errors.Rejected),
    (rejections.BARE_STRING, errors.Rejected),
    (rejections.REQUEST_TIMEOUT, errors.ServerFault),
    (rejections.TOO_LARGE, errors.Rejected),
    (rejections.UNPROCESSABLE, errors.Rejected),
    (rejections.SERVER_ERROR, errors.ServerFault),
    (rejections.BAD_GATEWAY, errors.ServerFault),
    (rejections.UNAVAILABLE, errors.ServerFault),
    (rejections.GATEWAY_TIMEOUT, errors.ServerFault),
    (rejections.OVERLOADED, errors.ServerFault),
    (rejections.EMPTY_BODY_500, errors.ServerFault),
]

VENDORS: list[tuple[str, Canned, type[errors.ProviderError]]] = [
    (
        "OpenAI, policy",
        error(400, "Rejected by our safety system", code="content_policy_violation"),
        errors.ContentFiltered,
    ),
    ("OpenAI, other prompt", error(400, "Invalid prompt: empty", code="invalid_prompt"), errors.Rejected),
    (
        "OpenAI, no access",
        error(403, "Project does not have access to model", code="model_not_found"),
        errors.AccessRefused,
    ),
    (
        "OpenAI, billing",
        error(400, "Billing hard limit", code="billing_hard_limit_reached"),
        errors.QuotaSpent,
    ),
    (
        "Azure, deployment",
        error(404, "The API deployment does not exist", code="DeploymentNotFound"),
        errors.UnknownProviderModel,
    ),
    ("Azure, key", error(401, "Access denied", code="401"), errors.CredentialsRefused),
    ("Azure, rate", error(429, "Requests exceeded", code="429"), errors.RateLimited),
    (
        "vLLM, model",
        body(404, {"object": "error", "message": "The model `x` does not exist.", "code": 404}),
        errors.UnknownProviderModel,
    ),
    (
        "llama.cpp, context",
        error(
            400,
            "the request exceeds the available context size",
            code=400,
            type="exceed_context_size_error",
        ),
        errors.ContextTooLong,
    ),
    (
        "llama.cpp, loading",
        error(503, "Loading model", code=503, type="unavailable_error"),
        errors.ServerFault,
    ),
    (
        "Groq, context",
        error(400, "Please reduce the length of the messages or completion.", type="invalid_request_error"),
        errors.ContextTooLong,
    ),
    (
        "Groq, too many tokens a minute",
        error(413, "Request too large for model", type="tokens", code="rate_limit_exceeded"),
        errors.RequestTooLarge,
    ),
    (
        "Groq, retired",
        error(400, "has been decommissioned", code="model_decommissioned"),
        errors.UnknownProviderModel,
    ),
    ("Groq, capacity", body(498, {}), errors.TierFull),
    (
        "Mistral, context",
        body(400, {"object": "error", "message": "too large for model with 32768 maximum context length"}),
        errors.ContextTooLong,
    ),
    (
        "Mistral, model",
        body(400, {"object": "error", "message": "Invalid model: nope", "code": "1500"}),
        errors.UnknownProviderModel,
    ),
    (
        "Mistral, validation",
        body(422, {"object": "error", "message": {"detail": [{"msg": "Extra inputs are not permitted"}]}}),
        errors.Rejected,
    ),
    ("DeepSeek, balance", error(402, "Insufficient Balance"), errors.QuotaSpent),
    ("DeepSeek, model", error(400, "Model Not Exist"), errors.UnknownProviderModel),
    (
        "xAI, key",
        body(400, {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: x"}),
        errors.CredentialsRefused,
    ),
    (
        "xAI, context",
        body(400, {"error": "This model's maximum prompt length is 131072 but the request contains 2"}),
        errors.ContextTooLong,
    ),
    (
        "xAI, credits",
        body(429, {"error": "Your team has used all available credits"}),
        errors.QuotaSpent,
    ),
    ("OpenRouter, credits", error(402, "Insufficient credits", code=402), errors.QuotaSpent),
    (
        "OpenRouter, model",
        error(400, "foo/bar is not a valid model ID", code=400),
        errors.UnknownProviderModel,
    ),
    (
        "OpenRouter, moderation",
        error(403, "flagged", code=403, metadata={"reasons": ["violence", "hate"], "flagged_input": "…"}),
        errors.ContentFiltered,
    ),
    (
        "OpenRouter, upstream",
        error(
            400,
            "Provider returned error",
            code=400,
            metadata={"raw": '{"error": {"message": "maximum context length is 8192"}}'},
        ),
        errors.ContextTooLong,
    ),
    (
        "Together, context",
        error(422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193"),
        errors.ContextTooLong,
    ),
    (
        "Gemini, wrapped",
        body(404, [{"error": {"message": "not found", "code": 404}}]),
        errors.UnknownProviderModel,
    ),
    ("FastAPI, text", body(400, {"detail": "nope"}), errors.Rejected),
    ("a JSON text", body(400, "nope"), errors.Rejected),
    ("a JSON number", body(400, 17), errors.Rejected),
    ("an empty list", body(400, []), errors.Rejected),
    ("a redirect", Canned(status=302), errors.MalformedAnswer),
    ("no content", Canned(status=204), errors.MalformedAnswer),
]


def vendor(name: str) -> Canned:
    """The answer of this row."""
    return next(canned for row, canned, _ in VENDORS if row == name)


@pytest.mark.parametrize(("canned", "kind"), FAKED)
def test_documented_errors_land_in_their_row(canned: Canned, kind: type[errors.ProviderError]) -> None:
    """OpenAI's documented errors mean what the table of docs/errors.md says."""
    found = mapped(canned)
    assert type(found) is kind
    assert found.provider_id == "up"


@pytest.mark.parametrize(("canned", "kind"), [row[1:] for row in VENDORS], ids=[row[0] for row in VENDORS])
def test_other_servers_errors_land_in_their_row(canned: Canned, kind: type[errors.ProviderError]) -> None:
    """What other servers of the wire say in their own ways means the same."""
    assert type(mapped(canned)) is kind


@pytest.mark.parametrize(("canned", "kind"), [*FAKED, *(row[1:] for row in VENDORS)])
def test_nothing_of_an_upstream_gets_out(canned: Canned, kind: type[errors.ProviderError]) -> None:
    """No error holds a key, an address or a page of HTML."""
    message = mapped(canned).message
    for leak in ("sk-", rejections.API_KEY_IN_MESSAGE, "http", "<h", "org-fake"):
        assert leak not in message


def test_the_rejection_passes_the_message_on() -> None:
    """A caller learns what was wrong with the request, without the provider's keys."""
    assert "'temperature'" in mapped(rejections.BAD_REQUEST).message
    assert "prompt is required" in mapped(rejections.BARE_STRING).message
    assert "Field required" in mapped(rejections.UNPROCESSABLE).message
    assert "Extra inputs" in mapped(vendor("Mistral, validation")).message
    assert "8192" in mapped(vendor("OpenRouter, upstream")).message
    hidden = mapped(error(400, "bad header tiny and sk-configured")).message
    assert "tiny" not in hidden
    assert "configured" not in hidden


def test_a_silent_rejection_says_so() -> None:
    """A refusal without words, or with a page of HTML, still has a message."""
    assert "without saying why" in mapped(rejections.TOO_LARGE).message


def test_the_filter_names_its_category() -> None:
    """What the safety system objected to is for programs to read, where the provider says it."""
    categories = {
        "violence": rejections.AZURE_CONTENT_FILTER,
        "violence,hate": vendor("OpenRouter, moderation"),
        "unspecified": rejections.INVALID_PROMPT,
    }
    for category, canned in categories.items():
        assert mapped(canned).metadata == {"category": category}


@pytest.mark.parametrize(
    ("canned", "least", "most"),
    [
        (rejections.RATE_LIMITED_SECONDS, 20, 20),
        (rejections.RATE_LIMITED_MS, 1.5, 1.5),
        (rejections.RATE_LIMITED_DATE, 604_800, 604_800),
        (Canned(status=503, headers=(("retry-after", "4"),)), 4, 4),
    ],
)
def test_waits_are_handed_on(canned: Canned, least: float, most: float) -> None:
    """When to come back is what the provider said."""
    wait = mapped(canned).retry_after
    assert wait is not None
    assert least <= wait <= most


@pytest.mark.parametrize(
    ("reported", "kind"),
    [
        ({"message": "boom", "type": "server_error"}, errors.ServerFault),
        ({"message": "busy", "type": "overloaded_error"}, errors.ServerFault),
        ({"message": "bad gateway", "code": 502}, errors.ServerFault),
        ({"message": "slow down", "code": "rate_limit_exceeded"}, errors.RateLimited),
        ({"message": "slow down", "code": 429}, errors.RateLimited),
        ({"message": "spent", "type": "insufficient_quota"}, errors.QuotaSpent),
        ({"message": "too long", "code": "context_length_exceeded"}, errors.ContextTooLong),
        ({"message": "no", "code": "content_filter"}, errors.ContentFiltered),
        ({"message": "no", "metadata": {"reasons": ["hate"]}}, errors.ContentFiltered),
        ({"message": "bad field", "type": "invalid_request_error"}, errors.Rejected),
        ({"message": "bad", "type": "BadRequestError", "code": 400}, errors.Rejected),
        ({"message": "something", "type": "api_error"}, errors.Unexplained),
        ({"message": "something", "code": 7}, errors.Unexplained),
        ({}, errors.Unexplained),
        ("boom", errors.Unexplained),
        (True, errors.Unexplained),
    ],
)
def test_errors_under_status_200_mean_the_same(reported: object, kind: type[errors.ProviderError]) -> None:
    """An error that comes instead of an answer, or within a stream, goes through the same map."""
    found = ERRORS.reported("up", reported)
    assert type(found) is kind
    assert "boom" not in found.message


@pytest.mark.parametrize(
    ("results", "category"),
    [
        ({"hate": {"filtered": True}, "violence": {"filtered": False}, "x": 1}, "hate"),
        ({"b": {"filtered": True}, "a": {"filtered": True}}, "a,b"),
        ({}, ""),
        (None, ""),
        ([], ""),
    ],
)
def test_the_categories_that_filtered(results: object, category: str) -> None:
    """Only categories that filtered are named."""
    assert content_filter_category(results) == category


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", ""),
        (b"<html>", ""),
        (b'{"error": {"message": "a", "metadata": {"raw": "plain"}}}', "a: plain"),
        (b'{"error": {"message": "a", "metadata": {"raw": "{\\"message\\": \\"b\\"}"}}}', "a: b"),
        (b'{"error": {"message": "a", "metadata": {"raw": "\\"b\\""}}}', "a: b"),
        (b'{"error": {"message": "a", "metadata": {"raw": "{\\"error\\": \\"b\\"}"}}}', "a: b"),
        (b'{"error": {"message": "a", "metadata": {"reasons": "x"}}}', "a"),
        (b'{"error": {"message": "a", "code": [], "type": {}}}', "a"),
        (b'{"error": {"message": "a", "code": {"b": []}}}', "a"),
        (b'{"error": {"message": ' + b"[" * 300 + b"1" + b"]" * 300 + b"}}", ""),
    ],
)
def test_bodies_of_many_shapes(raw: bytes, message: str) -> None:
    """The message is found wherever a server puts it, and no shape makes the map fail."""
    assert parse(raw).message == message
