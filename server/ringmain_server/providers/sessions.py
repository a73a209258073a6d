"""Room 4, the I/O side: the one aiohttp session of a process, and the TLS context of the SDKs' clients."""

import asyncio
from collections.abc import Awaitable, Mapping
from contextvars import ContextVar
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

if TYPE_CHECKING:
    import ssl

    import aiohttp

_READ_BUFFER = 64 << 10

T = TypeVar("T")


class HttpSessions:
    """The one aiohttp session of a process, made at the first request, within the running loop.

    Args:
        connection_limit: Most simultaneous connections, 0 for no limit. A provider with a limit has a session
            of its own.
    """

    def __init__(self, connection_limit: int = 0) -> None:
        self.session: aiohttp.ClientSession | None = None
        self.limited = connection_limit > 0
        self.proxies: Mapping[str, str] = usable_proxies(getproxies())
        self._connection_limit = connection_limit
        self._chosen: dict[str, str | None] = {}

    def proxy(self, base_url: str) -> str | None:
        """Returns the proxy that the environment names for a URL; None for a direct connection.

        The library could find it itself (`trust_env`), but would do so for each request again and in a
        thread. It would also use the user and password of `~/.netrc`, which collide with a provider's own
        credentials.
        """
        if base_url not in self._chosen:
            url = urlsplit(base_url)
            passed = bool(proxy_bypass(url.netloc.rpartition("@")[2]))
            self._chosen[base_url] = None if passed else self.proxies.get(url.scheme)
        return self._chosen[base_url]

    def start(self) -> "aiohttp.ClientSession":
        """Returns the session, and makes it first if necessary."""
        if self.session is None:
            import aiohttp  # not at the top: a gateway with only a sandbox does not need it

            self.session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connection_limit, keepalive_timeout=60, ttl_dns_cache=30
                ),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=True,
                read_bufsize=_READ_BUFFER,
                trust_env=False,
                trace_configs=[_turns()] if self.limited else None,
            )
        return self.session

    async def close(self) -> None:
        """Closes every connection. A late request would open another session."""
        session, self.session = self.session, None
        if session is not None:
            await session.close()


class ConnectionsInUse(Exception):
    """All connections that the limit allows were in use for as long as a request may wait."""


_TURN: ContextVar[tuple[asyncio.Timeout, float]] = ContextVar("turn")
"""The timeout of the wait for a connection, and its seconds."""


async def in_turn(asking: Awaitable[T], longest: float) -> T:
    """Waits for an answer, with a limit on the wait for a connection, which is not the provider's silence.

    Args:
        asking: The request, in a session with a limit.
        longest: Most seconds to wait for a connection.

    Raises:
        ConnectionsInUse: No connection became free.
    """
    # Without a deadline until the trace reports that the request is queued for a connection.
    turn = asyncio.timeout(None)
    try:
        async with turn:
            # The trace finds the timeout in the context: aiohttp runs it within the request's own task.
            _TURN.set((turn, longest))
            return await asking
    except TimeoutError:
        if turn.expired():
            raise ConnectionsInUse from None
        raise


def _turns() -> "aiohttp.TraceConfig":
    """Returns a trace that tells `in_turn` when the wait for a connection begins and when it ends."""
    import aiohttp

    async def begins(*_: object) -> None:
        turn, longest = _TURN.get()
        turn.reschedule(asyncio.get_running_loop().time() + longest)

    async def ends(*_: object) -> None:
        _TURN.get()[0].reschedule(None)

    config = aiohttp.TraceConfig()
    config.on_connection_queued_start.append(begins)
    config.on_connection_queued_end.append(ends)
    return config


@cache
def sdk_trust() -> "ssl.SSLContext":
    """Returns the TLS context of all SDK clients, shared because loading the certificates takes 50 ms."""
    import httpx2  # not at the top: only the SDKs install it

    return httpx2.create_ssl_context()


def no_cookies() -> CookieJar:
    """Returns a cookie jar for an SDK's client that keeps no cookies.

    Nothing that comes with one answer may go with the requests of other callers, and a cookie that is not
    ASCII would make each of them fail.
    """
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def usable_proxies(named: Mapping[str, str]) -> dict[str, str]:
    """Returns the proxies that HTTP requests can use, by the scheme of the requested URL.

    Args:
        named: The proxies of the environment, as `urllib` reads them.
    """
    found = {scheme: named[scheme] for scheme in ("http", "https") if named.get(scheme)}
    addresses = {scheme: text if "://" in text else f"http://{text}" for scheme, text in found.items()}
    return {scheme: address for scheme, address in addresses.items() if _usable(address)}


def unusable_proxies(named: Mapping[str, str]) -> list[str]:
    """Returns the schemes whose proxy in the environment the gateway cannot use, such as a SOCKS proxy."""
    wanted = {scheme for scheme in ("http", "https") if named.get(scheme)}
    return sorted(wanted - usable_proxies(named).keys())


def _usable(address: str) -> bool:
    try:
        url = urlsplit(address)
        return url.scheme == "http" and bool(url.hostname) and url.port != 0
    except ValueError:
        return False
