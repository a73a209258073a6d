"""Configuration: the types of single settings."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Literal, Never, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, Strict

from ringmain_server.config import units

T = TypeVar("T")

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# https://www.rfc-editor.org/rfc/rfc9110.html#name-tokens
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade"})
"""Headers that tell where a message ends on a connection. A fixed value would break every request."""
_LONGEST = 10 * 365 * 86400.0
"""The longest span in seconds. Longer ones would overflow timers."""

_HOST = re.compile(r"(?:[a-z0-9_.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?", re.ASCII | re.IGNORECASE)


def _not_bool(value: object) -> object:
    # A bool is an int in Python, so `price: true` would be one dollar.
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004, pydantic takes ValueError
    return value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _one_line(value: str) -> str:
    # Nearly every text is sent in an HTTP header or a path, where control characters are not allowed.
    if _CONTROL.search(value):
        raise ValueError("must not have line breaks or other control characters")
    return value


def _secret(value: object) -> object:
    # Files that contain a key usually end in a line break.
    return _one_line(value.strip()) if isinstance(value, str) else value


def _timed(value: float) -> float:
    if value > _LONGEST:
        raise ValueError("must be at most ten years")
    return value


def _header_name(value: str) -> str:
    if not _HEADER_NAME.fullmatch(value):
        raise ValueError("is no name of an HTTP header")
    if value.lower() in _FRAMING:
        raise ValueError("is a header that belongs to each request itself")
    return value


def _base_url(value: str) -> str:
    _one_line(value)  # urlsplit would drop control characters
    try:
        url = urlsplit(value)
        sound = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise ValueError("must be an address that starts with http:// or https://")
    # A key in an address would be printed with the address.
    if url.query or url.fragment or url.username is not None:
        raise ValueError("must be scheme, host and path only: keys belong in api_key or headers")
    return value.rstrip("/")


def _day(value: str) -> str:
    # `fromisoformat` also reads weeks and dates without dashes, in which days do not sort like text.
    try:
        day = date.fromisoformat(value).isoformat()
    except ValueError:
        day = ""
    if day != value:
        raise ValueError("must be a date such as 2027-03-31")
    return value


def _endpoint(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError("must be a host, or host:port, without a scheme")
    return value


def frozen(value: Mapping[str, T]) -> Mapping[str, T]:
    """Returns a read-only copy of a mapping."""
    return MappingProxyType(dict(value))


def not_empty(value: tuple[T, ...]) -> tuple[T, ...]:
    """Returns the value if it is not empty.

    Raises:
        ValueError: It is empty.
    """
    # pydantic's min_length counts valid elements only, so it would report an invalid one twice.
    if not value:
        raise ValueError("must not be empty")
    return value


def nothing() -> Mapping[str, Never]:
    """Returns an empty read-only mapping."""
    # One instance is shared by all sections, so it must be read-only.
    return MappingProxyType({})


_TIMED = AfterValidator(_timed)
Text = Annotated[str, Field(min_length=1), AfterValidator(_one_line)]
Day = Annotated[str, AfterValidator(_day)]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=1, le=2**31 - 1)]
Most = Annotated[int, Strict(), Field(ge=0, le=2**31 - 1)]
Share = Annotated[float, Strict(), Field(ge=0, le=1, allow_inf_nan=False)]
Wait = Annotated[
    float, BeforeValidator(units.seconds), Field(ge=0, allow_inf_nan=False), AfterValidator(_timed)
]
Span = Annotated[
    float, BeforeValidator(units.seconds), Field(gt=0, allow_inf_nan=False), AfterValidator(_timed)
]
Size = Annotated[int, BeforeValidator(units.size), Field(ge=1, le=2**31 - 1)]
Dollars = Annotated[Decimal, BeforeValidator(_not_bool), Field(ge=0, le=10**9)]
Number = Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False)]
Address = Annotated[str, AfterValidator(units.address)]
HostPort = Annotated[str, AfterValidator(units.host_port)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
Location = Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
Secret = Annotated[SecretStr, Field(min_length=1), BeforeValidator(_secret)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
Level = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]


class SecretUrl(SecretStr):
    """An address that may hold a password, which is all of it that is masked."""

    @property
    def password(self) -> str:
        """The password as it is written in the address, empty if there is none."""
        return urlsplit(self.get_secret_value()).netloc.rpartition("@")[0].partition(":")[2]

    def shown(self, mask: str = "********") -> str:
        """Returns the address for people, its password masked."""
        url = self.get_secret_value()
        return url.replace(f":{self.password}@", f":{mask}@", 1) if self.password else url


class Section(BaseModel):
    """A section of the settings. It is frozen, and unknown keys are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=False,
        hide_input_in_errors=True,
        protected_namespaces=(),
    )
