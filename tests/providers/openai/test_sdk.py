"""Tests of what is taken from the SDK: credentials, endpoint, headers, nothing meant for others."""

import pytest
from openai import AsyncAzureOpenAI
from ringmain_server.config import OpenAISettings
from ringmain_server.providers.openai.azure import uses_deployments
from ringmain_server.providers.openai.sdk import SdkEndpoint, endpoint, make_client


def parsed(**settings: object) -> OpenAISettings:
    """Settings as a file has them."""
    return OpenAISettings.model_validate(settings)


def known(**settings: object) -> SdkEndpoint:
    """What a provider of these settings sends with every request."""
    parsed = OpenAISettings.model_validate({"kind": "openai", "base_url": "https://x.example/v1", **settings})
    return endpoint(make_client(parsed), parsed)


@pytest.fixture
def openai_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment set up for OpenAI, which the SDK reads by itself."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-ambient")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-ambient")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-ambient")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://ambient.example/v1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Ambient: secret\nx-both: ambient")
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "ambient-token")


def test_the_key_and_the_sdks_headers() -> None:
    """A fixed key goes as a bearer token, with the SDK's own headers."""
    found = known(api_key="sk-x", organization="org-1", project="proj-1")
    assert found.base_url == "https://x.example/v1"
    assert found.query == ""
    assert found.headers["Authorization"] == "Bearer sk-x"
    assert found.headers["OpenAI-Organization"] == "org-1"
    assert found.headers["OpenAI-Project"] == "proj-1"
    assert found.headers["Content-Type"] == "application/json"
    assert found.headers["User-Agent"].startswith("AsyncOpenAI/")


def test_nothing_is_told_of_the_machine() -> None:
    """The headers by which the SDK describes where it runs are left out."""
    found = known(api_key="k").headers
    assert "User-Agent" in found
    assert not any(name.lower().startswith("x-stainless") for name in found)


def test_the_usual_endpoint() -> None:
    """Without an address it is OpenAI's."""
    assert known(base_url=None).base_url == "https://api.openai.com/v1"


def test_without_a_key_nothing_is_authorized() -> None:
    """A server without a key is sent none, and no empty headers."""
    found = known(kind="ollama")
    assert "Authorization" not in found.headers
    assert "OpenAI-Organization" not in found.headers
    assert all(found.headers.values())


def test_configured_headers_win_without_regard_to_case() -> None:
    """A header from the configuration replaces the SDK's of the same name, however it is spelled."""
    found = known(api_key="sk-x", headers={"authorization": "Basic abc", "X-Own": "1"})
    assert found.headers["authorization"] == "Basic abc"
    assert "Authorization" not in found.headers
    assert found.headers["X-Own"] == "1"


@pytest.mark.usefixtures("openai_environment")
def test_other_servers_get_nothing_that_was_meant_for_openai() -> None:
    """Neither the key nor the organization nor the headers of the environment reach another vendor."""
    found = known(kind="groq", api_key="gsk-y", headers={"X-Both": "own"})
    text = repr(found).lower()
    assert "ambient" not in text
    assert "sk-admin" not in text
    assert found.headers["X-Both"] == "own"
    assert "ambient" not in repr(known(kind="ollama")).lower()
    assert "ambient" not in repr(known(kind="azure", api_key="k", api_version="2024-10-21")).lower()


@pytest.mark.usefixtures("openai_environment")
def test_openai_gets_the_headers_of_its_environment() -> None:
    """The SDK's own variable for headers works for OpenAI."""
    assert known(api_key="sk-x").headers["X-Ambient"] == "secret"
    assert "sk-ambient" not in repr(known())


def test_azure_with_a_dated_api() -> None:
    """Azure's deployments have the key in a header of their own and the version in the query."""
    settings = parsed(kind="azure", base_url="https://r.example", api_key="k", api_version="2024-10-21")
    client = make_client(settings)
    found = endpoint(client, settings)
    assert isinstance(client, AsyncAzureOpenAI)
    assert uses_deployments(settings)
    assert found.base_url == "https://r.example/openai"
    assert found.query == "api-version=2024-10-21"
    assert found.headers["api-key"] == "k"
    assert "Authorization" not in found.headers


@pytest.mark.parametrize("path", ["", "/openai", "/openai/v1"])
def test_azure_with_its_undated_api(path: str) -> None:
    """Without a version Azure's v1 API is used, whichever part of its address is given."""
    settings = parsed(kind="azure", base_url=f"https://r.example{path}", api_key="k")
    found = endpoint(make_client(settings), settings)
    assert not uses_deployments(settings)
    assert found.base_url == "https://r.example/openai/v1"
    assert found.query == ""
    assert found.headers["Authorization"] == "Bearer k"


async def test_a_client_that_is_only_asked_cannot_send() -> None:
    """What is made for its knowledge alone sends nothing by mistake."""
    with pytest.raises(NotImplementedError):
        await make_client(parsed(kind="openai", api_key="k")).models.list()
