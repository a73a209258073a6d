"""Room 2, pure: API keys as messages of the contract, and what such messages say of stored keys."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from ringmain.admin.v1 import admin_service_pb2 as admin_pb2

from ringmain_server.edge.rules.keys import CHANGEABLE
from ringmain_server.identity.principal import Scope
from ringmain_server.identity.records import KeyRecord

_SCOPES: Final[Mapping[admin_pb2.ApiKeyScope.ValueType, Scope]] = MappingProxyType(
    {
        admin_pb2.API_KEY_SCOPE_INFERENCE: Scope.INFERENCE,
        admin_pb2.API_KEY_SCOPE_USAGE: Scope.USAGE,
        admin_pb2.API_KEY_SCOPE_ADMIN: Scope.ADMIN,
    }
)
_NUMBERS: Final = {scope: number for number, scope in _SCOPES.items()}
_LISTS: Final = ("allowed_models", "allowed_methods", "allowed_networks")


def message(record: KeyRecord, now: float) -> admin_pb2.ApiKey:
    """Returns a key as the contract has it, without its hashes.

    Args:
        record: The stored key.
        now: Seconds since the epoch, by which the secret before the present one may have stopped.
    """
    old_until = record.old_secret_expire_time
    return admin_pb2.ApiKey(
        key_id=record.key_id,
        tenant_id=record.tenant_id,
        display_name=record.display_name,
        scopes=sorted(_NUMBERS[scope] for scope in record.scopes),
        allowed_models=record.allowed_models,
        allowed_methods=record.allowed_methods,
        allowed_networks=record.allowed_networks,
        requests_per_minute=record.requests_per_minute,
        tokens_per_minute=record.tokens_per_minute,
        monthly_budget_nano_usd=record.monthly_budget_nano_usd,
        create_time=_instant(record.create_time),
        expire_time=_instant(record.expire_time),
        rotate_time=_instant(record.rotate_time),
        old_secret_expire_time=_instant(old_until if old_until is not None and old_until > now else None),
        revoke_time=_instant(record.revoke_time),
        last_use_time=_instant(record.last_use_time),
    )


def recorded(key: admin_pb2.ApiKey, key_id: str, secret_hash: bytes, now: float) -> KeyRecord:
    """Returns a new key to store, with what a message says that its maker chooses."""
    made = KeyRecord(key_id, key.tenant_id, secret_hash, _whole(now))
    return changed(made, key, CHANGEABLE)


def changed(record: KeyRecord, key: admin_pb2.ApiKey, names: Iterable[str]) -> KeyRecord:
    """Returns a stored key with the named fields as a message has them; those that it lacks are cleared."""
    values: dict[str, object] = {name: _value(key, name) for name in names}
    return replace(record, **values)  # type: ignore[arg-type]  # the fields' types, as `_value` makes them


def _value(key: admin_pb2.ApiKey, name: str) -> object:
    if name == "scopes":
        return frozenset(_SCOPES[scope] for scope in key.scopes)
    if name in _LISTS:
        return tuple(dict.fromkeys(getattr(key, name)))
    if name == "display_name":
        return key.display_name
    if not key.HasField(name):  # type: ignore[arg-type]  # one of the fields that may be absent
        return None
    return key.expire_time.ToMicroseconds() / 1e6 if name == "expire_time" else getattr(key, name)


def _instant(seconds: float | None) -> Timestamp | None:
    if seconds is None:
        return None
    time = Timestamp()
    time.FromMicroseconds(round(seconds * 1e6))
    return time


def _whole(seconds: float) -> float:
    """Returns an instant in whole microseconds, as messages have it."""
    return round(seconds * 1e6) / 1e6
