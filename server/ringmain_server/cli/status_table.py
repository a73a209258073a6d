"""Command line, pure: formats providers as a table."""

from collections.abc import Iterator, Sequence

from google.protobuf.timestamp_pb2 import Timestamp
from rich import box
from rich.table import Table
from rich.text import Text
from ringmain.admin.v1.admin_service_pb2 import Breaker, BreakerState, Provider, ProviderState

from ringmain_server.cli.summary import seconds

_STYLES = {"open": "red", "half-open": "yellow", "drained": "yellow"}


def status_table(providers: Sequence[Provider], now: float) -> Table:
    """Returns a table with a row for each breaker, under its provider's name.

    Args:
        providers: The gateway's answer.
        now: The time, in seconds since 1970.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("provider", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("in flight", "latency", "failures"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("model", overflow="fold", min_width=10)
    table.add_column("breaker", no_wrap=True)
    table.add_column("why", overflow="fold", min_width=10)
    for provider in providers:
        for row in _rows(provider, now):
            # As Text, since rich would read brackets in a name as markup.
            table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    return table


def _rows(provider: Provider, now: float) -> Iterator[tuple[str, ...]]:
    name = provider.provider_id
    head = (
        name if provider.kind == name else f"{name} ({provider.kind})",
        ProviderState.Name(provider.state).removeprefix("PROVIDER_STATE_").lower(),
        str(provider.in_flight_count),
        seconds(provider.median_latency.ToNanoseconds() / 1e9) if provider.HasField("median_latency") else "",
        f"{provider.failure_rate:.0%}" if provider.failure_rate else "",
    )
    if not provider.breakers:
        yield (*head, "", "", "")
    for index, breaker in enumerate(provider.breakers):
        before = head if index == 0 else ("",) * len(head)
        yield (*before, breaker.provider_model, _state(breaker), " · ".join(_why(breaker, now)))


def _state(breaker: Breaker) -> str:
    return BreakerState.Name(breaker.state).removeprefix("BREAKER_STATE_").lower().replace("_", "-")


def _why(breaker: Breaker, now: float) -> Iterator[str]:
    """Yields why a candidate gets no requests and until when, or its last failure."""
    if breaker.HasField("probe_time"):
        yield f"next try {_until(breaker.probe_time, now)}"
    if breaker.cooldown_reason:
        end = (
            f"until {_until(breaker.cooldown_end_time, now)}"
            if breaker.HasField("cooldown_end_time")
            else "until checked"
        )
        yield f"cooldown {end.replace('until in', 'for')}: {breaker.cooldown_reason}"
    elif breaker.HasField("last_error"):
        yield breaker.last_error.message


def _until(instant: Timestamp, now: float) -> str:
    left = instant.ToNanoseconds() / 1e9 - now
    return f"in {left:.0f} s" if left > 0 else "now"
