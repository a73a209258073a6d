"""Room 4, the I/O side: the one aiohttp session of a process, and whom the SDKs' own clients trust."""

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
        connection_limit: Most connections at once, 0 for no limit. A provider with a limit has a session of
            its own.

    Attributes:
        session: The session; None until it is made.
        limited: Whether a request may have to wait for another's connection.
        proxies: The proxies that the environment names, by scheme.
    """

    def __init__(self, connection_limit: int = 0) -> None:
        self.session: aiohttp.ClientSession | None = None
        self.limited = connection_limit > 0
        self.proxies: Mapping[str, str] = usable_proxies(getproxies())
        self._connection_limit = connection_limit
        self._chosen: dict[str, str | None] = {}

    def proxy(self, base_url: str) -> str | None:
        """Returns the proxy that the environment names for an address, None to go without.

        The library would find it out too (`trust_env`), for each request anew and in a thread, and would take
        the user and password of `~/.netrc` along, which collide with a provider's own credentials.
        """
        if base_url not in self._chosen:
            url = urlsplit(base_url)
            passed = bool(proxy_bypass(url.netloc.rpartition("@")[2]))
            self._chosen[base_url] = None if passed else self.proxies.get(url.scheme)
        return self._chosen[base_url]

    def start(self) -> "aiohttp.ClientSession":
        """Returns the session, made now if it was not."""
        if self.session is None:
            import aiohttp  # not at the top: the sandbox alone does without

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
    """Every connection that the limit allows was in use for as long as one may wait for it."""


_TURN: ContextVar[tuple[asyncio.Timeout, float]] = ContextVar("turn")
"""What ends the wait for a connection, and after how many seconds."""


async def in_turn(asking: Awaitable[T], longest: float) -> T:
    """Waits for an answer, but not for ever for a connection: that wait is not the provider's silence.

    Args:
        asking: The request, at a session with a limit.
        longest: Seconds to wait for a connection.

    Raises:
        ConnectionsInUse: None became free.
    """
    turn = asyncio.timeout(None)
    try:
        async with turn:
            _TURN.set((turn, longest))
            return await asking
    except TimeoutError:
        if turn.expired():
            raise ConnectionsInUse from None
        raise


def _turns() -> "aiohttp.TraceConfig":
    """Tells a request's `in_turn` when it begins to wait for a connection, and when it has one."""
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
    """By what an SDK's client verifies servers: one for all, for reading the authorities takes 50 ms."""
    import httpx2  # not at the top: only the SDKs bring it

    return httpx2.create_ssl_context()


def no_cookies() -> CookieJar:
    """For an SDK's client: keeps none of a provider's cookies.

    Nothing that one answer brings along may go with the requests of other callers; and a cookie that is no
    ASCII would fail each of them.
    """
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def usable_proxies(named: Mapping[str, str]) -> dict[str, str]:
    """The proxies that HTTP requests can go through, by the scheme of the address that is asked.

    Args:
        named: Those of the environment, as `urllib` reads it.
    """
    found = {scheme: named[scheme] for scheme in ("http", "https") if named.get(scheme)}
    addresses = {scheme: text if "://" in text else f"http://{text}" for scheme, text in found.items()}
    return {scheme: address for scheme, address in addresses.items() if _usable(address)}


def unusable_proxies(named: Mapping[str, str]) -> list[str]:
    """The schemes whose proxy in the environment is none that the gateway can use, such as one of SOCKS."""
    wanted = {scheme for scheme in ("http", "https") if named.get(scheme)}
    return sorted(wanted - usable_proxies(named).keys())


def _usable(address: str) -> bool:
    try:
        url = urlsplit(address)
        return url.scheme == "http" and bool(url.hostname) and url.port != 0
    except ValueError:
        return False
