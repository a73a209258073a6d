"""The two steps in which a call passes the gate."""

import asyncio
import gc
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field

import grpc
import pytest
from ringmain_server.call import Call
from ringmain_server.edge.auth.authenticator import Authenticator
from ringmain_server.edge.auth.gate import Gate, Rules
from ringmain_server.edge.grpc.arrivals import Arrival
from ringmain_server.errors import CredentialsInvalid, NotAllowed
from ringmain_server.identity.principal import ANONYMOUS, Principal, Scope

from tests.fakes.keys import Keys

CHAT = "ringmain.v1.ChatService/Chat"
ANN = Principal("acme", "jwt:corp:ann", frozenset({Scope.INFERENCE}))
HEADERS = (("authorization", "Bearer some.signed.token"),)


@dataclass
class Connection:
    """A connection from an address."""

    headers: tuple[tuple[str, str], ...] = ()
    asked: list[str] = field(default_factory=list)

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        self.asked.append("metadata")
        return self.headers

    def auth_context(self) -> Mapping[str, Iterable[bytes]]:
        self.asked.append("auth_context")
        return {}

    def peer(self) -> str:
        self.asked.append("peer")
        return "ipv4:203.0.113.7:1"


@dataclass
class Fetching:
    """Verifies tokens once their issuer's keys are there."""

    fetched: asyncio.Event = field(default_factory=asyncio.Event)
    good: bool = True

    def verify(self, token: str, now: float) -> Awaitable[Principal]:
        return self._verify()

    async def _verify(self) -> Principal:
        await self.fetched.wait()
        if not self.good:
            raise CredentialsInvalid("token", "the signature is wrong")
        return ANN


class Broken:
    """Fails as nobody foresaw."""

    def verify(self, token: str, now: float) -> Principal:
        raise ZeroDivisionError


def a_call() -> Call:
    """A call that has just begun."""
    return Call("resp_1", CHAT, 0.0)


def test_a_gate_without_rules_asks_for_nothing() -> None:
    """Where nothing is configured, everybody is let in, and neither headers nor connection are read."""
    gate, call, connection = Gate(), a_call(), Connection(HEADERS)
    assert gate.admit(call, gate.look(HEADERS), connection) is None
    assert call.principal is ANONYMOUS
    assert connection.asked == []


def test_a_key_takes_neither_address_nor_certificate() -> None:
    """Nobody asks gRPC for what no rule needs, as each question costs microseconds."""
    keys, connection, call = Keys(), Connection(), a_call()
    gate = Gate(Rules(Authenticator(keys.keyring)))
    assert gate.admit(call, gate.look(keys.add("acme").bearer), connection) is None
    assert (call.tenant_id, connection.asked) == ("acme", [])


def test_a_call_that_nobody_looked_at_is_looked_at_late() -> None:
    """Without the first step, the second does all of it."""
    keys, call = Keys(), a_call()
    gate = Gate(Rules(Authenticator(keys.keyring)))
    connection = Connection(keys.add("acme").bearer)
    assert gate.admit(call, None, connection) is None
    assert (call.tenant_id, connection.asked) == ("acme", ["metadata"])
    with pytest.raises(CredentialsInvalid):
        gate.admit(a_call(), None, Connection())


async def test_a_token_may_have_to_wait_for_its_issuer() -> None:
    """The first token with a new key waits for it, and then is a caller like any other."""
    tokens, call, connection = Fetching(), a_call(), Connection()
    gate = Gate(Rules(Authenticator(None, tokens)))
    waiting = gate.admit(call, gate.look(HEADERS), connection)
    assert waiting is not None
    tokens.fetched.set()
    await waiting
    assert call.principal is ANN


async def test_a_token_that_waited_in_vain_is_refused() -> None:
    """What the issuer does not confirm is refused, with the caller's address for the log."""
    tokens, call, connection = Fetching(good=False), a_call(), Connection()
    tokens.fetched.set()
    gate = Gate(Rules(Authenticator(None, tokens)))
    waiting = gate.admit(call, gate.look(HEADERS), connection)
    assert waiting is not None
    with pytest.raises(CredentialsInvalid):
        await waiting
    assert call.peer == "ipv4:203.0.113.7:1"


async def test_a_call_that_ends_before_its_message_leaves_nothing_waiting() -> None:
    """Nobody is left to ask the issuer, and Python has no coroutine to warn of."""
    gate = Gate(Rules(Authenticator(None, Fetching())))
    note = Arrival(0.0, 0.0, verdict=gate.look(HEADERS))
    task = asyncio.ensure_future(asyncio.sleep(0))
    await task
    note.task_ended(task)
    del note
    gc.collect()


def test_a_fault_of_ours_lets_nobody_in() -> None:
    """An exception that nobody foresaw ends the call, where it is logged as a fault."""
    gate = Gate(Rules(Authenticator(None, Broken())))
    verdict = gate.look(HEADERS)
    assert isinstance(verdict, ZeroDivisionError)
    call = a_call()
    with pytest.raises(ZeroDivisionError):
        gate.admit(call, verdict, Connection())
    assert call.principal.scopes == frozenset()


def test_refusals_have_the_statuses_of_the_contract() -> None:
    """Callers that are not known are UNAUTHENTICATED, those who may not are PERMISSION_DENIED."""
    assert (CredentialsInvalid.code, CredentialsInvalid.reason) == (
        grpc.StatusCode.UNAUTHENTICATED,
        "CREDENTIALS_INVALID",
    )
    assert (NotAllowed.code, NotAllowed.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED")
