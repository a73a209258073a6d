"""Tests, benchmark: images prepared, and documents read, on this machine.

Alone: `python -m tests.bench.media`. Times are CPU milliseconds of the thread that works, the least of a few
rounds: what else the machine does only adds. Scaled by the yardstick (`echo.py`) they are held
against their target. The delay of the event loop is wall time.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import PIL.Image
from rich.console import Console
from rich.table import Table
from ringmain_server.app.malloc import give_back_large_blocks
from ringmain_server.documents import open_document
from ringmain_server.media.limits import ModelLimits
from ringmain_server.media.prepare import prepare
from ringmain_server.media.runner import MediaPool

from tests.bench import servers
from tests.bench.echo import REFERENCE_US
from tests.bench.measures import Effort, plain_call
from tests.fakes import papers, pictures

FOUR_MEGAPIXELS = (2464, 1632)
LIMITS = ModelLimits(mime_types=("image/jpeg", "image/png", "image/webp"), max_long_side=1568)
"""As the models with the least room have it."""

ROUNDS = 5
IMAGES = 16


@dataclass(frozen=True, slots=True)
class Delay:
    """How late the event loop was, in milliseconds.

    Attributes:
        median: Of all turns.
        p99: Of all turns.
    """

    median: float
    p99: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> "Delay":
        """Of so many turns."""
        return cls(statistics.median(milliseconds), statistics.quantiles(milliseconds, n=100)[98])

    @classmethod
    def middle(cls, rounds: "Sequence[Delay]") -> "Delay":
        """The medians of several rounds."""
        return cls(
            statistics.median(one.median for one in rounds), statistics.median(one.p99 for one in rounds)
        )


def least(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The CPU milliseconds of the quickest round."""
    spent = []
    for _ in range(rounds):
        began = time.thread_time()
        work()
        spent.append(time.thread_time() - began)
    return min(spent) * 1e3


def samples() -> dict[str, bytes]:
    """Files of four megapixels, by what they are."""
    photo = pictures.photo(FOUR_MEGAPIXELS)
    drawing = PIL.Image.new("RGB", FOUR_MEGAPIXELS, "white")
    for at in range(0, 1600, 40):
        drawing.paste((at % 255, 90, 160), (at, at, at + 300, at + 20))
    return {
        "JPEG photo": pictures.saved(photo, "JPEG", quality=90),
        "JPEG photo, turned": pictures.saved(photo, "JPEG", quality=90, exif=pictures.exif(6)),
        "WebP photo": pictures.saved(photo, "WEBP", quality=85, method=0),
        "PNG drawing": pictures.saved(drawing, "PNG"),
        "PNG photo": pictures.saved(photo, "PNG", compress_level=1),
    }


def preparing(data: bytes) -> Callable[[], object]:
    """The work of preparing a file for a model."""
    return lambda: prepare(data, LIMITS, field="image")


async def delay(pool: MediaPool | None, data: bytes) -> Delay:
    """How late the loop is while images are prepared, or while nothing is done."""
    late: list[float] = []
    work = [pool.run(prepare, data, LIMITS, field="image") for _ in range(IMAGES)] if pool else []
    busy = asyncio.ensure_future(asyncio.gather(*work) if work else asyncio.sleep(1.0))
    while not busy.done():
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        late.append((time.perf_counter() - began - 0.001) * 1e3)
    await busy
    return Delay.of(late)


async def delays(data: bytes, rounds: int = ROUNDS) -> tuple[Delay, Delay]:
    """How late the loop is while nothing is done, and while images are prepared; in turn, medians of both."""
    pool = MediaPool()
    quiet, busy = [], []
    for _ in range(rounds):
        quiet.append(await delay(None, b""))
        busy.append(await delay(pool, data))
    pool.close()
    return Delay.middle(quiet), Delay.middle(busy)


def pages_per_second(pages: int = 100) -> float:
    """How many pages of dense text are read in a second of CPU."""
    document = open_document(papers.text_pdf(pages))

    def read() -> None:
        for number in range(1, pages + 1):
            document.page(number)

    try:
        return pages / least(read, rounds=1) * 1e3
    finally:
        document.close()


async def measure() -> Table:
    """All figures."""
    table = Table("what", "measured", "scaled", "target")
    with servers.echo() as yardstick:
        scale = REFERENCE_US / await plain_call(yardstick, Effort())
    files = samples()
    for name, data in files.items():
        spent = least(preparing(data))
        table.add_row(
            f"4 megapixels prepared: {name}", f"{spent:.0f} ms", f"{spent * scale:.0f} ms", "150 ms"
        )
    for name in ("JPEG photo", "WebP photo", "PNG photo"):
        quiet, busy = await delays(files[name])
        told = f"{quiet.p99:.1f} -> {busy.p99:.1f} ms"
        table.add_row(f"p99 of the loop's delay, idle -> beside {IMAGES}: {name}", told, "", "as idle")
    pages = pages_per_second()
    table.add_row("PDF pages of 800 words", f"{pages:.0f} / s", f"{pages / scale:.0f} / s", "20 / s")
    return table


if __name__ == "__main__":
    give_back_large_blocks()  # as the gateway does
    servers.FOLDER.mkdir(exist_ok=True)
    Console().print(asyncio.run(measure()))
