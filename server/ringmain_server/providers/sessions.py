"""Room 4, the I/O side: the one aiohttp session of a process, and whom the SDKs' own clients trust."""

import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    import aiohttp

_READ_BUFFER = 64 << 10


class HttpSessions:
    """The one aiohttp session of a process, made at the first request, within the running loop.

    Args:
        connection_limit: Most connections at once, 0 for no limit. Who has a limit has a session of its own.
    """

    def __init__(self, connection_limit: int = 0) -> None:
        self._connection_limit = connection_limit
        self._session: aiohttp.ClientSession | None = None

    def get(self) -> "aiohttp.ClientSession":
        """The session."""
        if self._session is None:
            import aiohttp  # not at the top: the sandbox alone does without

            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connection_limit, keepalive_timeout=60, ttl_dns_cache=30
                ),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=True,
                read_bufsize=_READ_BUFFER,
                trust_env=_proxy_configured(),
            )
        return self._session

    async def close(self) -> None:
        """Closes every connection. A late request would open another session."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


@cache
def sdk_trust() -> "ssl.SSLContext":
    """By what an SDK's client verifies servers: one for all, for reading the authorities takes 50 ms."""
    import httpx2  # not at the top: only the SDKs bring it

    return httpx2.create_ssl_context()


def _proxy_configured() -> bool:
    """Whether a proxy is named in the environment; looking each time would cost every request."""
    return any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"))
