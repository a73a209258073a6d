"""Command line, pure: formats API keys as plain columns."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from ringmain.admin.v1.admin_service_pb2 import ApiKey, ApiKeyScope

from ringmain_server.cli.summary import money

_HEAD = ("KEY", "TENANT", "NAME", "SCOPES", "STATE", "LAST USED", "LIMITS")


def key_lines(keys: Sequence[ApiKey], now: float) -> Iterator[str]:
    """Yields a heading and a line for each key, in columns.

    Args:
        keys: The keys.
        now: Seconds since the epoch.
    """
    return columns([_HEAD, *(_row(key, now) for key in keys)])


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yields rows with their cells below one another, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def scope_names(key: ApiKey) -> str:
    """Returns the scopes of a key in lower case, such as `inference,usage`."""
    known = ApiKeyScope.DESCRIPTOR.values_by_number
    names = (known[scope].name if scope in known else str(scope) for scope in key.scopes)
    return ",".join(name.removeprefix("API_KEY_SCOPE_").lower() for name in names)


def state(key: ApiKey, now: float) -> str:
    """Returns whether a key works, and until when."""
    if key.HasField("revoke_time"):
        return f"revoked {_day(key.revoke_time)}"
    if not key.HasField("expire_time"):
        return "active"
    over = key.expire_time.ToMicroseconds() / 1e6 <= now
    return f"{'expired' if over else 'until'} {_minute(key.expire_time)}"


def _row(key: ApiKey, now: float) -> tuple[str, ...]:
    return (
        key.key_id,
        _one_word(key.tenant_id),
        _one_word(key.display_name) or "-",
        scope_names(key) or "-",
        state(key, now),
        _minute(key.last_use_time) if key.HasField("last_use_time") else "never",
        ", ".join(_limits(key)) or "-",
    )


def _limits(key: ApiKey) -> Iterator[str]:
    if key.allowed_models:
        yield f"models {' '.join(key.allowed_models)}"
    if key.allowed_methods:
        yield f"methods {' '.join(key.allowed_methods)}"
    if key.allowed_networks:
        yield f"networks {' '.join(key.allowed_networks)}"
    if key.HasField("requests_per_minute"):
        yield f"{key.requests_per_minute} requests/min"
    if key.HasField("tokens_per_minute"):
        yield f"{key.tokens_per_minute} tokens/min"
    if key.HasField("monthly_budget_nano_usd"):
        yield f"{money(key.monthly_budget_nano_usd)}/month"


def _one_word(text: str) -> str:
    return " ".join(text.split())


def _day(time: Timestamp) -> str:
    return time.ToDatetime(UTC).date().isoformat()


def _minute(time: Timestamp) -> str:
    instant: datetime = time.ToDatetime(UTC)
    return f"{instant:%Y-%m-%d %H:%M}Z"
