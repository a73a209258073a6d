"""Room 4, the I/O side: makes the transport of OpenAI's wire.

With a fixed key, requests go through the shared aiohttp session with the SDK's headers and endpoint. If each
request needs a new token, requests go through the SDK's own client, which handles that (`sdk_transport.py`).
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncStream, DefaultAioHttpClient

from ringmain_server.errors import CredentialsRefused
from ringmain_server.kinds import OpenAIKind, openai_kind
from ringmain_server.media.fetch import Fetcher
from ringmain_server.providers.flags import means_yes
from ringmain_server.providers.http import ANSWER_LIMIT, HttpTransport
from ringmain_server.providers.openai.errors import OpenAIErrors
from ringmain_server.providers.openai.sdk import Token, endpoint, make_client
from ringmain_server.providers.pictures import WITHIN, PictureFetcher, WithPictures, picture_errors
from ringmain_server.providers.sdk_transport import Sdk, SdkTransport, as_bytes
from ringmain_server.providers.sessions import HttpSessions, no_cookies, sdk_trust

if TYPE_CHECKING:
    from ringmain_server.config import OpenAISettings

_CONNECT = 5.0
"""Seconds to connect to the provider, if its settings say nothing."""
SDK = Sdk(status_error=APIStatusError, connection_error=APIConnectionError, stream=AsyncStream[object])
"""The exceptions and the stream of the SDK's low-level request."""


def make_transport(
    provider_id: str,
    settings: "OpenAISettings",
    sessions: HttpSessions,
    errors: OpenAIErrors,
    token: Token | None = None,
) -> WithPictures:
    """Makes the transport to the provider of these settings.

    Args:
        provider_id: The provider's name in the configuration.
        settings: The provider's settings.
        sessions: Supplies the shared HTTP session.
        errors: Translates the provider's errors.
        token: Makes the bearer token of each request, instead of a fixed key.
    """
    kind = openai_kind(settings.kind)
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
        return WithPictures(made, PictureFetcher(provider_id, _fetcher(kind)))
    known = endpoint(make_client(settings), settings)
    limit = settings.connection_limit
    http = HttpTransport(
        provider_id=provider_id,
        sessions=HttpSessions(limit) if limit else sessions,
        base_url=known.base_url,
        headers=known.headers,
        error_map=errors,
        connect_timeout=connect,
        query=known.query,
        owns_sessions=limit is not None,
        objection=partial(_objection, kind.objections) if kind.objections else None,
    )
    url = urlsplit(http.base_url)
    base = f"{url.scheme}://{url.netloc}"
    own = replace(http, base_url=base, query="", owns_sessions=False, error_map=picture_errors)
    return WithPictures(http, PictureFetcher(provider_id, _fetcher(kind), own))


def _fetcher(kind: OpenAIKind) -> Fetcher:
    return Fetcher(kind.picture_hosts, ANSWER_LIMIT, within=WITHIN)


def _objection(objections: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """Returns why a server objects to an image in its answer, from its headers; empty if it does not.

    Args:
        objections: The headers that say so with a yes, and the category that each means.
        headers: The answer's headers.
    """
    return next((category for name, category in objections.items() if means_yes(headers.get(name))), "")


def _guarded(provider_id: str, token: Token) -> Token:
    async def make() -> str:
        try:
            return await token()
        except Exception as exc:
            # A token source is foreign code: any exception it raises means that there is no token.
            raise CredentialsRefused(provider_id, "its credentials could not be obtained") from exc

    return make
