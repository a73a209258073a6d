"""Media: fetches media from addresses whose hosts the operator allows.

Every IP address that a name resolves to is checked before anything connects to it, and a redirect is checked
like a new address. So neither a name that points inwards nor a redirect reaches a server that only this
machine or its network can see.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from ringmain_server.errors import MediaInvalid
from ringmain_server.errors.shortage import shortage

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.abc import ResolveResult

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOPS = 3
"""The most redirects that are followed."""
_WITHIN = 20.0
"""Seconds for one medium, redirects included."""
_PASSING = frozenset({403, 404, 408, 409, 425, 429})
"""Statuses, besides those of server errors, that may change a moment later.

A picture that was just made may not have reached every server that serves it; stores such as S3 answer 403
for objects that they do not have yet.
"""


def may_pass(status: int) -> bool:
    """Whether a host that answered with this status may have the medium at another try."""
    return status in _PASSING or status >= 500


class NotFetched(MediaInvalid):
    """A medium could not be fetched.

    Attributes:
        passing: Whether another try may succeed.
        headers: The headers of the host's answer, if it answered.
    """

    passing = False
    headers: Mapping[str, str] = {}

    @classmethod
    def now(cls, field: str, description: str, headers: Mapping[str, str] | None = None) -> "NotFetched":
        """Returns an error for a medium that may be there at another try."""
        error = cls.at(field, description)
        error.passing, error.headers = True, headers or {}
        return error


def is_public(address: str) -> bool:
    """Whether an IP address is reachable from everywhere, so that fetching from it reveals nothing private.

    Private, loopback, link-local (where clouds serve metadata), shared, multicast and reserved addresses are
    not. An IPv4 address inside an IPv6 address is judged as the IPv4 address.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            found = inner
        elif found in _NAT64:
            found = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found.is_global and not found.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Fetcher:
    """Fetches media from allowed hosts.

    Args:
        hosts: Names of hosts, such as `images.example.com`; `*.example.com` stands for every name below.
        limit: The most bytes of a medium.
        public: Whether an IP address may be connected to.
        trust: Verifies TLS certificates; None for the system's authorities.
        within: Seconds for one medium, redirects included.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        limit: int,
        *,
        public: Callable[[str], bool] = is_public,
        trust: ssl.SSLContext | None = None,
        within: float = _WITHIN,
    ) -> None:
        self._exact = frozenset(host.lower() for host in hosts if not host.startswith("*."))
        self._below = tuple(host[1:].lower() for host in hosts if host.startswith("*."))
        self._limit = limit
        self._public = public
        self._trust = trust
        self._within = within
        self._session: aiohttp.ClientSession | None = None

    def allows(self, uri: str) -> bool:
        """Whether the gateway fetches media from this address. If not, the provider is given the address."""
        try:
            url = urlsplit(uri)
            host = (url.hostname or "").lower()
            plain = url.username is None and url.password is None and url.port in (None, 443)
        except ValueError:
            return False
        known = host in self._exact or host.endswith(self._below) if host else False
        return known and url.scheme == "https" and (plain or self._trust is not None)

    async def get(self, uri: str, field: str) -> tuple[bytes, str]:
        """Fetches a medium.

        Args:
            uri: An address that `allows` accepts.
            field: The path of the field, for errors.

        Returns:
            The bytes, and the media type that the host claims, which may be empty.

        Raises:
            NotFetched: It cannot be fetched.
            MediaInvalid: It is too large, or at an address that is not allowed.
            Overloaded: The gateway's machine lacks the resources.
        """
        import aiohttp  # here, so that a gateway without allowed hosts does not load it

        try:
            async with asyncio.timeout(self._within):
                return await self._follow(uri, field)
        except TimeoutError as exc:
            raise NotFetched.now(field, f"did not come within {self._within:g} s") from exc
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            if lack := shortage(exc):
                raise lack from exc
            raise NotFetched.now(field, "could not be fetched: its host cannot be reached") from exc

    async def close(self) -> None:
        """Closes every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _follow(self, uri: str, field: str) -> tuple[bytes, str]:
        for _ in range(_HOPS + 1):
            self._check_literal(uri, field)
            async with self._sessions().get(uri, allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    return await self._body(response, field)
                uri = urljoin(uri, response.headers.get("Location", ""))
            # The new address needs a host from the list as well, or one redirect would bypass it.
            if not self.allows(uri):
                raise MediaInvalid.at(field, "is redirected to an address that is not allowed")
        raise MediaInvalid.at(field, f"is redirected more than {_HOPS} times")

    def _check_literal(self, uri: str, field: str) -> None:
        """Checks an IP address that stands in the uri itself, which the resolver never sees."""
        host = urlsplit(uri).hostname or ""
        try:
            allowed = self._public(host) if _is_literal(host) else True
        except ValueError:
            allowed = False
        if not allowed:
            raise MediaInvalid.at(field, "is at an address that is not public")

    async def _body(self, response: "aiohttp.ClientResponse", field: str) -> tuple[bytes, str]:
        if response.status != 200:
            problem = f"could not be fetched: its host answered {response.status}"
            if may_pass(response.status):
                raise NotFetched.now(field, problem, response.headers)
            raise NotFetched.at(field, problem)
        too_large = MediaInvalid.at(field, f"is larger than {self._limit} bytes, the most that is fetched")
        if (response.content_length or 0) > self._limit:
            raise too_large
        # A length that the host announces may be missing or wrong, so the bytes are counted too.
        chunks, left = [], self._limit
        while chunk := await response.content.readany():
            chunks.append(chunk)
            if (left := left - len(chunk)) < 0:
                raise too_large
        claimed_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return b"".join(chunks), claimed_type

    def _sessions(self) -> "aiohttp.ClientSession":
        if self._session is None:
            import aiohttp

            connector = aiohttp.TCPConnector(
                resolver=_guarded(self._public), ssl=self._trust or True, use_dns_cache=False, limit=32
            )
            # This machine's proxy, cookies and credentials must not serve an address that a caller chose.
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            )
        return self._session


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        # Resolvers also read `2130706433` and `0x7f.1` as addresses; the guard checks the result.
        return False
    return True


def _guarded(public: Callable[[str], bool]) -> "aiohttp.abc.AbstractResolver":
    """Makes a resolver that returns public addresses only."""
    import aiohttp

    class GuardedResolver(aiohttp.ThreadedResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> "list[ResolveResult]":
            # Checked here and not before connecting: between two lookups a name can change its address
            # (DNS rebinding), and this is the result that the connection uses.
            found = [one for one in await super().resolve(host, port, family) if public(one["host"])]
            if not found:
                raise OSError(None, "no public address")
            return found

    return GuardedResolver()
