"""Room 4, the I/O side: makes the transports to Claude, with what the official SDK knows of each platform."""

from typing import TYPE_CHECKING

import anthropic
import httpx2

from ringmain_server.providers.anthropic.credentials import headers, key
from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.http import HttpTransport
from ringmain_server.providers.registry import ExtraMissing
from ringmain_server.providers.sdk_transport import Mute, Sdk, SdkTransport
from ringmain_server.providers.sessions import HttpSessions, no_cookies, sdk_trust

if TYPE_CHECKING:
    from ringmain_server.config import AnthropicSettings

_CONNECT = 5.0
_WANTED = ("accept", "content-type", "user-agent", "anthropic-version")
"""The SDK's headers that mean something to the provider; the others describe this machine."""


def direct(
    provider_id: str, settings: "AnthropicSettings", sessions: HttpSessions, errors: AnthropicErrors
) -> HttpTransport:
    """Makes the transport to Anthropic, or to any server of its wire."""
    client = anthropic.AsyncAnthropic(
        api_key=key(settings) or "",
        base_url=settings.base_url,
        max_retries=0,
        http_client=httpx2.AsyncClient(transport=Mute(), trust_env=False),
    )
    known = {name.lower(): value for name, value in client.default_headers.items() if isinstance(value, str)}
    sent = {name: known[name] for name in _WANTED if name in known}
    if key(settings):  # an operator's own server may need no key
        sent.update({name.lower(): value for name, value in client.auth_headers.items()})
    sent.update(headers(settings))
    return HttpTransport(
        provider_id=provider_id,
        sessions=sessions,
        base_url=str(client.base_url).rstrip("/"),
        headers=sent,
        error_map=errors,
        connect_timeout=settings.timeouts.connect or _CONNECT,
    )


def vertex(provider_id: str, settings: "AnthropicSettings", errors: AnthropicErrors) -> SdkTransport:
    """Makes the transport to Google Cloud.

    Its credentials are the application default credentials, or an access token as `api_key`.
    """
    from google.auth.exceptions import GoogleAuthError

    client = anthropic.AsyncAnthropicVertex(
        region=settings.location or anthropic.NOT_GIVEN,
        project_id=settings.project or anthropic.NOT_GIVEN,
        access_token=key(settings),
        base_url=settings.base_url,
        max_retries=0,
        default_headers=headers(settings),
        http_client=_http_client(settings),
    )
    return SdkTransport(provider_id, client, _sdk(GoogleAuthError), errors)


def bedrock(provider_id: str, settings: "AnthropicSettings", errors: AnthropicErrors) -> SdkTransport:
    """Makes the transport to Bedrock.

    Its credentials are AWS's usual ones, or a Bedrock key as `api_key`.
    """
    try:
        from botocore.exceptions import BotoCoreError

        from ringmain_server.providers.anthropic.eventstream import EventStream
    except ModuleNotFoundError as exc:
        raise ExtraMissing(provider_id, "bedrock") from exc
    client = anthropic.AsyncAnthropicBedrock(
        aws_region=settings.location,
        api_key=key(settings),
        base_url=settings.base_url,
        max_retries=0,
        default_headers=headers(settings),
        http_client=_http_client(settings),
    )
    return SdkTransport(provider_id, client, _sdk(BotoCoreError), errors, unframe=EventStream)


def _sdk(credentials: type[Exception]) -> Sdk:
    return Sdk(
        status_error=anthropic.APIStatusError,
        connection_error=anthropic.APIConnectionError,
        stream=anthropic.AsyncStream[object],
        credentials=(credentials,),
    )


def _http_client(settings: "AnthropicSettings") -> httpx2.AsyncClient:
    """Makes an HTTP client that limits only the time to connect; the outer rooms enforce other timeouts."""
    timeout = httpx2.Timeout(None, connect=settings.timeouts.connect or _CONNECT)
    # No connection limit: waiting for a connection here would look like a silent provider.
    return anthropic.DefaultAioHttpClient(
        verify=sdk_trust(),
        follow_redirects=False,
        cookies=no_cookies(),
        timeout=timeout,
        limits=httpx2.Limits(max_connections=0),
    )
