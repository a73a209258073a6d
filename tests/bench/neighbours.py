"""Tests, benchmark: how other calls fare while images are prepared. `python -m tests.bench.neighbours`.

The gateway is a process of its own, and so is its upstream. One caller asks short questions one after the
other; in every second round 16 others each send a photo of four megapixels, which has to be scaled. What the
upstream and this process need of the processors is in both, but more of it in the busy rounds.
"""

import argparse
import asyncio

from ringmain.v1.chat_service_pb2 import ChatRequest

from tests.bench import servers
from tests.bench.load import Callers, Tally, chat_request, stub_of
from tests.bench.media import Delay, samples
from tests.bench.processes import Target
from tests.bench.providers import ANTHROPIC

IMAGES = 16
_QUIET = 1.5
"""Seconds of a round without images."""
_PAUSE = 0.002
"""Seconds between two questions."""


def _asking_about(data: bytes) -> ChatRequest:
    request = chat_request(ANTHROPIC.model)
    request.messages[0].parts.add().media.data = data
    return request


async def _round(target: Target, data: bytes) -> Delay:
    """Milliseconds that short questions took, beside images where there is one."""
    async with stub_of(target) as others, stub_of(target) as stub:
        ask, show = Callers(stub, Tally()), Callers(others, Tally())
        await ask.timed(chat_request(ANTHROPIC.model))
        work = [show.unary(_asking_about(data)) for _ in range(IMAGES)] if data else [asyncio.sleep(_QUIET)]
        busy = asyncio.gather(*work)
        took = []
        while not busy.done():
            took.append(await ask.timed(chat_request(ANTHROPIC.model)) * 1e3)
            await asyncio.sleep(_PAUSE)
        await busy
        return Delay.of(took)


async def _rounds(target: Target, data: bytes, repeats: int) -> tuple[Delay, Delay]:
    await _round(target, data)
    quiet, busy = [], []
    for _ in range(repeats):
        quiet.append(await _round(target, b""))
        busy.append(await _round(target, data))
    return Delay.middle(quiet), Delay.middle(busy)


def main() -> None:
    """Measures every kind of photo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    servers.FOLDER.mkdir(exist_ok=True)
    with (
        servers.upstreams_of([ANTHROPIC]) as upstreams,
        servers.in_front_of(upstreams, [servers.GATEWAY], [ANTHROPIC]) as targets,
    ):
        for name, data in samples().items():
            quiet, busy = asyncio.run(_rounds(targets[0], data, options.repeats))
            print(
                f"{name}: a short call takes {quiet.median:.1f} ms (p99 {quiet.p99:.1f}); "
                f"beside {IMAGES} images {busy.median:.1f} ms (p99 {busy.p99:.1f})"
            )


if __name__ == "__main__":
    main()
