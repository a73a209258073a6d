"""Room 4: uses OpenAI's SDK for credentials, endpoints and default headers.

The clients made here send nothing on the hot path. The SDK reads settings that it is not given from the
environment, which is right for OpenAI alone: a key, organization or header meant for OpenAI must never go to
another server of this wire.
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
from openai import AsyncAzureOpenAI, AsyncOpenAI

from ringmain_server.kinds import openai_kind
from ringmain_server.providers.openai.azure import uses_deployments, v1_base_url
from ringmain_server.providers.sdk_transport import Mute

if TYPE_CHECKING:
    from ringmain_server.config import OpenAISettings

Token = Callable[[], Awaitable[str]]
"""Makes the bearer token of the next request."""

_ENVIRONMENT_HEADERS = "OPENAI_CUSTOM_HEADERS"
_OF_ITSELF = "x-stainless-"
"""Prefix of the headers in which the SDK describes its machine, its interpreter and itself."""


@dataclass(frozen=True, slots=True)
class SdkEndpoint:
    """The address and the fixed headers of a provider.

    Attributes:
        base_url: The URL to which paths are appended, without a trailing slash.
        headers: Headers of every request, authorization included.
        query: Query string of every request; may be empty.
    """

    base_url: str
    headers: Mapping[str, str]
    query: str


def make_client(
    settings: "OpenAISettings", *, token: Token | None = None, http_client: httpx2.AsyncClient | None = None
) -> AsyncOpenAI:
    """Returns the SDK's client for these settings, with its retries off.

    Args:
        settings: The provider's settings.
        token: Makes the bearer token of each request, instead of a fixed key.
        http_client: The HTTP client to send with; None for a client that cannot send.
    """
    headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
    http_client = http_client or httpx2.AsyncClient(transport=Mute(), trust_env=False)
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    if uses_deployments(settings):
        return AsyncAzureOpenAI(
            azure_endpoint=settings.base_url or "",
            api_version=settings.api_version,
            api_key=None if token else key,
            azure_ad_token_provider=token,
            organization=settings.organization or "",
            project=settings.project or "",
            default_headers=headers,
            max_retries=0,
            timeout=None,
            http_client=http_client,
            _enforce_credentials=False,
        )
    return AsyncOpenAI(
        api_key=token or key,
        base_url=_base_url(settings),
        organization=settings.organization or "",
        project=settings.project or "",
        default_headers=headers,
        max_retries=0,
        timeout=None,
        http_client=http_client,
        _enforce_credentials=False,
    )


def endpoint(client: AsyncOpenAI, settings: "OpenAISettings") -> SdkEndpoint:
    """Returns what a client would send with every request, except the SDK's description of its machine."""
    headers: dict[str, str] = {}
    names: dict[str, str] = {}
    for name, value in {**client.auth_headers, **client.default_headers}.items():
        if name.lower().startswith(_OF_ITSELF):
            continue
        if isinstance(value, str) and value and not _is_foreign(name, settings):
            # Header names ignore case: the later header wins, with its own spelling.
            headers.pop(names.get(name.lower(), ""), None)
            names[name.lower()] = name
            headers[name] = value
    query = httpx2.QueryParams({name: str(value) for name, value in client.default_query.items()})
    return SdkEndpoint(str(client.base_url).rstrip("/"), headers, str(query))


def _base_url(settings: "OpenAISettings") -> str:
    kind = openai_kind(settings.kind)
    base_url = settings.base_url or kind.base_url or ""
    return v1_base_url(base_url) if kind.azure else base_url


def _is_foreign(name: str, settings: "OpenAISettings") -> bool:
    """Whether the environment sets this header for OpenAI, but the provider is another one."""
    if openai_kind(settings.kind).sdk_environment or name.lower() in map(str.lower, settings.headers):
        return False
    lines = os.environ.get(_ENVIRONMENT_HEADERS, "").splitlines()
    return name.lower() in {line.partition(":")[0].strip().lower() for line in lines}
