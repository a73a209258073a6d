"""Tests of what is taken from settings and from the SDK, and of the SDK's client where it fails."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from ringmain_server import errors
from ringmain_server.config import AnthropicSettings
from ringmain_server.operations import CHAT
from ringmain_server.providers.anthropic import build
from ringmain_server.providers.anthropic.translators import AnthropicChatTranslator
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.http import HttpTransport
from ringmain_server.providers.lazy import LazyTransport
from ringmain_server.providers.registry import ExtraMissing, build_provider
from ringmain_server.providers.sdk_transport import SdkTransport
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.transport import HttpRequest

from tests.fakes.anthropic_script import Claude
from tests.fakes.anthropic_server import FakeAnthropic
from tests.fakes.script import FaultKind, broken
from tests.providers.anthropic.golden import asked, candidate

REQUEST = HttpRequest("/v1/messages", {"model": "m", "max_tokens": 1, "messages": []})


def settings(**more: Any) -> AnthropicSettings:
    """Settings of this kind."""
    return AnthropicSettings.model_validate({"kind": "anthropic", **more})


def at_vertex(upstream: FakeAnthropic) -> Provider:
    """A provider whose requests go through the SDK."""
    found = settings(platform="vertex", location="x", project="p", api_key="k", base_url=upstream.base_url)
    return build("claude", found, HttpSessions())


def chat_of(made: Provider) -> AnthropicChatTranslator:
    """The translator of chats that are answered whole."""
    translator = made.translators[CHAT]
    assert isinstance(translator, AnthropicChatTranslator)
    return translator


async def headers(**more: Any) -> dict[str, str]:
    """What a provider of these settings sends with every request."""
    made = build("claude", settings(**more), HttpSessions())
    assert isinstance(made.transport, LazyTransport)
    transport = await made.transport.load()
    assert isinstance(transport, HttpTransport)
    return dict(transport.headers)


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[FakeAnthropic]:
    """A scripted server."""
    async with FakeAnthropic() as server:
        yield server


async def test_the_usual_endpoint_and_the_sdks_headers() -> None:
    """A key goes as a bearer token to the vendor, with the version that the SDK speaks."""
    made = build("claude", settings(api_key="sk-y"), HttpSessions())
    assert isinstance(made.transport, LazyTransport)
    transport = await made.transport.load()
    assert isinstance(transport, HttpTransport)
    assert transport.base_url == "https://api.anthropic.com"
    found = await headers(api_key="sk-y")
    assert found["authorization"] == "Bearer sk-y"
    assert found["anthropic-version"] == "2026-10-21"
    assert not any(name.startswith("x-stainless") for name in found)


async def test_without_a_key_nothing_is_authorized() -> None:
    """A server of one's own that wants no key is sent none."""
    assert "authorization" not in await headers(base_url="http://127.0.0.1:1")


async def test_configured_headers_win_without_regard_to_case() -> None:
    """A header from the configuration replaces the SDK's of the same name."""
    found = await headers(api_key="k", headers={"Authorization": "Basic abc", "X-Api-Key": "k2"})
    assert found["authorization"] == "Basic abc"
    assert found["x-api-key"] == "k2"


async def test_nothing_of_the_environment_reaches_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the SDK reads from the environment by itself is not sent to a configured address."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ambient")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "ambient")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Ambient: ambient\nAuthorization: ambient")
    assert "ambient" not in repr(await headers(base_url="http://127.0.0.1:1"))
    assert "ambient" not in repr(await headers(base_url="http://127.0.0.1:1", api_key="sk-y"))


async def test_settings_reach_the_requests(upstream: FakeAnthropic) -> None:
    """The operator's limit and cache are in every request."""
    sessions = HttpSessions()
    made = build_provider(
        "claude",
        settings(base_url=upstream.base_url, api_key="k", max_output_tokens=77, cache_system_tokens=1),
        sessions,
    )
    translator = chat_of(made)
    request = asked(
        messages=[
            {"role": "ROLE_SYSTEM", "parts": [{"text": "Be brief."}]},
            {"role": "ROLE_USER", "parts": [{"text": "Hi"}]},
        ]
    )
    await made.transport.send(translator.request(request, candidate()))
    await sessions.close()
    body = upstream.requests[0].body
    assert body["max_tokens"] == 77
    assert body["system"][0]["cache_control"] == {"type": "ephemeral"}


@pytest.mark.parametrize(
    ("platform", "variables"),
    [
        ("vertex", {"GOOGLE_APPLICATION_CREDENTIALS": "/nonexistent.json"}),
        (
            "bedrock",
            {
                "AWS_CONFIG_FILE": "/nonexistent",
                "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
                "AWS_EC2_METADATA_DISABLED": "true",
            },
        ),
    ],
)
async def test_credentials_that_cannot_be_had(
    upstream: FakeAnthropic, monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str]
) -> None:
    """A cloud whose credentials are missing is one that refused them, and nothing is sent."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    at_cloud = settings(platform=platform, location="x", project="p", base_url=upstream.base_url)
    made = build("claude", at_cloud, HttpSessions())
    with pytest.raises(errors.CredentialsRefused) as caught:
        await made.transport.send(REQUEST)
    await made.transport.close()
    assert "nonexistent" not in caught.value.message
    assert not upstream.requests


async def test_an_answer_without_end_is_refused(upstream: FakeAnthropic) -> None:
    """A whole answer through the SDK is bounded like any other."""
    upstream.default = Claude(tokens=("x" * 200,))
    made = at_vertex(upstream)
    assert isinstance(made.transport, LazyTransport)
    known = await made.transport.load()
    assert isinstance(known, SdkTransport)
    transport = SdkTransport("claude", known.client, known.sdk, known.error_map, limit=100)
    body = chat_of(made).request(asked(), candidate())
    with pytest.raises(errors.MalformedAnswer, match="exceeds 100 bytes"):
        await transport.send(body)
    await transport.close()


async def test_an_aborted_read_stays_aborted(upstream: FakeAnthropic) -> None:
    """Aborting wakes the reader with the error, and reading again gives it again."""
    upstream.default = broken(FaultKind.STALL)
    made = at_vertex(upstream)
    request = chat_of(made).request(asked(), candidate())
    incoming = await made.transport.open(HttpRequest(request.path, {**request.body, "stream": True}))
    assert await incoming.read()
    incoming.abort(errors.NoAnswer("claude", "too late"))
    for _ in range(2):
        with pytest.raises(errors.NoAnswer):
            await incoming.read()
    incoming.close(complete=False)
    await made.transport.close()


async def test_closing_ends_a_pending_read(upstream: FakeAnthropic) -> None:
    """A read that is under way when the exchange is closed does not go on."""
    upstream.default = broken(FaultKind.STALL)
    made = at_vertex(upstream)
    request = chat_of(made).request(asked(), candidate())
    incoming = await made.transport.open(HttpRequest(request.path, {**request.body, "stream": True}))
    assert await incoming.read()
    reading = asyncio.ensure_future(incoming.read())
    await asyncio.sleep(0)
    incoming.close(complete=False)
    with pytest.raises(asyncio.CancelledError):
        await reading
    await (await upstream.received()).closed()
    await made.transport.close()


def test_a_platform_whose_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bedrock without botocore says which extra to install."""
    monkeypatch.setitem(sys.modules, "botocore.exceptions", None)
    with pytest.raises(ExtraMissing) as caught:
        build("claude", settings(platform="bedrock", location="x"), HttpSessions())
    assert caught.value.extra == "bedrock"
