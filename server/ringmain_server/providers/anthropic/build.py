"""Room 4: from settings to a provider of kind `anthropic`.

The official SDK brings credentials, endpoint and default headers. The vendor's own platform is reached
through the shared session; Vertex and Bedrock sign each request, which the SDK's clients for them do.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import anthropic
import httpx2

from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.anthropic.request import DEFAULT_MAX_OUTPUT_TOKENS, MESSAGES_PATH, Options
from ringmain_server.providers.anthropic.traits import traits_of
from ringmain_server.providers.anthropic.translators import translators
from ringmain_server.providers.checks import NOBODY, refusal_of
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.http import FixedHeaders, HttpTransport
from ringmain_server.providers.registry import ExtraMissing
from ringmain_server.providers.sdk_transport import Mute, Sdk, SdkTransport
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.transport import HttpRequest

if TYPE_CHECKING:
    from ringmain_server.config import ProviderSettings

_CONNECT = 5.0
_LISTING = "/v1/models?limit=1"
_REFUSED = HttpRequest(MESSAGES_PATH, {"model": NOBODY, "max_tokens": 1, "messages": []})
"""The clouds that serve Claude list no models under this API."""
_WANTED = ("accept", "content-type", "user-agent", "anthropic-version")
"""The SDK's own headers that mean something to the provider; the rest describes this machine."""


def build(provider_id: str, settings: "ProviderSettings", sessions: HttpSessions) -> Provider:
    """The provider of these settings.

    Args:
        provider_id: Its name in the configuration.
        settings: What the operator chose.
        sessions: Where the shared session is.

    Raises:
        ExtraMissing: A platform's library is not installed.
    """
    options = Options(
        platform=settings.platform or "",
        max_output_tokens=settings.max_output_tokens or DEFAULT_MAX_OUTPUT_TOKENS,
        cache_system_tokens=settings.cache_system_tokens,
        betas=settings.betas,
    )
    errors = AnthropicErrors(_secrets(settings))
    transport: HttpTransport | SdkTransport
    check: Callable[[], Awaitable[None]]
    if settings.platform is None:
        transport = _direct(provider_id, settings, sessions, errors)
        check = partial(transport.check, _LISTING)
    else:
        make = _vertex if settings.platform == "vertex" else _bedrock
        transport = make(provider_id, settings, errors)
        check = refusal_of(transport, _REFUSED)
    return Provider(
        provider_id,
        settings.kind,
        transport,
        translators(options, errors),
        prefills=lambda model: traits_of(model).prefill,
        check=check,
    )


def _direct(
    provider_id: str, settings: "ProviderSettings", sessions: HttpSessions, errors: AnthropicErrors
) -> HttpTransport:
    client = anthropic.AsyncAnthropic(
        api_key=_key(settings) or "",
        base_url=settings.base_url,
        max_retries=0,
        http_client=httpx2.AsyncClient(transport=Mute(), trust_env=False),
    )
    known = {name.lower(): value for name, value in client.default_headers.items() if isinstance(value, str)}
    headers = {name: known[name] for name in _WANTED if name in known}
    if _key(settings):  # a server of one's own may want none
        headers.update({name.lower(): value for name, value in client.auth_headers.items()})
    headers.update(_headers(settings))
    return HttpTransport(
        provider_id=provider_id,
        sessions=sessions,
        base_url=str(client.base_url).rstrip("/"),
        credentials=FixedHeaders(headers),
        error_map=errors,
        connect_timeout=settings.timeouts.connect or _CONNECT,
    )


def _vertex(provider_id: str, settings: "ProviderSettings", errors: AnthropicErrors) -> SdkTransport:
    """Claude on Google Cloud: application default credentials, or an access token as `api_key`."""
    from google.auth.exceptions import GoogleAuthError

    client = anthropic.AsyncAnthropicVertex(
        region=settings.location or anthropic.NOT_GIVEN,
        project_id=settings.project or anthropic.NOT_GIVEN,
        access_token=_key(settings),
        base_url=settings.base_url,
        max_retries=0,
        default_headers=_headers(settings),
        http_client=_http_client(settings),
    )
    return SdkTransport(provider_id, client, _sdk(GoogleAuthError), errors)


def _bedrock(provider_id: str, settings: "ProviderSettings", errors: AnthropicErrors) -> SdkTransport:
    """Claude on Bedrock: AWS's usual credentials, or a Bedrock key as `api_key`."""
    try:
        from botocore.exceptions import BotoCoreError

        from ringmain_server.providers.anthropic.eventstream import EventStream
    except ModuleNotFoundError as exc:
        raise ExtraMissing(provider_id, "bedrock") from exc
    client = anthropic.AsyncAnthropicBedrock(
        aws_region=settings.location,
        api_key=_key(settings),
        base_url=settings.base_url,
        max_retries=0,
        default_headers=_headers(settings),
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


def _http_client(settings: "ProviderSettings") -> httpx2.AsyncClient:
    """The timeout is for the connection alone: the rooms above bound everything else."""
    timeout = httpx2.Timeout(None, connect=settings.timeouts.connect or _CONNECT)
    return anthropic.DefaultAioHttpClient(follow_redirects=False, timeout=timeout)


def _headers(settings: "ProviderSettings") -> Mapping[str, str]:
    """What the operator adds, in lower case: names compare without it, and later ones win."""
    return {name.lower(): value.get_secret_value() for name, value in settings.headers.items()}


def _key(settings: "ProviderSettings") -> str | None:
    return settings.api_key.get_secret_value() if settings.api_key else None


def _secrets(settings: "ProviderSettings") -> tuple[str, ...]:
    key = _key(settings)
    headers = tuple(value.get_secret_value() for value in settings.headers.values())
    return (key, *headers) if key else headers
