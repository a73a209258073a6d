"""Room 1: decides who may call what. One gate serves all ports of a process.

A call passes in two steps. Its headers are looked at when it arrives, before its message is read, so that
callers without valid credentials cannot make the gateway read and parse anything. What only the connection
tells, the caller's certificate and address, is looked at when the handler runs.
"""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol, TypeAlias

from ringmain_server.call import Call
from ringmain_server.edge.auth.authenticator import Authenticator
from ringmain_server.errors import CredentialsInvalid, NotAllowed, RingmainError
from ringmain_server.identity.access import Access
from ringmain_server.identity.principal import ANONYMOUS, NOBODY, Principal

ENDLESS: Final = frozenset({"ringmain.admin.v1.AdminService/WatchEvents"})
"""The methods whose calls do not end by themselves, so that their callers are judged again and again."""

Metadata = Iterable[tuple[str, str | bytes]]
Verdict: TypeAlias = Principal | Awaitable[Principal] | Exception
"""The caller that the headers name, or the reason for which the call is refused."""


class Connection(Protocol):
    """The part of a gRPC servicer context that tells who calls."""

    def invocation_metadata(self) -> Metadata | None:
        """Returns the headers that the caller sent."""
        ...

    def auth_context(self) -> Mapping[str, Iterable[bytes]]:
        """Returns what gRPC knows of the connection, such as the caller's certificate."""
        ...

    def peer(self) -> str:
        """Returns the caller's address."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one configuration.

    Attributes:
        authenticator: Finds out who calls; None where everybody may.
        access: The rules for tenants.
    """

    authenticator: Authenticator | None = None
    access: Access = field(default_factory=Access)


class Gate:
    """Decides who may call what.

    Args:
        rules: The rules; without any, everybody may call everything.
        clock: Returns the seconds since the epoch.

    Attributes:
        asks: Whether callers are asked for credentials, or may show some.
    """

    def __init__(self, rules: Rules | None = None, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.apply(rules or Rules())

    def apply(self, rules: Rules) -> None:
        """Applies these rules to the calls that come from now on."""
        self._rules = rules
        self.asks = rules.authenticator is not None

    def look(self, metadata: Metadata | None) -> Verdict:
        """Looks at the headers of a call. It raises nothing: the call is refused where it is observed."""
        authenticator = self._rules.authenticator
        if authenticator is None:
            return ANONYMOUS
        try:
            return authenticator.by_headers(metadata or (), self._clock())
        except Exception as exc:  # noqa: BLE001 - gRPC would tell the caller of it, whatever it is
            return exc

    def admit(self, call: Call, verdict: Verdict | None, connection: Connection) -> Awaitable[None] | None:
        """Notes in a call whose it is, and which models it may use.

        Args:
            call: The call.
            verdict: What `look` returned when the call arrived; None if nobody looked.
            connection: Tells what its connection shows.

        Returns:
            None, or where an issuer must be asked first, an awaitable that does the same and raises the same.

        Raises:
            CredentialsInvalid: The caller shows nothing and must, or something that is not valid.
            NotAllowed: The caller may not call the method, or not from there.
        """
        if not self.asks:
            call.principal = ANONYMOUS
            if call.method in ENDLESS:
                self._note(call, connection)
            return None
        if verdict is None:
            verdict = self.look(connection.invocation_metadata())
        if isinstance(verdict, Principal):
            self._admit(call, verdict, connection)
            return None
        if isinstance(verdict, Exception):
            call.peer = connection.peer()
            raise verdict
        return self._wait(call, verdict, connection)

    async def _wait(self, call: Call, verdict: Awaitable[Principal], connection: Connection) -> None:
        try:
            principal = await verdict
        except CredentialsInvalid:
            call.peer = connection.peer()
            raise
        self._admit(call, principal, connection)

    def _admit(self, call: Call, principal: Principal, connection: Connection) -> None:
        try:
            call.principal = principal = self._with_certificate(principal, connection)
            call.allowed_models = self._rules.access.check(principal, call.method, connection.peer)
        except (CredentialsInvalid, NotAllowed):
            call.peer = connection.peer()
            raise
        if call.method in ENDLESS:
            self._note(call, connection)

    def _note(self, call: Call, connection: Connection) -> None:
        """Notes how an endless call is judged again. It is asked for such calls alone, which are few."""
        call.again = partial(self._again, call.method, connection)

    def _with_certificate(self, principal: Principal, connection: Connection) -> Principal:
        authenticator = self._rules.authenticator
        if authenticator is None or (authenticator.certificates is None and principal is not NOBODY):
            return principal
        return authenticator.by_connection(principal, connection.auth_context)

    def _again(self, method: str, connection: Connection) -> RingmainError | None:
        """Returns the reason to end a running call, by the rules, keys and time of now; None for none."""
        verdict = self.look(connection.invocation_metadata())
        if isinstance(verdict, Principal):
            try:
                self._rules.access.check(self._with_certificate(verdict, connection), method, connection.peer)
            except (CredentialsInvalid, NotAllowed) as exc:
                return exc
            return None
        if isinstance(verdict, Exception):
            return verdict if isinstance(verdict, RingmainError) else None
        # The key that signed the token is no longer there. A new call waits for the issuer; this one ends.
        return CredentialsInvalid("token", "the token cannot be verified any longer")
