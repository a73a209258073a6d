"""Where the pictures of jobs are got from, and that the transport is one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr
from ringmain_server.config import JobsSettings
from ringmain_server.errors import ConnectionFailed, CredentialsRefused, MalformedAnswer
from ringmain_server.media.fetch import Fetcher
from ringmain_server.operations import GENERATE_IMAGES
from ringmain_server.providers.http import HttpTransport
from ringmain_server.providers.jobs import build
from ringmain_server.providers.jobs.engine import JobTranslator
from ringmain_server.providers.jobs.errors import JobErrors
from ringmain_server.providers.jobs.transport import JobsTransport
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.transport import Fetch, HttpRequest

from tests.fakes.jobs_server import JobsServer, jobs_server, picture
from tests.media.test_fetch import LIMIT, host

KEY = {"Authorization": "Bearer key"}


@asynccontextmanager
async def transport(upstream: JobsServer, fetcher: Fetcher) -> AsyncIterator[JobsTransport]:
    """A transport to a service whose pictures are elsewhere."""
    sessions = HttpSessions()
    http = HttpTransport("p", sessions, upstream.url, KEY, JobErrors(), owns_sessions=True)
    made = JobsTransport(http, fetcher, replace(http, error_map=JobErrors(accepted=True)))
    try:
        yield made
    finally:
        await made.close()


async def test_pictures_elsewhere_come_without_credentials() -> None:
    """A picture at a host of the service's own is fetched by whoever is allowed to, not with the key."""
    async with (
        jobs_server("replicate") as upstream,
        host() as elsewhere,
        transport(upstream, elsewhere.fetcher()) as made,
    ):
        assert await made.send(Fetch(elsewhere.uri("image"))) == b"x" * LIMIT
    assert not upstream.requests


async def test_a_picture_that_cannot_be_fetched() -> None:
    """A host that fails is the service's failure, which another candidate may not share."""
    async with (
        jobs_server("replicate") as upstream,
        host() as elsewhere,
        transport(upstream, elsewhere.fetcher()) as made,
    ):
        with pytest.raises(ConnectionFailed, match="could not be fetched"):
            await made.send(Fetch(elsewhere.uri("nothing")))


@pytest.mark.parametrize("address", ["https://example.com/a.png", "http://localhost/a.png", "a.png", ""])
async def test_a_picture_anywhere_else(address: str) -> None:
    """No other address is followed, whatever it looks like."""
    async with (
        jobs_server("replicate") as upstream,
        host() as elsewhere,
        transport(upstream, elsewhere.fetcher()) as made,
    ):
        with pytest.raises(MalformedAnswer, match="host that is not known"):
            await made.send(Fetch(address))


async def test_a_picture_at_the_service_itself() -> None:
    """An address below the base is asked for with the key, its query kept."""
    async with jobs_server("replicate") as upstream, transport(upstream, Fetcher((), LIMIT)) as made:
        assert await made.send(Fetch(f"{upstream.url}/files/a.png?sig=1")) == picture()
    assert upstream.requests[0].headers["Authorization"] == "Bearer key"


async def test_a_service_is_checked_with_its_key() -> None:
    """A check asks an address for an answer, and tells a refused key."""
    async with jobs_server("replicate") as upstream, transport(upstream, Fetcher((), LIMIT)) as made:
        await made.check("/account")
        upstream.refuse["/account"] = (401, {"detail": "Unauthenticated"})
        with pytest.raises(CredentialsRefused):
            await made.check("/account")


async def test_an_answer_may_be_read_as_it_comes() -> None:
    """As every transport does, this one opens streams."""
    async with jobs_server("replicate") as upstream, transport(upstream, Fetcher((), LIMIT)) as made:
        incoming = await made.open(HttpRequest("/files/a.png", method="GET"))
        read = b""
        while chunk := await incoming.read():
            read += chunk
        incoming.close(complete=True)
    assert read == picture()


@pytest.mark.parametrize(("settings", "interval"), [({}, (2.0, 2.0)), ({"poll_interval": 7}, (7.0, 7.0))])
async def test_how_often_a_job_is_looked_at(settings: dict[str, Any], interval: tuple[float, float]) -> None:
    """As often as the service advises, or as the operator says."""
    made = build("p", JobsSettings(kind="luma", api_key=SecretStr("key"), **settings), HttpSessions())
    drawing = made.translators[GENERATE_IMAGES]
    assert isinstance(drawing, JobTranslator)
    assert drawing.service.interval == interval
