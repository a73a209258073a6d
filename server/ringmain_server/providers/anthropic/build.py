"""Room 4: from settings to a provider of kind `anthropic`.

The official SDK brings credentials, endpoint and default headers. The vendor's own platform is reached
through the shared session; Vertex and Bedrock sign each request, which the SDK's clients for them do.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import anthropic
import httpx2

from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.anthropic.request import DEFAULT_MAX_OUTPUT_TOKENS, Options
from ringmain_server.providers.anthropic.translators import translators
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.http import FixedHeaders, HttpTransport
from ringmain_server.providers.sdk_transport import Sdk, SdkTransport
from ringmain_server.providers.sessions import HttpSessions

if TYPE_CHECKING:
    from ringmain_server.config import ProviderSettings

_CONNECT = 5.0
_WANTED = ("accept", "content-type", "user-agent", "authorization", "x-api-key")
"""The SDK's own headers that mean something to the provider; the rest describes this machine."""


def build(provider_id: str, settings: "ProviderSettings", sessions: HttpSessions) -> Provider:
    """The provider of these settings.

    Args:
        provider_id: Its name in the configuration.
        settings: What the operator chose.
        sessions: Where the shared session is.

    Raises:
        ModuleNotFoundError: A platform's library is not installed.
    """
    options = Options(
        platform=settings.platform or "",
        max_output_tokens=settings.max_output_tokens or DEFAULT_MAX_OUTPUT_TOKENS,
        cache_system_tokens=settings.cache_system_tokens,
    )
    errors = AnthropicErrors(_secrets(settings))
    if settings.platform is None:
        transport: HttpTransport | SdkTransport = _direct(provider_id, settings, sessions, errors)
    else:
        client, sdk = _vertex(settings) if settings.platform == "vertex" else _bedrock(settings)
        transport = SdkTransport(provider_id, client, sdk, errors)
    return Provider(provider_id, settings.kind, transport, translators(options, errors))


def _direct(
    provider_id: str, settings: "ProviderSettings", sessions: HttpSessions, errors: AnthropicErrors
) -> HttpTransport:
    client = anthropic.AsyncAnthropic(
        api_key=_key(settings) or "",
        base_url=settings.base_url,
        max_retries=0,
        default_headers=_headers(settings),
    )
    own = {name.lower(): value for name, value in client.default_headers.items() if isinstance(value, str)}
    kept = (*_WANTED, "anthropic-version", *(name.lower() for name in _headers(settings)))
    if not _key(settings):
        own.pop("authorization")  # a server of one's own may want no key
    return HttpTransport(
        provider_id=provider_id,
        sessions=sessions,
        base_url=str(client.base_url).rstrip("/"),
        credentials=FixedHeaders({name: own[name] for name in kept if name in own}),
        error_map=errors,
        connect_timeout=settings.timeouts.connect or _CONNECT,
    )


def _vertex(settings: "ProviderSettings") -> tuple[anthropic.AsyncAnthropicVertex, Sdk]:
    """Claude on Google Cloud: application default credentials, or an access token as `api_key`."""
    from google.auth.exceptions import GoogleAuthError

    client = anthropic.AsyncAnthropicVertex(
        region=settings.location or anthropic.NOT_GIVEN,
        project_id=settings.project or anthropic.NOT_GIVEN,
        access_token=_key(settings),
        base_url=settings.base_url,
        max_retries=0,
        timeout=_timeout(settings),
        default_headers=_headers(settings),
        http_client=anthropic.DefaultAioHttpClient(),
    )
    return client, _sdk(GoogleAuthError)


def _bedrock(settings: "ProviderSettings") -> tuple[anthropic.AsyncAnthropicBedrock, Sdk]:
    """Claude on Bedrock: AWS's usual credentials, or a Bedrock key as `api_key`. Needs botocore."""
    from botocore.eventstream import ParserError
    from botocore.exceptions import BotoCoreError

    client = anthropic.AsyncAnthropicBedrock(
        aws_region=settings.location,
        api_key=_key(settings),
        base_url=settings.base_url,
        max_retries=0,
        timeout=_timeout(settings),
        default_headers=_headers(settings),
        http_client=anthropic.DefaultAioHttpClient(),
    )
    return client, _sdk(BotoCoreError, ParserError)


def _sdk(credentials: type[Exception], *decoding: type[Exception]) -> Sdk:
    return Sdk(
        api_error=anthropic.APIError,
        status_error=anthropic.APIStatusError,
        stream=anthropic.AsyncStream[object],
        credentials=(credentials,),
        decoding=(ValueError, *decoding),
    )


def _timeout(settings: "ProviderSettings") -> httpx2.Timeout:
    """Only for the connection: the rooms above bound everything else."""
    return httpx2.Timeout(None, connect=settings.timeouts.connect or _CONNECT)


def _headers(settings: "ProviderSettings") -> Mapping[str, str]:
    found = {name: value.get_secret_value() for name, value in settings.headers.items()}
    if settings.betas:
        found["anthropic-beta"] = ",".join(settings.betas)
    return found


def _key(settings: "ProviderSettings") -> str | None:
    return settings.api_key.get_secret_value() if settings.api_key else None


def _secrets(settings: "ProviderSettings") -> tuple[str, ...]:
    key = _key(settings)
    headers = tuple(value.get_secret_value() for value in settings.headers.values())
    return (key, *headers) if key else headers
