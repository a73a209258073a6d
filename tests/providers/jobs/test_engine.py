"""The engine of jobs: what it waits for, what it gives up, and what it does not take for an image."""

from collections.abc import Generator, Sequence
from typing import Any

import orjson
import pytest
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain_server.candidate import Candidate
from ringmain_server.errors import (
    ContentFiltered,
    MalformedAnswer,
    ProviderError,
    RateLimited,
    Rejected,
    ServerFault,
)
from ringmain_server.providers.dialogue import Ask, Pause
from ringmain_server.providers.jobs.engine import PATIENCE, failure

from tests.providers.jobs.golden import BASE64, PNG, drawing

FOX = image_pb2.GenerateImagesRequest(model="m", prompt="a red fox")
BEGUN = {"id": "j1", "status": "starting"}


def begun(kind: str = "replicate", model: str = "a/b") -> Generator[Ask | Pause, Sequence[bytes], Any]:
    """A dialogue whose job is to be submitted."""
    dialogue = drawing(kind, "GENERATE_IMAGES").dialogue(FOX, Candidate("p", kind, model))
    next(dialogue)
    return dialogue


def ended(dialogue: Generator[Any, Any, Any], *answers: Any) -> Any:
    """What a dialogue comes to that is given these answers, one for each request."""
    try:
        for answer in answers:
            step = dialogue.send((answer if isinstance(answer, bytes) else orjson.dumps(answer),))
            while isinstance(step, Pause):
                step = dialogue.send(())
    except StopIteration as end:
        return end.value
    raise AssertionError("asks on")


def picture_at(address: str) -> dict[str, Any]:
    """The answer of a job that is done."""
    return {"status": "succeeded", "output": address}


def look(dialogue: Generator[Any, Any, Any], news: ProviderError | dict[str, Any]) -> None:
    """One look at a job, and the pause before the next."""
    step = dialogue.throw(news) if isinstance(news, ProviderError) else dialogue.send((orjson.dumps(news),))
    assert isinstance(step, Pause)
    assert isinstance(dialogue.send(()), Ask)


@pytest.mark.parametrize("error", [ServerFault("p", "failed"), RateLimited("p", "slow down")])
def test_a_job_is_given_up_in_the_end(error: ProviderError) -> None:
    """Failed looks in a row end it with the last failure; one that succeeds begins the count anew."""
    dialogue = begun()
    look(dialogue, BEGUN)
    for news in ([error] * (PATIENCE - 1), [BEGUN], [error] * (PATIENCE - 1)):
        for one in news:
            look(dialogue, one)
    with pytest.raises(type(error)):
        dialogue.throw(error)


def test_a_refused_look_is_final() -> None:
    """What will not pass is not tried again."""
    dialogue = begun()
    look(dialogue, BEGUN)
    with pytest.raises(Rejected):
        dialogue.throw(Rejected("p", "no such job"))


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([b"<html>"], "not JSON"),
        ([b"[]"], "not a JSON object"),
        ([picture_at("data:image/png;base64,?")], "cannot be decoded"),
        ([picture_at("data:image/png;base64," + BASE64[:-1])], "cannot be decoded"),
        ([picture_at("data:text/plain;base64,aGVsbG8=")], "no image"),
        ([picture_at("https://replicate.delivery/a.png"), b"<html>"], "no image"),
        ([{"status": "succeeded", "output": []}], "without an image"),
        ([{"status": "succeeded", "output": None}], "without an image"),
    ],
)
def test_answers_that_are_no_images(answers: Sequence[Any], why: str) -> None:
    """Whatever a service answers instead of an image is a fault of its own, and never given out."""
    with pytest.raises(MalformedAnswer, match=why):
        ended(begun(), *answers)


def test_a_result_without_an_end() -> None:
    """A job that is done by its status, and has no pictures by its result, brought nothing."""
    submitted, status = {"request_id": "j1", "status": "IN_QUEUE"}, {"status": "COMPLETED"}
    with pytest.raises(MalformedAnswer, match="no end"):
        ended(begun("fal", "fal-ai/flux"), submitted, status, {"seed": 1})


def test_a_picture_within_its_address() -> None:
    """The bytes of a `data:` address need not be fetched."""
    response = ended(begun(), picture_at(f"data:image/png;base64,{BASE64}"))
    assert [image.media.data for image in response.images] == [PNG]


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Prompt was flagged by moderation", ContentFiltered),
        ("width must be a multiple of 8", Rejected),
        ("CUDA out of memory", ServerFault),
    ],
)
def test_what_a_failed_job_means(message: str, kind: type[ProviderError]) -> None:
    """A failure is the filter's, the request's or the service's, by its words."""
    assert type(failure("p", message)) is kind


def test_secrets_stay_out_of_messages() -> None:
    """A rejection that repeats the key does not pass it on."""
    assert "key-123456" not in str(failure("p", "invalid token key-123456", ("key-123456",)))
