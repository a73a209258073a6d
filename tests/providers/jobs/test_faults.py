"""Whose fault it was, at every service of images: a caller's mistake holds nothing and opens no breaker."""

from collections.abc import Mapping, Sequence
from typing import Any

import grpc.aio
import orjson
import pytest
from ringmain_server.errors import (
    AccessRefused,
    ContentFiltered,
    CredentialsRefused,
    JobFailed,
    ProviderError,
    QuotaSpent,
    RateLimited,
    Rejected,
    ServerFault,
    UnknownProviderModel,
)
from ringmain_server.providers.jobs import service_of
from ringmain_server.providers.jobs.errors import JobErrors
from ringmain_server.providers.jobs.faults import FailureReport, fault_of_job, meant

from tests.edge.serving import details
from tests.fakes.jobs_server import Moment
from tests.providers.jobs.test_services import MODELS, Setup, ask, setup

LOCKED = "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."

REFUSALS: Sequence[tuple[str, int, Any, type[ProviderError]]] = [
    ("fal", 401, {"detail": "Cannot access application. Authentication is required"}, CredentialsRefused),
    ("fal", 403, {"detail": LOCKED}, QuotaSpent),
    ("fal", 403, {"detail": "User is locked. Reason: under review."}, AccessRefused),
    ("fal", 403, {"detail": "Not authenticated"}, CredentialsRefused),
    ("fal", 422, {"detail": [{"type": "content_policy_violation", "msg": "no"}]}, ContentFiltered),
    ("fal", 422, [{"type": "content_policy_violation", "msg": "no"}], ContentFiltered),
    ("fal", 422, {"detail": [{"type": "image_load_error", "msg": "Failed to load"}]}, Rejected),
    ("fal", 504, {"detail": "timed out", "error_type": "request_timeout"}, JobFailed),
    ("fal", 500, {"detail": [{"type": "internal_server_error", "msg": "oops"}]}, ServerFault),
    ("leonardo", 403, {"error": "content moderation filter", "code": "unexpected"}, ContentFiltered),
    ("leonardo", 403, {"error": "Prompt not allowed"}, ContentFiltered),
    ("leonardo", 403, {"error": "this plan has no access to the model"}, AccessRefused),
    (
        "leonardo",
        400,
        {"error": "Authentication hook unauthorized this request", "code": "access-denied"},
        CredentialsRefused,
    ),
    ("leonardo", 400, {"error": "not enough api tokens", "path": "$"}, QuotaSpent),
    ("leonardo", 400, {"error": "no", "code": "prompt_moderation_failure"}, ContentFiltered),
    ("leonardo", 400, {"error": "no", "code": "PROMPT_MODERATION_BLOCKED"}, ContentFiltered),
    ("runway", 400, {"error": "You do not have enough credits to run this task."}, QuotaSpent),
    ("runway", 400, {"error": "Validation of body failed", "issues": []}, Rejected),
    ("runway", 403, {"error": "forbidden"}, AccessRefused),
    ("luma", 400, {"detail": "Insufficient credits"}, QuotaSpent),
    ("luma", 400, {"detail": "Prompt not allowed because advanced moderation failed"}, ContentFiltered),
    ("luma", 403, {"detail": "Not authenticated"}, CredentialsRefused),
    ("luma", 422, {"detail": [{"loc": ["body", "aspect_ratio"], "msg": "bad", "type": "enum"}]}, Rejected),
    ("replicate", 402, {"title": "Insufficient credit"}, QuotaSpent),
    ("replicate", 403, {"detail": "You do not have permission to run this model"}, AccessRefused),
    ("replicate", 404, {"title": "Not found"}, UnknownProviderModel),
    ("replicate", 429, {"detail": "Request was throttled"}, RateLimited),
    ("stability", 403, {"name": "content_moderation", "errors": ["flagged"]}, ContentFiltered),
    (
        "stability",
        401,
        {"name": "unauthorized", "errors": ["missing authorization header"]},
        CredentialsRefused,
    ),
    ("stability", 402, {"name": "payment_required", "errors": ["You lack sufficient credits"]}, QuotaSpent),
    ("stability", 413, {"name": "payload_too_large", "errors": ["too large"]}, Rejected),
    ("stability", 429, {"name": "rate_limit_exceeded", "errors": ["slow down"]}, RateLimited),
    # What a caller wrote and a service repeats holds nothing.
    ("luma", 400, {"detail": "Invalid prompt: insufficient credits, invalid api key"}, Rejected),
    ("runway", 422, {"error": "insufficient credits"}, Rejected),
    (
        "fal",
        422,
        {"detail": [{"type": "value_error", "msg": "out of credits is no size", "loc": ["body", "size"]}]},
        Rejected,
    ),
    ("replicate", 422, {"detail": "- input.safety_tolerance: Must be less than or equal to 6"}, Rejected),
]


@pytest.mark.parametrize(("kind", "status", "body", "expected"), REFUSALS)
def test_what_a_refusal_means(kind: str, status: int, body: Any, expected: type[ProviderError]) -> None:
    """A refusal is read by the service's codes and words, and by its status last."""
    errors = JobErrors(faults=service_of(kind).faults)
    assert type(errors("p", status, {}, orjson.dumps(body))) is expected


FAILURES: Sequence[tuple[str, str, str, type[ProviderError]]] = [
    ("runway", "SAFETY.INPUT.TEXT", "", ContentFiltered),
    ("runway", "INPUT_PREPROCESSING.SAFETY.THIRD_PARTY", "", ContentFiltered),
    ("runway", "INPUT_PREPROCESSING.INTERNAL", "", ServerFault),
    ("runway", "INPUT_PREPROCESSING.ASPECT", "the input is odd", Rejected),
    ("runway", "ASSET.INVALID", "the file is broken", Rejected),
    ("runway", "INTERNAL.BAD_OUTPUT.CODE01", "", JobFailed),
    ("runway", "INTERNAL", "", ServerFault),
    ("runway", "", "", JobFailed),
    ("replicate", "E005", "The input or output was flagged as sensitive (E005)", ContentFiltered),
    ("replicate", "E004", "Service is temporarily unavailable (E004)", ServerFault),
    ("replicate", "E006", "The input was invalid (E006)", Rejected),
    ("replicate", "", "NSFW content detected. Try running it again", ContentFiltered),
    ("replicate", "", "width must be a multiple of 8", Rejected),
    ("replicate", "", "cannot identify image file <_io.BytesIO object>", Rejected),
    ("replicate", "", "Prediction interrupted; please retry (code: PA)", JobFailed),
    ("replicate", "", "CUDA out of memory", JobFailed),
    ("luma", "", "400: prompt not allowed because advanced moderation failed", ContentFiltered),
    ("luma", "", "", JobFailed),
]


@pytest.mark.parametrize(("kind", "code", "text", "expected"), FAILURES)
def test_what_a_failed_job_means(kind: str, code: str, text: str, expected: type[ProviderError]) -> None:
    """A failure is the filter's, the request's or the service's where that is told, and nobody's else."""
    faults = service_of(kind).faults
    told = FailureReport(text, (code,) if code else ())
    assert type(meant("p", fault_of_job(told, faults), told)) is expected


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        (
            "runway",
            {
                "error": "Validation of body failed",
                "issues": [{"path": ["ratio"], "message": "Invalid enum value"}],
            },
            "Validation of body failed; ratio: Invalid enum value",
        ),
        ("fal", {"detail": [{"loc": ["body", "num_images"], "msg": "too many"}]}, "num_images: too many"),
        ("fal", [{"loc": ["body", "seed"], "msg": "too large"}], "seed: too large"),
        (
            "stability",
            {"name": "bad_request", "errors": ["prompt: required", "see http://10.0.0.1/x"]},
            "prompt: required; see [removed]",
        ),
        ("replicate", {"detail": {"message": "no key-123456 here"}}, "no [removed] here"),
        ("luma", {"detail": None, "error": 5, "issues": [7, None]}, "refused the request without saying why"),
    ],
)
def test_what_a_caller_reads(kind: str, body: Any, words: str) -> None:
    """The places and the words of a refusal reach the caller, without keys and addresses."""
    errors = JobErrors(("key-123456",), faults=service_of(kind).faults)
    assert str(errors("p", 400, {}, orjson.dumps(body))) == f"p: {words}"


@pytest.mark.parametrize("where", ["item", "context", "whole"])
def test_the_category_is_passed_on(where: str) -> None:
    """What a safety system objected to is told where the service says it."""
    item: dict[str, Any] = {"type": "content_policy_violation", "msg": "no"}
    body: dict[str, Any] = {"detail": [item]}
    if where == "item":
        item["categories"] = ["sexual"]
    elif where == "context":
        item["ctx"] = {"categories": {"sexual": True, "hate": False}}
    else:
        body["categories"] = "sexual"
    error = JobErrors(faults=service_of("fal").faults)("p", 422, {}, orjson.dumps(body))
    assert error.metadata == {"category": "sexual"}


@pytest.mark.parametrize("name", ["x-fal-retryable", "x-fal-needs-retry"])
def test_a_service_that_says_that_repeating_does_not_help(name: str) -> None:
    """Such a failure is not repeated, whatever its status."""
    assert JobErrors()("p", 500, {name: "false"}, b"").final
    assert not JobErrors()("p", 500, {name: "true"}, b"").final


BAD_FILES: Mapping[str, Sequence[Moment]] = {
    "stability": [
        Moment(400, {"errors": ["image: must be a PNG"]}),
        Moment(403, {"name": "content_moderation"}),
    ],
    "replicate": [
        Moment(200, {"id": "j", "status": "failed", "error": "cannot identify image file"}),
        Moment(200, {"id": "j", "status": "failed", "error": "list index out of range"}),
        Moment(200, {"id": "j", "status": "failed", "error": "NSFW content detected"}),
    ],
    "leonardo": [
        Moment(200, {"generations_by_pk": {"status": "FAILED", "generated_images": []}}),
        Moment(
            200,
            {
                "generations_by_pk": {
                    "status": "FAILED",
                    "prompt_moderations": [{"moderationClassification": ["NSFW"]}],
                }
            },
        ),
    ],
    "runway": [
        Moment(200, {"status": "FAILED", "failure": "no", "failureCode": "ASSET.INVALID"}),
        Moment(200, {"status": "FAILED", "failure": "no", "failureCode": "SAFETY.INPUT.IMAGE"}),
        Moment(200, {"status": "FAILED", "failure": "An unexpected error occurred."}),
    ],
    "luma": [
        Moment(200, {"id": "j", "state": "failed", "failure_reason": "could not load the image"}),
        Moment(200, {"id": "j", "state": "failed", "failure_reason": None}),
    ],
    "fal": [
        Moment(422, {"detail": [{"type": "image_load_error", "msg": "Failed to load the image"}]}),
        Moment(504, {"detail": "too slow", "error_type": "request_timeout"}),
        Moment(422, [{"type": "content_policy_violation", "msg": "flagged"}]),
    ],
}
"""By service: what it says of files and prompts that are the caller's fault, or may be."""


@pytest.mark.parametrize("kind", MODELS)
async def test_bad_files_and_prompts_are_nobody_elses_trouble(kind: str) -> None:
    """Six calls of each kind that fail by the request leave the next caller's alone."""
    async with setup(kind, interval=0.002) as here:
        here.upstream.looks = 0
        where = "POST" if kind == "stability" else "GET"
        for moment in BAD_FILES[kind]:
            for _ in range(6):
                here.upstream.moments = {where: [moment]}
                await _fails(here)
            here.upstream.moments = {}
            assert len((await here.stub.GenerateImages(ask())).images) == 1


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("leonardo", 403, {"error": "content moderation filter"}),
        (
            "runway",
            400,
            {"error": "Validation of body failed", "issues": [{"path": ["ratio"], "message": "no"}]},
        ),
        ("luma", 400, {"detail": "Prompt not allowed because advanced moderation failed"}),
    ],
)
async def test_refused_prompts_are_nobody_elses_trouble(kind: str, status: int, body: Any) -> None:
    """Six refused submissions leave the next caller's alone."""
    async with setup(kind, interval=0.002) as here:
        here.upstream.moments = {"POST": [Moment(status, body)] * 6}
        for _ in range(6):
            await _fails(here)
        assert len((await here.stub.GenerateImages(ask())).images) == 1


async def test_a_locked_account_is_held_for_a_time() -> None:
    """A 403 that means credit leaves the model alone for a bounded time that the caller is told."""
    async with setup("fal", interval=0.002) as here:
        here.upstream.moments = {"POST": [Moment(403, {"detail": LOCKED})]}
        for _ in range(2):
            info = await _fails(here)
            assert info.reason == "PROVIDERS_UNAVAILABLE"
            assert "credit" in info.metadata["p"]
        assert len(here.upstream.requests) == 1


async def _fails(here: Setup) -> Any:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await here.stub.GenerateImages(ask())
    return details(failed.value)["ErrorInfo"]
