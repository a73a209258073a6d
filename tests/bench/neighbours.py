"""Tests, benchmark: how other calls fare while images are prepared. `python -m tests.bench.neighbours`.

The gateway, the images' upstream and the caller who sends 16 of them at a time are processes of their own.
This one asks the sandbox short questions, one after the other, so that only the gateway and the processors
can be late; in every second round the photos come, all at once, and have to be scaled.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
_SHORT = chat_request("sandbox/echo")
Sender = asyncio.subprocess.Process


def _asking_about(data: bytes) -> ChatRequest:
    request = chat_request(ANTHROPIC.model)
    request.messages[0].parts.add().media.data = data
    return request


async def send(port: int, name: str) -> None:
    """For each line of standard input: 16 images at once, and a line when all are answered."""
    request = _asking_about(samples()[name])
    async with stub_of(Target("gateway", 0, port, 0.0)) as stub:
        call = Callers(stub, Tally()).unary
        while await asyncio.to_thread(sys.stdin.readline):
            await asyncio.gather(*(call(request) for _ in range(IMAGES)))
            print("done", flush=True)


@asynccontextmanager
async def _sender(target: Target, name: str) -> AsyncIterator[Sender]:
    arguments = ["-m", "tests.bench.neighbours", "--send", str(target.port), "--photo", name]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=pipe, stdout=pipe)
    try:
        await _sent(process)  # it is there, and everything is warm
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def _sent(sender: Sender) -> None:
    assert sender.stdin is not None
    assert sender.stdout is not None
    sender.stdin.write(b"\n")
    await sender.stdout.readline()


async def _round(target: Target, beside: Sender | None) -> Delay:
    """Milliseconds that short questions took, beside images or not."""
    async with stub_of(target) as stub:
        await stub.Chat(_SHORT)
        busy = asyncio.ensure_future(asyncio.sleep(_QUIET) if beside is None else _sent(beside))
        took = []
        while not busy.done():
            began = time.perf_counter()
            await stub.Chat(_SHORT)
            took.append((time.perf_counter() - began) * 1e3)
            await asyncio.sleep(_PAUSE)
        await busy
        return Delay.of(took)


async def _rounds(target: Target, name: str, repeats: int) -> tuple[Delay, Delay]:
    """The medians of the quiet rounds, and of those beside photos."""
    async with _sender(target, name) as sender:
        quiet, busy = [], []
        for _ in range(repeats):
            quiet.append(await _round(target, None))
            busy.append(await _round(target, sender))
        return Delay.middle(quiet), Delay.middle(busy)


def measure(repeats: int) -> None:
    """Measures every kind of photo."""
    servers.FOLDER.mkdir(exist_ok=True)
    with (
        servers.upstreams_of([ANTHROPIC]) as upstreams,
        servers.in_front_of(upstreams, [servers.GATEWAY], [ANTHROPIC]) as targets,
    ):
        for name in samples():
            quiet, busy = asyncio.run(_rounds(targets[0], name, repeats))
            print(
                f"{name}: a short call takes {quiet.median:.1f} ms (p99 {quiet.p99:.1f}); "
                f"beside {IMAGES} images {busy.median:.1f} ms (p99 {busy.p99:.1f})",
                flush=True,
            )


def main() -> None:
    """Measures, or sends images for a process that does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--send", type=int, metavar="PORT", help=argparse.SUPPRESS)
    parser.add_argument("--photo", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.send:
        asyncio.run(send(options.send, options.photo))
    else:
        measure(options.repeats)


if __name__ == "__main__":
    main()
