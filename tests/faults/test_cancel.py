"""1,000 cancelled calls: each closes its connection to a provider that would go on."""

import asyncio
import random
from pathlib import Path

import aiohttp
import pytest

from tests.fakes.waiting import until
from tests.faults.probe import Arrived, arrivals
from tests.faults.processes import Gateway, gateway, upstream
from tests.faults.rows import Method, Side
from tests.faults.streams import question

TRIALS = 1000
AT_ONCE = 8
BEFORE_HEADERS, MID_STREAM, STALLED = "fault-hang", "paced-2000-20", "fault-stall"
KINDS = (
    (Method.UNARY, BEFORE_HEADERS),
    (Method.STREAM, BEFORE_HEADERS),
    (Method.STREAM, MID_STREAM),
    (Method.STREAM, STALLED),
)


@pytest.mark.slow
async def test_every_cancelled_call_closes_its_connection() -> None:
    """Whole or streamed, before the headers, in mid-stream or in a stall: 1,000 of 1,000."""
    async with upstream(Side.PRIMARY) as ports, aiohttp.ClientSession() as http:
        provider = {"kind": "openai", "base_url": ports.base_url, "api_key": "sk-catalogue-secret"}
        async with gateway({"providers": {"up": provider}}) as served:
            before = _descriptors(served)
            await _cancel_all(served)

            arrived: list[Arrived] = []

            async def closed() -> bool:
                # More may arrive later, of those that were not heard before they were left.
                arrived[:] = await arrivals(http, ports.port)
                return all(each.closed_at for each in arrived)

            await until(closed)
            # Those that were heard before they were left have all arrived, and most of the others.
            assert len(arrived) >= TRIALS / 2
            assert all(each.abandoned for each in arrived)
            await until(lambda: _descriptors(served) <= before + 5)


async def _cancel_all(served: Gateway) -> None:
    """Makes and cancels every call."""
    slots, choice = asyncio.Semaphore(AT_ONCE), random.Random(4)

    async def one(name: str, method: Method, model: str, patience: float) -> None:
        async with slots:
            request = question(f"up/{model}", name)
            if method is Method.UNARY:
                unary = served.stub.Chat(request)
                await asyncio.sleep(patience)
                unary.cancel()
                return
            stream = served.stub.StreamChat(request)
            if model in (MID_STREAM, STALLED):
                await stream.read()
            await asyncio.sleep(patience)
            stream.cancel()

    await asyncio.gather(
        *(one(f"call {index}", *KINDS[index % 4], 0.02 + choice.random() / 50) for index in range(TRIALS))
    )


def _descriptors(served: Gateway) -> int:
    return len(list(Path(f"/proc/{served.process.pid}/fd").iterdir()))
