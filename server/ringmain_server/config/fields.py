"""Configuration, outside the rooms: the types of single settings."""

import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Literal, Never, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, Strict

from ringmain_server.config import units

T = TypeVar("T")

_HOST = re.compile(r"(?:[a-z0-9_.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?", re.ASCII | re.IGNORECASE)


def _not_bool(value: object) -> object:
    # A bool is an int to Python, so that `price: true` would be one dollar.
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004, pydantic takes ValueError
    return value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _stripped(value: object) -> object:
    # Files that hold a key mostly end in a line break, which no HTTP header may have.
    return value.strip() if isinstance(value, str) else value


def _base_url(value: str) -> str:
    try:
        url = urlsplit(value)
        sound = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise ValueError("must be an address that starts with http:// or https://")
    # A key in an address would be printed with it.
    if url.query or url.fragment or url.username is not None:
        raise ValueError("must be scheme, host and path only: keys belong in api_key or headers")
    return value.rstrip("/")


def _endpoint(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError("must be a host, or host:port, without a scheme")
    return value


def frozen(value: Mapping[str, T]) -> Mapping[str, T]:
    """A mapping that nobody can change."""
    return MappingProxyType(dict(value))


def not_empty(value: tuple[T, ...]) -> tuple[T, ...]:
    """The value, if it holds anything."""
    # Not pydantic's min_length, which counts the sound elements and so reports a wrong one twice.
    if not value:
        raise ValueError("must not be empty")
    return value


def nothing() -> Mapping[str, Never]:
    """An empty mapping that nobody can change."""
    # Read only, so that nobody can add to what everybody shares.
    return MappingProxyType({})


Text = Annotated[str, Field(min_length=1)]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=1)]
Share = Annotated[float, Strict(), Field(ge=0, le=1, allow_inf_nan=False)]
Wait = Annotated[float, BeforeValidator(units.seconds), Field(ge=0, allow_inf_nan=False)]
Span = Annotated[float, BeforeValidator(units.seconds), Field(gt=0, allow_inf_nan=False)]
Size = Annotated[int, BeforeValidator(units.size), Field(ge=1, le=2**31 - 1)]
Dollars = Annotated[Decimal, BeforeValidator(_not_bool), Field(ge=0)]
Number = Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False)]
Address = Annotated[str, AfterValidator(units.address)]
HostPort = Annotated[str, AfterValidator(units.host_port)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
Location = Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
Secret = Annotated[SecretStr, Field(min_length=1), BeforeValidator(_stripped)]
Level = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]


class Section(BaseModel):
    """Part of the settings: frozen, and without unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=False,
        hide_input_in_errors=True,
        protected_namespaces=(),
    )
