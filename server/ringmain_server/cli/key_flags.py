"""Command line: the flags that say what an API key may be used for, and the message that they make."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration
    from ringmain.admin.v1.admin_service_pb2 import ApiKey


class ScopeChoice(enum.StrEnum):
    """The scopes of a key."""

    INFERENCE = "inference"
    USAGE = "usage"
    ADMIN = "admin"


class Clearable(enum.StrEnum):
    """The limits of a key that can be taken away."""

    NAME = "name"
    MODELS = "models"
    METHODS = "methods"
    NETWORKS = "networks"
    REQUESTS_PER_MINUTE = "requests-per-minute"
    TOKENS_PER_MINUTE = "tokens-per-minute"
    MONTHLY_BUDGET = "monthly-budget"
    EXPIRES = "expires"


_SPAN: Final = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "name": "display_name",
        "scope": "scopes",
        "model": "allowed_models",
        "models": "allowed_models",
        "method": "allowed_methods",
        "methods": "allowed_methods",
        "network": "allowed_networks",
        "networks": "allowed_networks",
        "monthly_budget": "monthly_budget_nano_usd",
        "expires": "expire_time",
    }
)
"""Maps flags and the names that `--clear` takes to fields of the contract, where they differ."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyFlags:
    """Flags about what an API key may be used for."""

    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="A name for people.")] = None
    scope: Annotated[
        list[ScopeChoice] | None,
        typer.Option(metavar="SCOPE", help="inference (a new key's default), usage or admin. Repeatable."),
    ] = None
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A model that it may use; `NAME*` is all that begin so. Repeatable."
        ),
    ] = None
    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A method that it may call: ringmain.v1.ChatService/Chat, or /*. Repeatable."
        ),
    ] = None
    network: Annotated[
        list[str] | None,
        typer.Option(metavar="CIDR", help="An address or network that it may be used from. Repeatable."),
    ] = None
    requests_per_minute: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="The most requests in any minute.")
    ] = None
    tokens_per_minute: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="The most tokens in any minute.")
    ] = None
    monthly_budget: Annotated[
        str | None, typer.Option(metavar="DOLLARS", help="The most to spend in a calendar month (UTC).")
    ] = None
    expires: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="When it stops working: 12h, 90d, 2027-03-31, 2027-03-31T18:00Z."),
    ] = None


def fill(key: "ApiKey", flags: KeyFlags, now: float) -> list[str]:
    """Puts what the flags say into a message.

    Args:
        key: The message.
        flags: The flags.
        now: Seconds since the epoch.

    Returns:
        The fields that were given.

    Raises:
        Failure: A flag's value cannot be read.
    """
    given = [name for name in KeyFlags.__dataclass_fields__ if getattr(flags, name) is not None]
    for name in given:
        _put(key, name, getattr(flags, name), now)
    return list(map(field_of, given))


def field_of(flag: str) -> str:
    """Returns the contract's name of a field, for a flag or a name that `--clear` takes."""
    plain = flag.replace("-", "_")
    return _FIELDS.get(plain, plain)


def span(text: str, flag: str) -> "Duration":
    """Reads a span such as `90d`.

    Raises:
        Failure: It is none.
    """
    from google.protobuf.duration_pb2 import Duration

    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise _unreadable(flag, text, "a span such as 90s, 30m, 12h, 7d or 2w")
    return Duration(seconds=int(match[1]) * _SECONDS[match[2]])


def _put(key: "ApiKey", name: str, value: object, now: float) -> None:
    from ringmain.admin.v1.admin_service_pb2 import ApiKeyScope

    field = field_of(name)
    if name == "scope" and isinstance(value, list):
        key.scopes.extend(ApiKeyScope.Value(f"API_KEY_SCOPE_{scope.upper()}") for scope in value)
    elif isinstance(value, list):
        getattr(key, field).extend(value)
    elif name == "monthly_budget":
        key.monthly_budget_nano_usd = _nano_dollars(str(value))
    elif name == "expires":
        key.expire_time.FromMicroseconds(round(_instant(str(value), now) * 1e6))
    else:
        setattr(key, field, value)


def _nano_dollars(text: str) -> int:
    try:
        nano = Decimal(text.removeprefix("$")) * 10**9
    except InvalidOperation:
        nano = Decimal("NaN")
    if not nano.is_finite() or not 0 <= nano < 2**63:
        raise _unreadable("--monthly-budget", text, "an amount in US dollars such as 250 or 0.50")
    return int(nano)


def _instant(text: str, now: float) -> float:
    if _SPAN.fullmatch(text.strip()):
        return now + span(text, "--expires").seconds
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise _unreadable(
            "--expires", text, "a span such as 90d or a time such as 2027-03-31T18:00Z"
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _unreadable(flag: str, text: str, expected: str) -> Exception:
    from ringmain_server.cli.failures import USAGE, CommandFailure

    return CommandFailure(f"error: {flag} {text!r} is not {expected}", code=USAGE)
