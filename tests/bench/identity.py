"""Tests, benchmark: what it costs to know a caller by its key, and whether time tells why one is refused.

The cost is the difference between a gate that asks for keys, with 10,000 of them, and one that lets everybody
in, in this process and without sockets. It is scaled by a plain loop of additions, which tells how quick the
machine is at that moment. The refused keys, those that never were, that were revoked and that have expired,
take turns in random order, by themselves and in whole calls over real gRPC.

Alone: `python -m tests.bench.identity`.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import grpc
import grpc.aio
import uvloop
from rich.console import Console
from ringmain_server.call import Call
from ringmain_server.edge.auth.authenticator import Authenticator
from ringmain_server.edge.auth.gate import Gate, Rules

from tests.bench import results
from tests.bench.results import Figure
from tests.e2e.gateway import ask, gateway
from tests.fakes.keys import MADE, Keys, Made, make_key

KEYS = 10_000
REFUSED = 500
"""Keys of each kind that is refused."""
BATCH = 4_000
AT_ONCE = 20
"""Calls whose headers are made before they are measured."""
ROUNDS = 20
TURNS = 20_000
"""Refusals of each kind."""
LOOP_MS = 16.0
"""What the loop takes on the machine that the target was set on."""

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """The connection of a caller without a certificate."""

    headers: Headers

    def invocation_metadata(self) -> Headers:
        """The headers of its call."""
        return self.headers

    def auth_context(self) -> Mapping[str, Sequence[bytes]]:
        """Nothing is known of a connection without TLS."""
        return {}

    def peer(self) -> str:
        """Its address."""
        return "ipv4:203.0.113.7:52011"


def headers_of(key: Made) -> Headers:
    """The headers of a call, as gRPC's library for Python sends them."""
    return (
        ("user-agent", "grpc-python-asyncio/1.85.1 grpc-c/53.1.0"),
        *key.bearer,
        ("grpc-accept-encoding", "identity, deflate, gzip"),
        ("accept-encoding", "identity, gzip"),
    )


def refused_keys(keys: Keys) -> dict[str, list[Headers]]:
    """Keys that never were, that were revoked, and that have expired."""
    return {
        "unknown": [headers_of(make_key()) for _ in range(REFUSED)],
        "revoked": [headers_of(keys.add(revoke_time=MADE)) for _ in range(REFUSED)],
        "expired": [headers_of(keys.add(expire_time=MADE)) for _ in range(REFUSED)],
    }


async def compare(rounds: int = ROUNDS, turns: int = TURNS) -> list[Figure]:
    """The cost of a key, and how much the time of a refusal tells."""
    keys = Keys()
    good = [keys.add(tenant_id=f"tenant-{index % 100}") for index in range(KEYS)]
    refused = refused_keys(keys)
    guarded = Gate(Rules(Authenticator(keys.keyring)))
    random.shuffle(good)
    costs = _costs(guarded, good[:BATCH], rounds)
    return [
        results.KEY.of("gateway", costs),
        results.REFUSED_KEYS.of("gateway", [apart(looks(guarded, refused, turns))]),
        results.REFUSED_CALLS.of("gateway", [apart(await _calls(turns))]),
    ]


def _costs(guarded: Gate, keys: Sequence[Made], rounds: int) -> list[float]:
    """The µs of CPU that a key adds to a call, by round; scaled."""
    free = Gate()
    found = []
    for _ in range(rounds + 1):  # the first is warm-up
        pace = _loop_ms() / LOOP_MS
        found.append((_batch(guarded, keys) - _batch(free, keys)) / pace)
    return found[1:]


def _batch(gate: Gate, keys: Sequence[Made]) -> float:
    call = Call("r", "ringmain.v1.ChatService/Chat", 0.0)
    taken = 0.0
    for some in _few(keys):
        # As in a gateway, headers have just been made, and keys have not been looked at for long.
        callers = [Connection(headers_of(key)) for key in some]
        began = time.process_time()
        for caller in callers:
            gate.admit(call, gate.look(caller.headers), caller)
        taken += time.process_time() - began
    return taken / len(keys) * 1e6


def _few(keys: Sequence[Made]) -> Iterator[Sequence[Made]]:
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]


def _loop_ms() -> float:
    began = time.process_time()
    count = 0
    for _ in range(500_000):
        count += 1  # noqa: SIM113  this is the work
    return (time.process_time() - began) * 1e3


def looks(gate: Gate, refused: Mapping[str, Sequence[Headers]], turns: int) -> dict[str, float]:
    """The median time of a refusal by kind, in nanoseconds."""
    times: dict[str, list[int]] = {kind: [] for kind in refused}
    for kind, headers in _in_turn(refused, turns):
        began = time.perf_counter_ns()
        gate.look(headers)
        times[kind].append(time.perf_counter_ns() - began)
    return {kind: statistics.median(found) for kind, found in times.items()}


async def _calls(turns: int) -> dict[str, float]:
    """The same for whole calls of a caller who waits for each."""
    config = {"storage": {"url": "memory"}, "providers": {"sandbox": {"kind": "sandbox"}}}
    async with gateway(config) as running:
        assert running.app.identity.keyring is not None
        keys = Keys(running.app.identity.keyring)
        for _ in range(KEYS):
            keys.add()
        refused, request = refused_keys(keys), ask("sandbox/echo")
        times: dict[str, list[float]] = {kind: [] for kind in refused}
        for kind, headers in _in_turn(refused, turns):
            times[kind].append(await _refused(running.stub.Chat(request, metadata=headers[1:2])))
        return {kind: statistics.median(found) for kind, found in times.items()}


async def _refused(call: Awaitable[object]) -> float:
    began, code = time.perf_counter(), grpc.StatusCode.OK
    try:
        await call
    except grpc.aio.AioRpcError as error:
        code = error.code()
    taken = time.perf_counter() - began
    assert code is grpc.StatusCode.UNAUTHENTICATED
    return taken


def _in_turn(refused: Mapping[str, Sequence[Headers]], turns: int) -> list[tuple[str, Headers]]:
    """Every kind as often as the others, in random order within each turn."""
    each = {kind: islice(cycle(found), turns) for kind, found in refused.items()}
    kinds = list(each)
    order = []
    for _ in range(turns):
        random.shuffle(kinds)
        order += [(kind, next(each[kind])) for kind in kinds]
    return order


def apart(medians: Mapping[str, float]) -> float:
    """How many times as long the slowest kind takes as the quickest."""
    return max(medians.values()) / min(medians.values())


def main() -> None:
    """Prints the figures."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        results.show(runner.run(compare()), Console())


if __name__ == "__main__":
    main()
