"""The engine of jobs: what it waits for, what it gives up, and what it does not take for an image."""

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import orjson
import pytest
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain_server.errors import (
    MalformedAnswer,
    ModelOutputInvalid,
    Overloaded,
    ProviderError,
    RateLimited,
    Rejected,
    ServerFault,
)
from ringmain_server.providers.multi_step import Failure, NoTimeLeft, Send, Sleep
from ringmain_server.providers.patience import Patience

from tests.candidates import known_candidate
from tests.providers.jobs.golden import BASE64, PNG, drawing

FOX = image_pb2.GenerateImagesRequest(model="m", prompt="a red fox")
BEGUN = {"id": "j1", "status": "starting"}


def begun(kind: str = "replicate", model: str = "a/b") -> Generator[Any, Any, Any]:
    """The steps of an exchange whose job is to be submitted."""
    steps: Generator[Any, Any, Any] = drawing(kind, "GENERATE_IMAGES").steps(
        FOX, known_candidate("p", kind, model)
    )
    next(steps)
    return steps


def ended(steps: Generator[Any, Any, Any], *answers: Any) -> Any:
    """The result of the steps when they are given these answers, one for each request.

    Steps that ask for the same once more get the last answer again.
    """
    given = [*answers]
    try:
        while True:
            answer = given.pop(0) if len(given) > 1 else given[0]
            raw = answer if isinstance(answer, bytes | Failure) else orjson.dumps(answer)
            step = steps.send((raw,))
            while not isinstance(step, Send):
                step = steps.send(())
    except StopIteration as end:
        return end.value


def picture_at(address: str) -> dict[str, Any]:
    """The answer of a job that is done."""
    return {"status": "succeeded", "output": address}


def look(steps: Generator[Any, Any, Any], news: Failure | dict[str, Any]) -> Sleep:
    """One look at a job, and the pause before the next."""
    step = steps.send((news if isinstance(news, Failure) else orjson.dumps(news),))
    assert isinstance(step, Sleep)
    assert isinstance(steps.send(()), Send)
    return step


@pytest.mark.parametrize("error", [ServerFault("p", "failed"), RateLimited("p", "slow down")])
def test_a_job_is_given_up_in_the_end(error: ProviderError) -> None:
    """Failed looks in a row, further and further apart, end it; one that succeeds begins the count anew."""
    steps = begun()
    look(steps, BEGUN)
    tries = Patience().tries
    for news in ([error] * (tries - 1), [BEGUN], [error] * (tries - 1)):
        waits = [look(steps, one).seconds for one in news]
        assert waits == sorted(waits)
    with pytest.raises(type(error)) as failed:
        steps.send((error,))
    assert failed.value.final


def test_a_named_time_is_waited_for() -> None:
    """A service that says when it can be asked again is not asked before."""
    steps = begun()
    look(steps, BEGUN)
    assert look(steps, RateLimited("p", "slow down", retry_after=7)).seconds == 7


def test_no_wait_beyond_the_deadline() -> None:
    """Where the wait would outlast the caller, the job is given up at once."""
    steps = begun()
    look(steps, BEGUN)
    pause = steps.send((RateLimited("p", "slow down", retry_after=7),))
    assert isinstance(pause, Sleep)
    assert pause.within_deadline
    with pytest.raises(RateLimited):
        steps.throw(NoTimeLeft())


def test_what_the_gateway_lacks_costs_no_work() -> None:
    """A moment in which the gateway cannot even ask is waited out like one of the service's."""
    steps = begun()
    look(steps, BEGUN)
    look(steps, Overloaded("the gateway has no descriptor left"))
    assert ended(steps, picture_at(f"data:image/png;base64,{BASE64}")).images


def test_a_refused_look_is_final() -> None:
    """What will not pass is not tried again."""
    steps = begun()
    look(steps, BEGUN)
    with pytest.raises(Rejected):
        steps.send((Rejected("p", "no such job"),))


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([b"<html>"], "not JSON"),
        ([b"[]"], "not a JSON object"),
        ([picture_at("data:image/png;base64,?")], "cannot be decoded"),
        ([picture_at("data:image/png;base64," + BASE64[:-1])], "cannot be decoded"),
        ([picture_at("data:text/plain;base64,aGVsbG8=")], "no image"),
        ([picture_at("https://replicate.delivery/a.png"), b"<html>"], "no image"),
    ],
)
def test_answers_that_are_no_images(answers: Sequence[Any], why: str) -> None:
    """Whatever a service answers instead of an image is a fault of its own, and never given out."""
    with pytest.raises(MalformedAnswer, match=why):
        ended(begun(), *answers)


@pytest.mark.parametrize("output", [[], None, {}])
def test_a_model_that_draws_nothing(output: Any) -> None:
    """A job that is done and has no picture is the model's failure, which says nothing of the service."""
    with pytest.raises(ModelOutputInvalid, match="drew nothing"):
        ended(begun(), {"status": "succeeded", "output": output})


def test_a_result_without_an_end() -> None:
    """A job that is done by its status, and has no pictures by its result, brought nothing."""
    submitted, status = {"request_id": "j1", "status": "IN_QUEUE"}, {"status": "COMPLETED"}
    with pytest.raises(MalformedAnswer, match="no end"):
        ended(begun("fal", "fal-ai/flux"), submitted, status, {"seed": 1})


def test_a_picture_within_its_address() -> None:
    """The bytes of a `data:` address need not be fetched."""
    response = ended(begun(), picture_at(f"data:image/png;base64,{BASE64}"))
    assert [image.media.data for image in response.images] == [PNG]


IDS: Mapping[str, tuple[str, Callable[[object], Mapping[str, object]]]] = {
    "replicate": ("a/b", lambda found: {"id": found, "status": "starting"}),
    "fal": ("fal-ai/flux/dev", lambda found: {"request_id": found, "status": "IN_QUEUE"}),
    "luma": ("photon-1", lambda found: {"id": found, "state": "queued"}),
    "runway": ("gen4_image", lambda found: {"id": found}),
    "leonardo": ("b24e16ff", lambda found: {"sdGenerationJob": {"generationId": found}}),
}
"""By service, a model and how the answer to a submission tells of its job."""


@pytest.mark.parametrize("kind", IDS)
@pytest.mark.parametrize("job", ["", ".", "..", "a\r\nb", "a\0", "\x85", "x" * 501, None, 3, ["a"]])
def test_an_id_that_is_none(kind: str, job: object) -> None:
    """A job whose id is no step of a path is not asked for, so that no other path is asked with the key."""
    model, told = IDS[kind]
    with pytest.raises(MalformedAnswer, match="usable id"):
        ended(begun(kind, model), told(job))


@pytest.mark.parametrize("kind", IDS)
def test_an_id_chooses_no_path(kind: str) -> None:
    """What would end or go on with the path is escaped in the one step that an id is."""
    model, told = IDS[kind]
    steps = begun(kind, model)
    step = steps.send((orjson.dumps(told("../a?b#c/d e")),))
    while not isinstance(step, Send):
        step = steps.send(())
    (asked,) = step.wires
    assert "/..%2Fa%3Fb%23c%2Fd%20e" in asked.path
