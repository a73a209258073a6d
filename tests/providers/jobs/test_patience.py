"""Work that is paid for is fetched with patience and not ordered twice, at every service of images."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import grpc.aio
import pytest
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import image_service_pb2_grpc as image_grpc
from ringmain.v1.content_pb2 import Media

from tests.e2e.gateway import Gateway, gateway
from tests.edge.serving import details
from tests.fakes.jobs_server import JobsServer, Moment, jobs_server, picture
from tests.fakes.waiting import LIMIT
from tests.providers.jobs.test_services import CANCELLING, MODELS, ask, setup

BAD = [Moment(status) for status in (500, 502, 408, 409, 425, 404, 0)]
"""Moments after which what was made is still there."""


def compensated(upstream: JobsServer) -> list[str]:
    """What was sent to take a job back."""
    return [path for path in upstream.paths() if path.startswith(("PUT", "DELETE")) or "/cancel" in path]


@pytest.mark.parametrize("kind", CANCELLING)
async def test_bad_moments_lose_nothing(kind: str) -> None:
    """News and pictures that fail for a moment are asked for again: one job, which nobody takes back."""
    async with setup(kind, retries=2, interval=0.002) as here:
        here.upstream.moments = {"/files/": list(BAD), "GET": list(BAD)}
        response = await here.stub.GenerateImages(ask())
    assert [image.media.data for image in response.images] == [picture()]
    assert not response.images[0].note
    assert (here.upstream.jobs, compensated(here.upstream)) == (1, [])


async def test_a_late_result_of_the_queue() -> None:
    """The result of a queue is asked for again by itself, after the news that it is there."""
    async with setup("fal", retries=2, interval=0.002) as here:
        here.upstream.looks = 0
        here.upstream.moments = {"/requests/job1": [Moment(202, {"status": "COMPLETED"}), *BAD]}
        assert len((await here.stub.GenerateImages(ask())).images) == 1
    assert (here.upstream.jobs, compensated(here.upstream)) == (1, [])


async def test_the_upscaler_that_takes_its_time() -> None:
    """The result of Stability's creative upscaler is asked for again."""
    async with setup("stability", retries=2, interval=0.002) as here:
        here.upstream.moments = {"/results/": list(BAD)}
        media = Media(data=picture(), mime_type="image/png")
        config = image_pb2.UpscaleConfig(factor=2)
        request = image_pb2.UpscaleImageRequest(model="p/creative", image=media, upscale_config=config)
        assert (await here.stub.UpscaleImage(request)).image.data == picture()
    assert here.upstream.jobs == 1


async def test_answers_that_are_none_for_a_moment() -> None:
    """A page of a proxy, in place of news or of a picture, is a bad moment like any other."""
    page = Moment(200, b"<html>busy</html>")
    async with setup("replicate", retries=2, interval=0.002) as here:
        here.upstream.moments = {"/files/": [page], "GET": [page]}
        assert len((await here.stub.GenerateImages(ask())).images) == 1
    assert here.upstream.jobs == 1


async def test_each_picture_for_itself() -> None:
    """One picture of four that fails is fetched again, the others are not."""
    async with setup("replicate", interval=0.002) as here:
        here.upstream.count = 4
        here.upstream.moments = {"/files/job1-2": [Moment(503), Moment(404)]}
        response = await here.stub.GenerateImages(ask())
    assert len(response.images) == 4
    fetched = here.upstream.sent("GET /files/")
    assert sorted(map(fetched.count, set(fetched))) == [1, 1, 1, 3]


async def test_a_picture_that_is_lost_takes_no_other_with_it() -> None:
    """What is there is handed out, and the note says that something is missing."""
    async with setup("replicate", interval=0.002) as here:
        here.upstream.count = 3
        here.upstream.refuse["/files/job1-1"] = (503, {})
        response = await here.stub.GenerateImages(ask())
    assert len(response.images) == 2
    assert "lost" in response.images[0].note


async def test_the_named_time_is_waited_for() -> None:
    """A host that says when to come back is asked then."""
    async with setup("replicate", interval=0.002) as here:
        here.upstream.moments = {"/files/": [Moment(429, headers={"Retry-After": "1"})]}
        start = time.monotonic()
        assert len((await here.stub.GenerateImages(ask())).images) == 1
    assert time.monotonic() - start >= 1


async def test_no_wait_beyond_the_deadline() -> None:
    """A caller is not kept waiting for a time that lies behind its deadline."""
    async with setup("replicate", interval=0.002) as here:
        here.upstream.moments = {"/files/": [Moment(503, headers={"Retry-After": "600"})]}
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await here.stub.GenerateImages(ask(), timeout=LIMIT)
    assert failed.value.code() is not grpc.StatusCode.DEADLINE_EXCEEDED
    assert (here.upstream.jobs, compensated(here.upstream)) == (1, [])


@asynccontextmanager
async def pair(retries: int = 3) -> AsyncIterator[tuple[JobsServer, JobsServer, Gateway]]:
    """A gateway with the model `m` at two services."""
    async with jobs_server("replicate") as first, jobs_server("fal") as second:
        providers = {
            "p": {"kind": "replicate", "base_url": first.url, "api_key": "key-1", "poll_interval": 0.005},
            "q": {"kind": "fal", "base_url": second.url, "api_key": "key-2", "poll_interval": 0.005},
        }
        config = {
            "providers": providers,
            "models": {"m": {"candidates": ["p/a/b", "q/fal-ai/flux"]}},
            "retry": {"attempts": retries},
        }
        async with gateway(config) as made:
            yield first, second, made


async def test_patience_that_is_used_up() -> None:
    """Only then another candidate is asked, never the same one again, and what is done is not taken back."""
    async with pair() as (first, second, ringmain):
        first.refuse["/files/"] = (503, {})
        stub: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(ringmain.channel)
        response = await stub.GenerateImages(ask())
    assert response.route.provider_id == "q"
    assert (first.jobs, second.jobs, compensated(first)) == (1, 1, [])
    assert len(first.sent("GET /files/")) > 5


@pytest.mark.parametrize("moment", [Moment(0), Moment(201, b"<html>")])
async def test_an_answer_that_is_lost_is_not_asked_for_twice(moment: Moment) -> None:
    """Nobody knows whether the job runs, so that the same service is not given another."""
    async with setup("replicate", retries=3) as here:
        here.upstream.moments = {"POST": [moment]}
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await here.stub.GenerateImages(ask())
    assert details(failed.value)["ErrorInfo"].reason == "PROVIDERS_UNAVAILABLE"  # type: ignore[attr-defined]
    assert len(here.upstream.sent("POST")) == 1


@pytest.mark.parametrize("kind", MODELS)
async def test_a_refusal_is_asked_again(kind: str) -> None:
    """A service that says that it did not take the job is given it again, by the policy of retries."""
    async with setup(kind, retries=1) as here:
        here.upstream.moments = {"POST": [Moment(503)]}
        assert len((await here.stub.GenerateImages(ask())).images) == 1


async def test_one_refusal_among_several_orders_is_made_good() -> None:
    """A service that takes only some of several jobs for the moment is given the others later, and once."""
    async with setup("replicate", interval=0.002) as here:
        here.upstream.moments = {"POST": [Moment(429, headers={"Retry-After": "0"}), Moment(503)]}
        response = await here.stub.GenerateImages(ask(image_count=4))
    assert len(response.images) == 4
    assert (here.upstream.jobs, compensated(here.upstream)) == (4, [])


async def test_a_job_that_failed_takes_no_other_with_it() -> None:
    """Of several jobs, those that came to something are handed out."""
    async with setup("replicate", interval=0.002) as here:
        failed = {"id": "job2", "status": "failed", "error": "CUDA error"}
        here.upstream.moments = {"/predictions/job2": [Moment(200, failed)]}
        response = await here.stub.GenerateImages(ask(image_count=3))
    assert len(response.images) == 2
    assert "lost" in response.images[1].note
    assert compensated(here.upstream) == []


async def test_a_rate_limit_orders_no_second_job() -> None:
    """A service that limits the rate of looks for good is not given another job afterwards."""
    async with setup("replicate", retries=3, interval=0.002) as here:
        here.upstream.refuse["/predictions/"] = (429, {"detail": "slow down"})
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await here.stub.GenerateImages(ask())
    assert details(failed.value)["ErrorInfo"].reason == "PROVIDERS_RATE_LIMITED"  # type: ignore[attr-defined]
    assert len(here.upstream.sent("POST /models")) == 1


async def test_who_leaves_while_a_picture_is_fetched_takes_nothing_back() -> None:
    """A job that is known to be done is not cancelled any more."""
    async with setup("replicate", interval=0.002) as here:
        here.upstream.refuse["/files/"] = (503, {})
        call = here.stub.GenerateImages(ask())
        async with asyncio.timeout(LIMIT):
            while not here.upstream.sent("GET /files/"):  # noqa: ASYNC110 - the fake's list has no event
                await asyncio.sleep(0.01)
        call.cancel()
        await asyncio.sleep(0.1)
    assert compensated(here.upstream) == []
