"""A picture that is paid for is found wherever a service may have put it, with what it says against it."""

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from ringmain_server.providers.jobs.service import Service
from ringmain_server.providers.jobs.services import fal, leonardo, luma, replicate, runway, stability

A, B = "https://pictures.example/a.png", "https://pictures.example/b.png"
BYTES = b"\x89PNG" * 20
BASE64 = base64.b64encode(BYTES).decode()


def _leonardo(**more: Any) -> Mapping[str, Any]:
    return {"generations_by_pk": {"status": "COMPLETE", **more}}


SHAPES: list[tuple[Service, Mapping[str, Any], tuple[str | bytes, ...]]] = [
    (replicate.SERVICE, {"status": "succeeded", "output": [{"url": A}, {"url": B}]}, (A, B)),
    (replicate.SERVICE, {"status": "succeeded", "output": {"images": [A, B]}}, (A, B)),
    (replicate.SERVICE, {"status": "succeeded", "output": {"url": A}, "input": {"image": B}}, (A,)),
    (replicate.SERVICE, {"status": "completed", "output": [["a caption", A]]}, (A,)),
    (replicate.SERVICE, {"status": "succeeded", "output": [{"image": A, "seed": 1}]}, (A,)),
    (fal.SERVICE, {"images": {"url": A}}, (A,)),
    (fal.SERVICE, {"images": A}, (A,)),
    (fal.SERVICE, {"data": {"images": [{"url": A}, B]}}, (A, B)),
    (fal.SERVICE, {"image": A}, (A,)),
    (fal.SERVICE, {"output": A}, (A,)),
    (fal.SERVICE, {"output": [{"image": {"url": A}}]}, (A,)),
    (fal.SERVICE, {"status": "OK", "request_id": "r", "payload": {"images": [{"url": A}]}}, (A,)),
    (leonardo.SERVICE, _leonardo(generated_images=[{"url": A}]), (A,)),
    (leonardo.SERVICE, _leonardo(generatedImages=[{"url": A}]), (A,)),
    (luma.SERVICE, {"state": "completed", "assets": {"image": {"url": A}}}, (A,)),
    (luma.SERVICE, {"state": "complete", "assets": {"images": [A]}, "request": {"url": B}}, (A,)),
    (runway.SERVICE, {"status": "SUCCEEDED", "output": [{"url": A}]}, (A,)),
    (runway.SERVICE, {"status": "COMPLETED", "output": A}, (A,)),
    (runway.SERVICE, {"status": "SUCCEEDED", "artifacts": [{"url": A}]}, (A,)),
    (stability.SERVICE, {"artifacts": [{"base64": BASE64, "finishReason": "SUCCESS"}]}, (BYTES,)),
    (stability.SERVICE, {"images": [BASE64]}, (BYTES,)),
    (stability.SERVICE, {"status": "complete", "result": BASE64}, (BYTES,)),
]


@pytest.mark.parametrize(("service", "document", "wanted"), SHAPES)
def test_other_shapes(service: Service, document: Mapping[str, Any], wanted: tuple[str | bytes, ...]) -> None:
    """A job that is done is not waited for, and its pictures are those of the answer, not of the request."""
    job = service.read(document)
    assert job.done
    assert job.pictures == wanted
    assert job.filtered is None


FLAGGED: list[tuple[Service, Mapping[str, Any]]] = [
    (fal.SERVICE, {"data": {"images": [{"url": A}], "has_nsfw_concepts": [True]}}),
    (fal.SERVICE, {"images": [], "has_nsfw_concepts": [True]}),
    (fal.SERVICE, {"image": {"url": A, "nsfw": True}}),
    (replicate.SERVICE, {"status": "succeeded", "output": [{"url": A, "flagged": True}]}),
    (replicate.SERVICE, {"status": "succeeded", "output": [], "nsfw_content_detected": True}),
    (
        leonardo.SERVICE,
        _leonardo(generated_images=[{"url": A}], prompt_moderations=[{"status": "flagged"}]),
    ),
    (
        leonardo.SERVICE,
        _leonardo(generated_images=[{"url": A}], promptModerations=[{"moderationClassification": ["NSFW"]}]),
    ),
    (leonardo.SERVICE, _leonardo(generated_images=[], promptModerations=[{"status": "FLAGGED"}])),
    (stability.SERVICE, {"artifacts": [{"base64": BASE64, "finishReason": "CONTENT_FILTERED"}]}),
    (stability.SERVICE, {"image": BASE64, "finishReason": "CONTENT_FILTERED"}),
    (luma.SERVICE, {"state": "completed", "assets": {"image": A}, "moderation": {"status": "rejected"}}),
]


@pytest.mark.parametrize(("service", "document"), FLAGGED)
def test_flags_in_other_places(service: Service, document: Mapping[str, Any]) -> None:
    """A flag withholds the pictures wherever it stands beside them, and says why where there is none."""
    job = service.read(document)
    assert job.done
    assert not job.pictures
    assert job.filtered is not None


@pytest.mark.parametrize(
    ("service", "document"),
    [
        (replicate.SERVICE, {"status": "processing", "output": [A]}),
        (fal.SERVICE, {"status": "IN_PROGRESS", "request_id": "r"}),
        (leonardo.SERVICE, {"generations_by_pk": {"status": "PENDING", "generated_images": []}}),
        (stability.SERVICE, {"id": "j1"}),
        (stability.SERVICE, {"id": "j1", "status": "in-progress"}),
    ],
)
def test_what_goes_on(service: Service, document: Mapping[str, Any]) -> None:
    """A job that goes on is waited for."""
    assert not service.read(document).done


def test_a_picture_that_is_missing() -> None:
    """An entry without a picture is one that was lost, beside those that are there."""
    job = fal.SERVICE.read({"images": [{"url": A}, {"seed": 1}]})
    assert job.pictures == (A, b"")


def test_a_deep_answer() -> None:
    """An answer of endless levels is not followed to its end."""
    deep: object = A
    for _ in range(50):
        deep = {"output": [deep]}
    assert A not in replicate.SERVICE.read({"status": "succeeded", "output": deep}).pictures
