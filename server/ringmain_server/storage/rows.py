"""Storage, pure: keys as rows of the table `api_key`."""

import json
from collections.abc import Iterable
from typing import Final, cast

from ringmain_server.identity.principal import Scope
from ringmain_server.identity.records import KeyRecord
from ringmain_server.storage.statements import Row, Value

COLUMNS: Final = (
    "key_id",
    "tenant_id",
    "secret_hash",
    "create_time",
    "display_name",
    "scopes",
    "allowed_models",
    "allowed_methods",
    "allowed_networks",
    "requests_per_minute",
    "tokens_per_minute",
    "monthly_budget_nano_usd",
    "old_secret_hash",
    "old_secret_expire_time",
    "expire_time",
    "rotate_time",
    "revoke_time",
    "last_use_time",
)
"""The columns that hold a key: the fields of `KeyRecord`, in order, from the id to the last use."""


def row_of(record: KeyRecord) -> Row:
    """Returns a key as a row of `COLUMNS`."""
    return tuple(_value(getattr(record, name)) for name in COLUMNS)


def record_of(row: Row) -> KeyRecord:
    """Returns the key in a row of `COLUMNS`."""
    values: dict[str, object] = dict(zip(COLUMNS, row, strict=True))
    values["scopes"] = frozenset(map(Scope, _list(values["scopes"])))
    for name in ("allowed_models", "allowed_methods", "allowed_networks"):
        values[name] = tuple(_list(values[name]))
    return KeyRecord(**values)  # type: ignore[arg-type]  # the table's columns have the fields' types


def _value(value: object) -> Value:
    if isinstance(value, frozenset):
        return _json(sorted(scope.value for scope in value))
    return _json(value) if isinstance(value, tuple) else cast("Value", value)


def _json(names: Iterable[str]) -> str:
    return json.dumps(list(names), ensure_ascii=False)


def _list(text: object) -> list[str]:
    found = json.loads(str(text))
    assert isinstance(found, list)
    return found
