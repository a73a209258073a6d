"""Room 1, pure: rules for requests about API keys."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from ringmain.admin.v1 import admin_service_pb2 as admin_pb2

from ringmain_server.config.problems import suggestion
from ringmain_server.edge.rules.common import NAME_LIMIT, Rules, few, found, short, too_long
from ringmain_server.edge.rules.models import PAGE_TOKEN_LIMIT
from ringmain_server.errors import Violation
from ringmain_server.identity.networks import network
from ringmain_server.identity.permissions import SCOPES
from ringmain_server.identity.principal import is_entry

MODEL_LIMIT: Final = 1000
METHOD_LIMIT: Final = 100
NETWORK_LIMIT: Final = 100
NETWORK_LENGTH: Final = 64
LONGEST_GRACE: Final = 7 * 86_400
"""Seconds for which an old secret may work on."""
LARGEST_BUDGET: Final = 9_000_000 * 10**9
"""In units of 1e-9 US dollars. Larger whole numbers are not exact everywhere they are compared."""

NO_METHOD: Final = (
    "is neither a method such as ringmain.v1.ChatService/Chat nor all of a service, with * for the method"
)
NO_ENTRY: Final = "has a * that is not its last character, and would match nothing"
UNPRINTABLE: Final = "holds characters that cannot be printed"
NO_NETWORK: Final = "is neither an address nor a network such as 10.0.0.0/8, without bits beyond its prefix"

_LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999, after which there is no Timestamp."""
_PATH_LIMIT: Final = 64
_METHODS: Final = frozenset(SCOPES) | {f"{method.partition('/')[0]}/*" for method in SCOPES}


def create(request: admin_pb2.CreateApiKeyRequest) -> list[Violation]:
    """Returns what is wrong with a request to make a key."""
    return found(_create(request.key))


def update(request: admin_pb2.UpdateApiKeyRequest) -> list[Violation]:
    """Returns what is wrong with a request to change a key."""
    return found(_update(request))


def rotate(request: admin_pb2.RotateApiKeyRequest) -> list[Violation]:
    """Returns what is wrong with a request to give a key a new secret."""
    return found(_rotate(request))


def revoke(request: admin_pb2.RevokeApiKeyRequest) -> list[Violation]:
    """Returns what is wrong with a request to revoke a key."""
    return found(_id(request.key_id, "key_id"))


def list_keys(request: admin_pb2.ListApiKeysRequest) -> list[Violation]:
    """Returns what is wrong with a request for a page of keys."""
    return found(_list(request))


def named_fields(request: admin_pb2.UpdateApiKeyRequest) -> Sequence[str]:
    """Returns the fields of a key that a request changes: those that it names, else those that it sets."""
    if request.update_mask.paths:
        return tuple(dict.fromkeys(request.update_mask.paths))
    return [field.name for field, _ in request.key.ListFields() if field.name in CHANGEABLE]


def _create(key: admin_pb2.ApiKey) -> Rules:
    if not key.tenant_id:
        yield Violation("key.tenant_id", "names no tenant")
    yield from _text(key.tenant_id, "key.tenant_id")
    for check in CHANGEABLE.values():
        yield from check(key)


def _update(request: admin_pb2.UpdateApiKeyRequest) -> Rules:
    yield from _id(request.key.key_id, "key.key_id")
    yield from _text(request.key.tenant_id, "key.tenant_id")
    yield from few(request.update_mask.paths, "update_mask.paths", _PATH_LIMIT)
    for index, path in enumerate(islice(request.update_mask.paths, _PATH_LIMIT)):
        if path in admin_pb2.ApiKey.DESCRIPTOR.fields_by_name and path not in CHANGEABLE:
            yield Violation(f"update_mask.paths[{index}]", f"names {path}, which cannot be changed")
        elif path not in CHANGEABLE:
            hint = suggestion(path, CHANGEABLE)
            yield Violation(f"update_mask.paths[{index}]", f"names no field of an API key ({hint})")
    for name in named_fields(request):
        yield from CHANGEABLE[name](request.key) if name in CHANGEABLE else ()


def _rotate(request: admin_pb2.RotateApiKeyRequest) -> Rules:
    yield from _id(request.key_id, "key_id")
    yield from _grace(request.grace_period)


def _list(request: admin_pb2.ListApiKeysRequest) -> Rules:
    if request.page_size < 0:
        yield Violation("page_size", "is negative")
    yield from short(request.page_token, "page_token", PAGE_TOKEN_LIMIT)
    yield from _text(request.tenant_id, "tenant_id")


def _id(key_id: str, path: str) -> Rules:
    if not key_id:
        yield Violation(path, "names no API key")
    yield from _text(key_id, path)


def _text(value: str, path: str) -> Rules:
    if len(value) > NAME_LIMIT:
        yield Violation(path, too_long(NAME_LIMIT))
    elif value and not value.isprintable():
        yield Violation(path, UNPRINTABLE)


def _grace(grace: Duration) -> Rules:
    seconds, nanos = grace.seconds, grace.nanos
    if not -999_999_999 <= nanos <= 999_999_999 or seconds * nanos < 0:
        yield Violation("grace_period", "is not a duration: its nanos are out of range, or of another sign")
    elif seconds < 0 or nanos < 0:
        yield Violation("grace_period", "is negative")
    elif seconds + nanos / 1e9 > LONGEST_GRACE:
        yield Violation("grace_period", "is longer than 7 days")


# Each of these checks one field of a key, and nothing that depends on another.


def _display_name(key: admin_pb2.ApiKey) -> Rules:
    return _text(key.display_name, "key.display_name")


def _scopes(key: admin_pb2.ApiKey) -> Rules:
    known = admin_pb2.ApiKeyScope.values()
    if not key.scopes:
        yield Violation("key.scopes", "holds none, and a key without a scope may do nothing")
    yield from few(key.scopes, "key.scopes", len(known))
    for index, scope in enumerate(islice(key.scopes, len(known))):
        if scope not in known or scope == admin_pb2.API_KEY_SCOPE_UNSPECIFIED:
            yield Violation(f"key.scopes[{index}]", "is unknown, or not set")


def _allowed_models(key: admin_pb2.ApiKey) -> Rules:
    return _each(key.allowed_models, "key.allowed_models", MODEL_LIMIT, _model)


def _allowed_methods(key: admin_pb2.ApiKey) -> Rules:
    return _each(key.allowed_methods, "key.allowed_methods", METHOD_LIMIT, _method)


def _allowed_networks(key: admin_pb2.ApiKey) -> Rules:
    return _each(key.allowed_networks, "key.allowed_networks", NETWORK_LIMIT, _network)


def _each(values: Sequence[str], path: str, limit: int, check: Callable[[str], str]) -> Rules:
    yield from few(values, path, limit)
    for index, value in enumerate(islice(values, limit)):
        if problem := check(value):
            yield Violation(f"{path}[{index}]", problem)


def _model(name: str) -> str:
    if not name:
        return "names no model"
    if len(name) > NAME_LIMIT:
        return too_long(NAME_LIMIT)
    if not is_entry(name):
        return NO_ENTRY
    return "" if name.isprintable() else UNPRINTABLE


def _method(name: str) -> str:
    if name in _METHODS:
        return ""
    if len(name) > NAME_LIMIT:
        return too_long(NAME_LIMIT)
    return NO_METHOD


def _network(text: str) -> str:
    if len(text) > NETWORK_LENGTH:
        return too_long(NETWORK_LENGTH)
    try:
        network(text)
    except ValueError:
        return NO_NETWORK
    return ""


def _limit(name: str, most: int = 2**63 - 1) -> Callable[[admin_pb2.ApiKey], Rules]:
    def check(key: admin_pb2.ApiKey) -> Rules:
        value: int = getattr(key, name)
        if value < 0:
            yield Violation(f"key.{name}", "is negative")
        elif value > most:
            yield Violation(f"key.{name}", "is more than 9,000,000 dollars")

    return check


def _expire_time(key: admin_pb2.ApiKey) -> Rules:
    if key.HasField("expire_time"):
        yield from _instant(key.expire_time, "key.expire_time")


def _instant(time: Timestamp, path: str) -> Rules:
    if not (0 <= time.seconds <= _LAST_SECOND and 0 <= time.nanos <= 999_999_999):
        yield Violation(path, "is no time from 1970 to 9999")


CHANGEABLE: Final[Mapping[str, Callable[[admin_pb2.ApiKey], Rules]]] = MappingProxyType(
    {
        "display_name": _display_name,
        "scopes": _scopes,
        "allowed_models": _allowed_models,
        "requests_per_minute": _limit("requests_per_minute"),
        "tokens_per_minute": _limit("tokens_per_minute"),
        "monthly_budget_nano_usd": _limit("monthly_budget_nano_usd", LARGEST_BUDGET),
        "expire_time": _expire_time,
        "allowed_methods": _allowed_methods,
        "allowed_networks": _allowed_networks,
    }
)
"""Maps the fields of a key that its maker chooses, and may change later, to their rules."""
