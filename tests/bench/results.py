"""Tests, benchmark: figures with their targets, as a table and as JSON."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tests.bench.echo import REFERENCE_US
from tests.bench.providers import Measured

BUSY = 0.4
"""The share of the cores that others may use before it shows in the figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of one server.

    Attributes:
        name: What was measured, such as `unary.cpu_us`.
        label: The same in words.
        unit: Of the value.
        server: `gateway` or `bare`.
        value: The median of the samples.
        samples: Every repetition.
        limit: The most that is acceptable of the gateway; None for figures without a target.
        yardstick: What a call to the yardstick cost beside each repetition, in µs; empty where the machine's
            speed says nothing about the figure.
        most: The highest acceptable ratio to the bare relay; None without a bound.
    """

    name: str
    label: str
    unit: str
    server: str
    value: float
    samples: tuple[float, ...]
    limit: float | None = None
    yardstick: tuple[float, ...] = ()
    most: float | None = None

    @property
    def scaled(self) -> float:
        """The value as the machine would have it on which the targets were set; see `echo`."""
        if not self.yardstick:
            return self.value
        pairs = zip(self.samples, self.yardstick, strict=True)
        return statistics.median(sample * REFERENCE_US / yardstick for sample, yardstick in pairs)

    @property
    def missed(self) -> bool:
        """Whether the gateway needs more than it may."""
        return self.server == "gateway" and self.limit is not None and self.scaled > self.limit


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of figure, measured for every server."""

    name: str
    label: str
    unit: str
    limit: float | None = None
    most: float | None = None

    def of(self, server: str, samples: Sequence[float], yardstick: Sequence[float] = ()) -> Figure:
        """The figure that these repetitions give, with the yardstick's beside each."""
        return Figure(
            name=self.name,
            label=self.label,
            unit=self.unit,
            server=server,
            value=statistics.median(samples),
            samples=tuple(samples),
            limit=self.limit,
            yardstick=tuple(yardstick),
            most=self.most,
        )


STARTUP = Kind("startup.seconds", "Start to SERVING, sandbox alone", "s", 1.5)
STARTUP_ALL = Kind("startup.all.seconds", "Start to SERVING, every provider", "s", 5.0)
RSS_IDLE = Kind("rss.idle", "RSS idle, sandbox alone", "MB", 75)
RSS_IDLE_ALL = Kind("rss.all.idle", "RSS idle, every provider", "MB", 165)
RSS_LOADED = Kind("rss.loaded", "RSS after all load", "MB")
LAYERS_UNARY = Kind("layers.unary_us", "Layers alone: CPU a call", "µs", 80)
EXCHANGE_UNARY = Kind("exchange.unary_us", "Exchange alone: CPU a call", "µs")
LAYERS_TOKEN = Kind("layers.token_us", "Layers alone: CPU a token", "µs", 3)
EXCHANGE_TOKEN = Kind("exchange.token_us", "Exchange alone: CPU a token", "µs")
ADDED_P50 = Kind("latency.added_p50", "Unary, added latency, p50", "ms")
ADDED_P99 = Kind("latency.added_p99", "Unary, added latency, p99", "ms")
FIRST_P50 = Kind("first_content.p50", "First content, p50", "ms")
FIRST_P99 = Kind("first_content.p99", "First content, p99", "ms")
FIRST_ADDED = Kind("first_content.added_p50", "First content, added, p50", "ms")
LEAK = Kind("leak.growth", "RSS growth, calls and cancels", "%", 5)
TIMES = "x"
"""The unit of what is a ratio itself, so that its limit holds on any machine."""
CANCEL = Kind("ratio.cancel", "Cancel to connection closed, to bare", TIMES, 3)
TAKEOVER = Kind("ratio.takeover", "First content after a 503, to none", TIMES, 3)
BREAKER = Kind("ratio.breaker", "Call past an open breaker, to none", TIMES, 1.4)
PREPARED = Kind("ratio.prepared", "4 megapixels prepared, to Pillow", TIMES, 1.3)
LOOP = Kind("ratio.loop", "Loop late beside photos, p99, to one", TIMES, 0.5)
PAGES = Kind("ratio.pages", "Page of a PDF read, to pdfium", TIMES, 18)
KEY = Kind("identity.key_us", "A key among 10,000: CPU a call", "µs", 4)
REFUSED_KEYS = Kind("ratio.refused_keys", "Refused keys, slowest to quickest", TIMES, 1.05)
REFUSED_CALLS = Kind("ratio.refused_calls", "Refused calls, slowest to quickest", TIMES, 1.05)


def cpu_and_rate(provider: Measured, load: str) -> tuple[Kind, Kind]:
    """The two figures of a kind of load on a provider: `unary`, `burst` or `paced`."""
    shape, unit, most = LOADS[load]
    limit: float | None = getattr(provider, load)
    return (
        Kind(f"{provider.kind}.{load}.cpu_us", f"{provider.kind}, {shape}: CPU a {unit}", "µs", limit, most),
        Kind(f"{provider.kind}.{load}.rate", f"{provider.kind}, {shape}: {unit}s", "1/s"),
    )


LOADS = {
    "unary": ("16 calls", "call", 2.0),
    "burst": ("16 bursts", "token", 1.9),
    "paced": ("200 paced", "token", 1.9),
}
"""What is done at the same time, what is counted, and the highest acceptable ratio to the bare relay."""


def show(figures: Sequence[Figure], console: Console) -> None:
    """Prints one row for each kind, the servers side by side."""
    table = Table(
        title="Ringmain benchmark: server CPU, latency and memory",
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("", no_wrap=True)
    for heading in ("gateway", "scaled", "target", "bare", "ratio"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name in dict.fromkeys(figure.name for figure in figures):
        row = {figure.server: figure for figure in figures if figure.name == name}
        any_figure = next(iter(row.values()))
        limit = "" if any_figure.limit is None else f"≤ {any_figure.limit:g}"
        gateway, bare = row.get("gateway"), row.get("bare")
        shown = ("", "") if gateway is None else (_number(gateway.value), _judged(gateway))
        ratio = ratio_of(gateway, bare)
        most = None if gateway is None else gateway.most
        bound = "" if ratio is None or most is None else f" ≤ {most:g} {'✗' if ratio > most else '✓'}"
        shown_ratio = "" if ratio is None else f"{ratio:.2f}{bound}"
        cells = (*shown, limit, "" if bare is None else _number(bare.value), shown_ratio)
        table.add_row(f"{any_figure.label}, {any_figure.unit}", *cells)
    console.print(table)
    if yardstick := [one for figure in figures for one in figure.yardstick]:
        here = statistics.median(yardstick)
        console.print(
            f"A plain gRPC call costs {here:.0f} µs of CPU here, {REFERENCE_US:.0f} where targets were set. "
            f"Scaled is CPU in that proportion, taken each time: {REFERENCE_US / here:.2f} in all."
        )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _judged(figure: Figure) -> str:
    """The value that is held against the target, where there is one."""
    if figure.limit is None:
        return _number(figure.scaled) if figure.yardstick else ""
    text = _number(figure.scaled)
    return f"[red]{text} ✗[/red]" if figure.missed else f"[green]{text} ✓[/green]"


def ratio_of(gateway: Figure | None, bare: Figure | None) -> float | None:
    """How many times the bare relay's figure the gateway's is, the median of the repetitions."""
    if gateway is None or bare is None or gateway.unit == "%" or bare.value <= 0:
        return None
    if len(gateway.samples) != len(bare.samples):
        return gateway.value / bare.value
    return statistics.median(a / b for a, b in zip(gateway.samples, bare.samples, strict=True))


def missed_ratios(figures: Sequence[Figure]) -> list[str]:
    """The names of what exceeds its bound in comparison with something else in the same run."""
    bare = {figure.name: figure for figure in figures if figure.server == "bare"}
    missed = []
    for figure in figures:
        ratio = figure.value if figure.unit == TIMES else ratio_of(figure, bare.get(figure.name))
        most = figure.limit if figure.unit == TIMES else figure.most
        if figure.server == "gateway" and ratio is not None and most is not None and ratio > most:
            missed.append(figure.name)
    return missed


def busy(load_average: float) -> str:
    """A hint when others use the machine, by its load before the benchmark; else nothing."""
    cores = os.cpu_count() or 1
    if load_average < cores * BUSY:
        return ""
    return (
        f"The load average was {load_average:.1f} on {cores} cores before the first measurement: others work "
        "here. Times are longer than on a quiet machine; compare with the bare relay."
    )


def write(figures: Sequence[Figure], path: Path, load_average: float) -> None:
    """Writes the figures and what they were measured on as JSON."""
    machine = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpu_count": os.cpu_count(),
        "load_average_before": load_average,
        "busy": bool(busy(load_average)),
    }
    document = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "figures": [
            asdict(figure) | {"scaled": figure.scaled, "missed": figure.missed} for figure in figures
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
