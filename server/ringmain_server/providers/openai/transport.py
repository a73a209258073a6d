"""Room 4, the I/O side: how OpenAI's wire is reached.

A fixed key goes through the shared aiohttp session with the SDK's headers and endpoint. A token that must be
made anew for each request goes through the SDK's own client, which knows how to (`sdk_transport.py`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncStream, DefaultAioHttpClient

from ringmain_server.errors import CredentialsRefused
from ringmain_server.media.fetch import Fetcher
from ringmain_server.providers.flags import means_yes
from ringmain_server.providers.http import ANSWER_LIMIT, FixedHeaders, HttpTransport
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.openai.sdk import Token, endpoint, make_client
from ringmain_server.providers.pictures import WITHIN, Pictures, WithPictures, picture_errors
from ringmain_server.providers.sdk_transport import Sdk, SdkTransport, as_bytes
from ringmain_server.providers.sessions import HttpSessions, no_cookies, sdk_trust

if TYPE_CHECKING:
    from ringmain_server.config import ProviderSettings

PICTURE_HOSTS = {
    "openai": ("*.blob.core.windows.net",),
    "azure": ("*.blob.core.windows.net",),
    "together": ("*.together.ai", "*.together.xyz"),
    "venice": ("*.venice.ai",),
    "xai": ("*.x.ai",),
}
"""Where pictures are whose address a server tells in place of their bytes, beside the server itself."""
_CONNECT = 5.0
"""Seconds to reach the provider where its settings say nothing."""
SDK = Sdk(status_error=APIStatusError, connection_error=APIConnectionError, stream=AsyncStream[object])
"""What its low-level request raises."""


def make_transport(
    provider_id: str,
    settings: "ProviderSettings",
    sessions: HttpSessions,
    errors: OpenAIErrors,
    token: Token | None = None,
) -> WithPictures:
    """How to reach the provider of these settings.

    Args:
        provider_id: Its name in the configuration.
        settings: Its settings.
        sessions: Where the shared session is.
        errors: What its errors mean.
        token: Makes the bearer token of each request, instead of a fixed key.
    """
    connect = settings.timeouts.connect or _CONNECT
    if token is not None:
        http_client = DefaultAioHttpClient(
            verify=sdk_trust(),
            follow_redirects=False,
            cookies=no_cookies(),
            timeout=httpx2.Timeout(None, connect=connect),
            limits=httpx2.Limits(max_connections=settings.connection_limit or 0),
        )
        signing = make_client(settings, token=_guarded(provider_id, token), http_client=http_client)
        made = SdkTransport(provider_id, signing, SDK, errors, payload=as_bytes)
        return WithPictures(made, Pictures(provider_id, _fetcher(settings)))
    known = endpoint(make_client(settings), settings)
    limit = settings.connection_limit
    http = HttpTransport(
        provider_id=provider_id,
        sessions=HttpSessions(limit) if limit else sessions,
        base_url=known.base_url,
        credentials=FixedHeaders(known.headers),
        error_map=errors,
        connect_timeout=connect,
        query=known.query,
        owns_sessions=limit is not None,
        objection=_objection if settings.kind == "venice" else None,
    )
    url = urlsplit(http.base_url)
    base = f"{url.scheme}://{url.netloc}"
    own = replace(http, base_url=base, query="", owns_sessions=False, error_map=picture_errors)
    return WithPictures(http, Pictures(provider_id, _fetcher(settings), own))


def _fetcher(settings: "ProviderSettings") -> Fetcher:
    return Fetcher(PICTURE_HOSTS.get(settings.kind, ()), ANSWER_LIMIT, within=WITHIN)


def _objection(headers: Mapping[str, str]) -> str:
    """Why Venice objects to an image that it answers with, or has blurred it, by the answer's headers.

    https://docs.venice.ai/api-reference/endpoint/image/generate
    """
    return next((category for name, category in _OBJECTIONS.items() if means_yes(headers.get(name))), "")


_OBJECTIONS = {
    "x-venice-contains-minor": "minor",
    "x-venice-is-content-violation": "content_violation",
    "x-venice-is-adult-model-content-violation": "adult",
    "x-venice-is-blurred": "adult",
}


def _guarded(provider_id: str, token: Token) -> Token:
    async def make() -> str:
        try:
            return await token()
        except Exception as exc:
            # A source of tokens is foreign code, and whatever it raises means one thing here.
            raise CredentialsRefused(provider_id, "its credentials could not be obtained") from exc

    return make
