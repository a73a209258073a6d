"""Jobs that came to nothing are known as such by any word, so that nobody waits for them."""

from collections.abc import Mapping
from typing import Any

import pytest
from ringmain_server.providers.jobs.service import Service
from ringmain_server.providers.jobs.services import luma, replicate, runway, stability


@pytest.mark.parametrize(
    ("service", "document"),
    [
        (replicate.SERVICE, {"status": "rejected"}),
        (replicate.SERVICE, {"status": "expired"}),
        (replicate.SERVICE, {"status": "failed", "error": {"detail": "NSFW content detected"}}),
        (runway.SERVICE, {"status": "CANCELED"}),
        (runway.SERVICE, {"status": "EXPIRED"}),
        (luma.SERVICE, {"state": "moderated"}),
    ],
)
def test_words_for_nothing(service: Service, document: Mapping[str, Any]) -> None:
    """A job whose status is a word for an end without pictures has failed, and says why where it can."""
    job = service.read(document)
    assert job.done
    assert job.error is not None
    inner = document.get("error")
    assert not inner or job.error.message == inner["detail"]


@pytest.mark.parametrize("reason", ["CONTENT_FILTERED", "safety", "MODERATED", "NSFW"])
def test_words_for_objections(reason: str) -> None:
    """A picture whose maker stopped for its safety is withheld, whichever word it has for that."""
    job = stability.SERVICE.read({"image": "aGk=", "finish_reason": reason})
    assert job.filtered is not None
    assert not job.pictures
