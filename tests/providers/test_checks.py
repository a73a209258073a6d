"""Every kind of provider can be asked, at no cost, whether it answers and takes the credentials."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import aiohttp.test_utils
import aiohttp.web
import pytest
import pytest_asyncio
from ringmain_server import errors
from ringmain_server.config import OpenAISettings, provider_settings
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.openai import build as build_openai
from ringmain_server.providers.registry import build_provider
from ringmain_server.providers.sessions import HttpSessions

from tests.fakes.anthropic_server import FakeAnthropic
from tests.fakes.ports import closed_port
from tests.fakes.vertex_server import FakeVertex


@dataclass
class Listing:
    """A server that gives one status to every request, and remembers what it was asked."""

    status: int = 200
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)

    async def answer(self, request: aiohttp.web.BaseRequest) -> aiohttp.web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append((request.method, request.path_qs, headers))
        return aiohttp.web.json_response({"data": []}, status=self.status)


@dataclass
class Upstream:
    """The server, and where it is."""

    listing: Listing
    url: str


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[Upstream]:
    """A server that lists no models, successfully."""
    listing = Listing()
    server = aiohttp.test_utils.RawTestServer(listing.answer)
    await server.start_server()
    yield Upstream(listing, str(server.make_url("")).rstrip("/"))
    await server.close()


@pytest_asyncio.fixture
async def sessions() -> AsyncIterator[HttpSessions]:
    """The shared session, closed in the end."""
    shared = HttpSessions()
    yield shared
    await shared.close()


def provider(sessions: HttpSessions, **settings: object) -> Provider:
    """A provider of these settings."""
    return build_provider("up", provider_settings(**settings), sessions)


@pytest.mark.parametrize(
    ("kind", "base", "path"),
    [
        ("openai", "/v1", "/v1/models"),
        ("openrouter", "/api/v1", "/api/v1/key"),
        ("anthropic", "", "/v1/models?limit=1"),
        ("gemini", "", "/v1beta/models?pageSize=1"),
    ],
)
async def test_the_list_of_models_is_asked_for(
    upstream: Upstream, sessions: HttpSessions, kind: str, base: str, path: str
) -> None:
    """A wire that lists models, or the state of a key, is asked for that, with the credentials."""
    found = provider(sessions, kind=kind, base_url=upstream.url + base, api_key="sk-of-mine")
    await found.check()
    ((method, asked, headers),) = upstream.listing.asked
    assert (method, asked) == ("GET", path)
    assert any("sk-of-mine" in value for value in headers.values())


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, errors.CredentialsRefused), (503, errors.ServerFault), (404, errors.ProviderError)],
)
@pytest.mark.parametrize("kind", ["openai", "anthropic", "gemini"])
async def test_what_is_no_success_fails(
    upstream: Upstream, sessions: HttpSessions, kind: str, status: int, error: type[Exception]
) -> None:
    """A refusal, a fault and a place without models are failures of their class."""
    upstream.listing.status = status
    found = provider(sessions, kind=kind, base_url=upstream.url, api_key="sk-of-mine")
    with pytest.raises(error):
        await found.check()


@pytest.mark.parametrize(("status", "fails"), [(200, False), (401, True)])
async def test_through_the_sdk(upstream: Upstream, sessions: HttpSessions, status: int, fails: bool) -> None:
    """Where the SDK makes each request's token, it asks too."""

    async def token() -> str:
        return "made-anew"

    upstream.listing.status = status
    settings = OpenAISettings(kind="openai", base_url=f"{upstream.url}/v1")
    found = build_openai("up", settings, sessions, token=token)
    if fails:
        with pytest.raises(errors.CredentialsRefused):
            await found.check()
    else:
        await found.check()
    ((_, path, headers),) = upstream.listing.asked
    assert (path, headers["authorization"]) == ("/v1/models", "Bearer made-anew")
    await found.transport.close()


async def test_nobody_there(sessions: HttpSessions) -> None:
    """A refused connection is one here too."""
    with closed_port() as port:
        found = provider(sessions, kind="openai", base_url=f"http://127.0.0.1:{port}", api_key="k")
        with pytest.raises(errors.ConnectionFailed):
            await found.check()


PLATFORMS = {
    "vertex": {"platform": "vertex", "location": "us-east5", "project": "p"},
    "bedrock": {"platform": "bedrock", "location": "us-east-1"},
}


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_cloud_without_a_list_must_refuse(sessions: HttpSessions, platform: str) -> None:
    """A request that must be refused is: that is an answer; refused credentials and silence are none."""
    async with FakeAnthropic() as server:
        settings = {**PLATFORMS[platform], "base_url": server.base_url, "api_key": "k"}
        found = provider(sessions, kind="anthropic", **settings)
        await found.check()
        assert server.requests[0].method == "POST"
        assert "ringmain-check" in server.requests[0].path
        await found.transport.close()
    found = provider(sessions, kind="anthropic", **settings)
    with pytest.raises(errors.ConnectionFailed):
        await found.check()
    await found.transport.close()


async def test_vertex_is_asked_to_count_nothing(sessions: HttpSessions) -> None:
    """Gemini's cloud is asked for a count by a model that nobody has, and refuses that."""
    async with FakeVertex() as server:
        settings = {"kind": "vertex", "project": "p", "location": "l", "insecure": True}
        found = provider(sessions, **settings, endpoint=server.endpoint)
        await found.check()
        assert [one.method for one in server.requests] == ["CountTokens"]
        await found.transport.close()


async def test_the_sandbox_is_always_well(sessions: HttpSessions) -> None:
    """Who has no network needs not be asked."""
    await provider(sessions, kind="sandbox").check()
