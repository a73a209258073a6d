"""Room 1, the I/O side: fetches an issuer's keys, from its discovery document, an address or a file.

Discovery is https://openid.net/specs/openid-connect-discovery-1_0.html. Whoever changes what is fetched can
make tokens, so that all of it comes over TLS, but for addresses on this machine, and no redirect leads to
another host. An answer has a size and a time, because its issuer may be broken.
"""

import os
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import urljoin, urlsplit

import orjson

from ringmain_server.aio.threads import in_daemon
from ringmain_server.config.auth import IssuerSettings, key_address
from ringmain_server.config.reading import Unreadable, read_bytes
from ringmain_server.providers.sessions import HttpSessions

if TYPE_CHECKING:
    import aiohttp

SIZE_LIMIT: Final = 512 << 10
"""The most bytes of an answer or a file. Issuers with many keys and certificates need a tenth of it."""
_TOKEN_LIMIT: Final = 64 << 10
_REDIRECTS: Final = 3
_REDIRECT_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
_DISCOVERY: Final = "/.well-known/openid-configuration"
_FILE_PATIENCE: Final = 5.0

Origin: TypeAlias = tuple[str, str | None, int | None]
Fetch: TypeAlias = Callable[[], Awaitable[bytes]]
"""Fetches a set of keys. Raises `FetchFailed`."""


class FetchFailed(Exception):
    """The keys cannot be fetched. The message follows the name of the issuer, and holds no address."""


def key_source(settings: IssuerSettings, sessions: HttpSessions) -> Fetch:
    """Returns what fetches the keys of an issuer.

    Args:
        settings: The issuer's settings.
        sessions: Makes requests.
    """
    if settings.jwks_file is not None:
        return partial(_read, settings.jwks_file)
    return _Issuer(settings, sessions).fetch


async def _read(path: str) -> bytes:
    """Returns the content of a file. The file system may not answer, so a thread reads it."""
    try:
        return await in_daemon(
            partial(read_bytes, path, limit=SIZE_LIMIT, seconds=_FILE_PATIENCE), name="keys"
        )
    except Unreadable as exc:
        raise FetchFailed(f"has a file that cannot be read: {exc.strerror}") from exc


class _Issuer:
    """The addresses of an issuer.

    Args:
        settings: The issuer's settings.
        sessions: Makes requests.
    """

    def __init__(self, settings: IssuerSettings, sessions: HttpSessions) -> None:
        self._settings = settings
        self._sessions = sessions
        self._start = settings.jwks_url or settings.issuer.removesuffix("/") + _DISCOVERY

    async def fetch(self) -> bytes:
        """Returns the issuer's set of keys.

        Raises:
            FetchFailed: It cannot be had.
        """
        import aiohttp  # not at the top: a gateway without issuers may not need it

        trust = await self._trust()
        token = await self._token()
        try:
            found = await self._get(self._start, trust, token)
            if self._settings.jwks_url is None:
                found = await self._get(self._named(found), trust, token)
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            raise FetchFailed(_why(exc)) from exc
        return found

    async def _trust(self) -> ssl.SSLContext | bool:
        """Returns what decides which servers are trusted; files are read each time, because they change."""
        path = self._settings.ca_file
        if path is None:
            return True
        try:
            content = await _read(path)
            return ssl.create_default_context(cadata=content.decode("ascii"))
        except (ssl.SSLError, ValueError) as exc:
            raise FetchFailed("has a ca_file that holds no certificates (PEM)") from exc

    async def _token(self) -> str | None:
        path = self._settings.token_file
        if path is None:
            return None
        token = (await _read(path)).decode("ascii", "replace").strip()
        if not token.isprintable() or not token or len(token) > _TOKEN_LIMIT:
            raise FetchFailed("has a token_file that holds no token")
        return token

    def _named(self, document: bytes) -> str:
        """Returns the address of the keys that a discovery document names."""
        try:
            named = orjson.loads(document)
        except orjson.JSONDecodeError as exc:
            raise FetchFailed("has a discovery document that is no JSON") from exc
        if not isinstance(named, dict) or named.get("issuer") != self._settings.issuer:
            raise FetchFailed("has a discovery document of another issuer")
        return self._allowed(named.get("jwks_uri"))

    def _allowed(self, address: object) -> str:
        """Returns an address that the issuer named, if keys may be fetched there.

        Only an issuer on this machine may send the gateway to an address on this machine without TLS.
        """
        try:
            if not isinstance(address, str) or key_address(address) != address:
                raise ValueError
        except ValueError:
            raise FetchFailed("names an address for its keys that does not start with https://") from None
        if urlsplit(address).scheme == "http" and urlsplit(self._start).scheme != "http":
            raise FetchFailed("names an address for its keys that does not start with https://")
        return address

    async def _get(self, url: str, trust: ssl.SSLContext | bool, token: str | None) -> bytes:
        """Returns what an address answers, following redirects within its host."""
        for _ in range(_REDIRECTS + 1):
            headers = {"accept": "application/json", "accept-encoding": "identity"}
            # Only the host that the operator has named gets the token, whatever that host names in turn.
            if token is not None and _origin(url) == _origin(self._start):
                headers["authorization"] = f"Bearer {token}"
            async with self._sessions.start().get(
                url, headers=headers, ssl=trust, proxy=self._sessions.proxy(url), allow_redirects=False
            ) as answer:
                if answer.status == 200:
                    return await _bounded(answer)
                if answer.status not in _REDIRECT_STATUSES:
                    raise FetchFailed(f"answers with the status {answer.status}")
                target = urljoin(url, answer.headers.get("location", ""))
            if _origin(target) != _origin(url):
                raise FetchFailed("redirects to another host")
            url = target
        raise FetchFailed("redirects too often")


async def _bounded(answer: "aiohttp.ClientResponse") -> bytes:
    content = bytearray()
    async for chunk in answer.content.iter_any():
        content += chunk
        if len(content) > SIZE_LIMIT:
            raise FetchFailed(f"answers with more than {SIZE_LIMIT >> 10} KiB")
    return bytes(content)


def _origin(url: str) -> Origin:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _why(error: Exception) -> str:
    """Returns why a request failed, without the address, which aiohttp's messages hold."""
    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "shows a certificate that is not trusted"
    if isinstance(error, aiohttp.ClientSSLError):
        return "does not speak TLS"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "has a host that is unknown"
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno
        return f"cannot be reached: {os.strerror(number) if number else 'it has no address that works'}"
    return f"cannot be asked: {type(error).__name__}"
