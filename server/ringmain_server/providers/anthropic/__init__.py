"""Room 4: Claude over the Messages wire, at Anthropic, on Vertex AI and on Bedrock."""

from collections.abc import Awaitable, Callable
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ringmain_server.catalog.capabilities import RESTRICTIONS
from ringmain_server.providers.anthropic.credentials import secrets
from ringmain_server.providers.anthropic.errors import AnthropicErrors
from ringmain_server.providers.anthropic.request import DEFAULT_MAX_OUTPUT_TOKENS, MESSAGES_PATH, Options
from ringmain_server.providers.anthropic.server_tools import tools_at
from ringmain_server.providers.anthropic.translators import translators
from ringmain_server.providers.checks import NOBODY, refusal_of
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.lazy import LazyTransport
from ringmain_server.providers.registry import ExtraMissing
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.providers.transport import HttpRequest

if TYPE_CHECKING:
    from ringmain_server.config import AnthropicSettings
    from ringmain_server.providers.http import HttpTransport
    from ringmain_server.providers.sdk_transport import SdkTransport

_LIBRARIES = {"vertex": "google.auth", "bedrock": "botocore.exceptions"}
"""The module that a cloud's credentials need, by platform."""
_LISTING = "/v1/models?limit=1"
_REFUSED = HttpRequest(MESSAGES_PATH, {"model": NOBODY, "max_tokens": 1, "messages": []})
"""A request that every cloud refuses: the clouds that serve Claude list no models under this API."""


def build(provider_id: str, settings: "AnthropicSettings", sessions: HttpSessions) -> Provider:
    """Builds the provider that these settings describe.

    Args:
        provider_id: The provider's name in the configuration.
        settings: The provider's settings.
        sessions: Supplies the shared HTTP session.

    Raises:
        ExtraMissing: A platform's library is not installed.
    """
    runs = tools_at(settings.platform or "")
    options = Options(
        platform=settings.platform or "",
        max_output_tokens=settings.max_output_tokens or DEFAULT_MAX_OUTPUT_TOKENS,
        cache_system_tokens=settings.cache_system_tokens,
        betas=settings.betas,
    )
    errors = AnthropicErrors(secrets(settings))
    transport: LazyTransport[HttpRequest, bytes, bytes]
    check: Callable[[], Awaitable[None]]
    if settings.platform is None:
        transport = LazyTransport(partial(_direct, provider_id, settings, sessions, errors), provider_id)
        check = partial(transport.check, _LISTING)
    else:
        _check_installed(provider_id, settings.platform)
        transport = LazyTransport(partial(_at_cloud, provider_id, settings, errors), provider_id)
        check = refusal_of(transport, _REFUSED)
    return Provider(
        provider_id,
        settings.kind,
        transport,
        translators(options, errors),
        carries=lambda *_: runs | RESTRICTIONS if runs else runs,
        gives=lambda *_: runs,
        check=check,
        library=transport,
    )


def _check_installed(provider_id: str, platform: str) -> None:
    """Checks at start-up that a cloud's library is installed, although it is loaded later.

    Raises:
        ExtraMissing: The library is not installed.
    """
    try:
        found = find_spec(_LIBRARIES[platform])
    except (ModuleNotFoundError, ValueError):
        found = None
    if found is None:
        raise ExtraMissing(provider_id, platform)


def _at_cloud(provider_id: str, settings: "AnthropicSettings", errors: AnthropicErrors) -> "SdkTransport":
    from ringmain_server.providers.anthropic import connect

    make = connect.vertex if settings.platform == "vertex" else connect.bedrock
    return make(provider_id, settings, errors)


def _direct(
    provider_id: str, settings: "AnthropicSettings", sessions: HttpSessions, errors: AnthropicErrors
) -> "HttpTransport":
    from ringmain_server.providers.anthropic import connect

    return connect.direct(provider_id, settings, sessions, errors)
