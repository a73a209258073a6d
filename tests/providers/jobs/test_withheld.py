"""A picture that its service objects to is never handed out as a good one."""

from collections.abc import Mapping, Sequence
from typing import Any

import grpc.aio
import pytest

from tests.edge.serving import details
from tests.fakes.jobs_server import Moment
from tests.providers.jobs.test_services import ask, setup

FLAGGED: Mapping[str, Sequence[tuple[str, Any, Any]]] = {
    "fal": [
        ("flags", {"has_nsfw_concepts": [False, True]}, {"has_nsfw_concepts": [True, True]}),
        ("flags", {"has_nsfw_concepts": [0, "true"]}, {"has_nsfw_concepts": [True]}),
        ("flags", {"nsfw_content_detected": [False, 1]}, {"nsfw_content_detected": True}),
        ("image_flags", [{}, {"nsfw": True}], [{"nsfw": "true"}, {"nsfw": True}]),
    ],
    "leonardo": [("image_flags", [{"nsfw": False}, {"nsfw": True}], [{"nsfw": True}, {"nsfw": 1}])],
    "replicate": [
        ("flags", {"nsfw_content_detected": [True, False]}, {"nsfw_content_detected": [True, True]})
    ],
}
"""By service: where it flags, how it flags one of two pictures, and how both."""


@pytest.mark.parametrize("kind", FLAGGED)
async def test_flagged_pictures_are_withheld(kind: str) -> None:
    """The others are handed out with a note; where none is left, the call fails with the category."""
    async with setup(kind, interval=0.002) as here:
        here.upstream.count = 2
        request = ask() if kind == "replicate" else ask(image_count=2)
        for where, one, both in FLAGGED[kind]:
            setattr(here.upstream, where, one)
            response = await here.stub.GenerateImages(request)
            assert len(response.images) == 1
            assert "withheld" in response.images[0].note
            assert response.usage.image_count == 1
            setattr(here.upstream, where, both)
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await here.stub.GenerateImages(request)
            info = details(failed.value)["ErrorInfo"]
            assert (info.reason, info.metadata["category"]) == ("CONTENT_FILTERED", "nsfw")  # type: ignore[attr-defined]
            here.upstream.flags, here.upstream.image_flags = {}, ()


async def test_a_refused_order_takes_no_other_with_it() -> None:
    """Where a safety system refuses one of several images that are ordered one by one, the others come."""
    async with setup("stability") as here:
        refused = Moment(403, {"name": "content_moderation", "errors": ["flagged"]})
        filtered = Moment(200, {"finish_reason": "CONTENT_FILTERED", "image": ""})
        here.upstream.moments = {"POST": [refused, filtered]}
        response = await here.stub.GenerateImages(ask(image_count=4))
    assert len(response.images) == 2
    assert "withheld" in response.images[0].note
