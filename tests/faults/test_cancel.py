"""1,000 cancelled calls: each closes its connection to the provider within 100 ms (laws, section 4)."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp
import pytest

from tests.faults import stalls
from tests.faults.probe import Arrived, arrivals
from tests.faults.processes import Gateway, gateway, upstream
from tests.faults.rows import CLOSING, Method, Side
from tests.faults.streams import question

TRIALS = 1000
AT_ONCE = 8
BEFORE_HEADERS, MID_STREAM, STALLED = "fault-hang", "paced-20-20", "fault-stall"
KINDS = (
    (Method.UNARY, BEFORE_HEADERS),
    (Method.STREAM, BEFORE_HEADERS),
    (Method.STREAM, MID_STREAM),
    (Method.STREAM, STALLED),
)


@pytest.mark.alone
@pytest.mark.slow
async def test_every_cancelled_call_closes_its_connection_within_100_ms() -> None:
    """Whole or streamed, before the headers, in mid-stream or in a stall: 1,000 of 1,000.

    Time in which the machine itself stood still is nobody's.
    """
    async with upstream(Side.PRIMARY) as ports, aiohttp.ClientSession() as http:
        provider = {"kind": "openai", "base_url": ports.base_url, "api_key": "sk-catalogue-secret"}
        async with gateway({"providers": {"up": provider}}) as served:
            before = _descriptors(served)
            with stalls.watched() as stood_still:
                cancelled = await _cancel_all(served)
                arrived = {each.question: each for each in await _closed(http, ports.port)}
            assert len(arrived) > TRIALS / 2, "too few calls reached the provider to say anything"
            waits = _waits(cancelled, arrived, stood_still)
            late = {name: wait for name, wait in waits.items() if wait > CLOSING}
            assert not late, f"{TRIALS - len(late)} of {TRIALS}"
            assert _descriptors(served) <= before + 5


async def _cancel_all(served: Gateway) -> Mapping[str, float]:
    """Makes and cancels every call; says when each was cancelled."""
    slots, choice = asyncio.Semaphore(AT_ONCE), random.Random(4)
    cancelled: dict[str, float] = {}

    async def one(name: str, method: Method, model: str, patience: float) -> None:
        async with slots:
            request = question(f"up/{model}", name)
            if method is Method.UNARY:
                unary = served.stub.Chat(request)
                await asyncio.sleep(patience)
                cancelled[name] = time.monotonic()
                unary.cancel()
                return
            stream = served.stub.StreamChat(request)
            if model in (MID_STREAM, STALLED):
                await stream.read()
            await asyncio.sleep(patience)
            cancelled[name] = time.monotonic()
            stream.cancel()

    await asyncio.gather(
        *(one(f"call {index}", *KINDS[index % 4], 0.02 + choice.random() / 50) for index in range(TRIALS))
    )
    return cancelled


async def _closed(http: aiohttp.ClientSession, port: int) -> list[Arrived]:
    """What arrived, once all of it has closed or would be late anyway."""
    deadline = time.monotonic() + 1.0
    while True:
        arrived = await arrivals(http, port)
        if all(each.closed_at for each in arrived) or time.monotonic() > deadline:
            return arrived
        await asyncio.sleep(0.1)


def _waits(
    cancelled: Mapping[str, float], arrived: Mapping[str, Arrived], stood_still: Sequence[stalls.Span]
) -> dict[str, float]:
    """Seconds from each cancellation to the end of its connection; a call that never arrived has none."""
    spans = {
        name: (max(cancelled[name], each.at), each.closed_at or float("inf"))
        for name, each in arrived.items()
    }
    return {
        name: end - begin - stalls.within(stood_still, begin, end) for name, (begin, end) in spans.items()
    }


def _descriptors(served: Gateway) -> int:
    return len(list(Path(f"/proc/{served.process.pid}/fd").iterdir()))
