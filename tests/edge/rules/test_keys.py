"""Rules for requests about API keys."""

from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from ringmain.admin.v1 import admin_service_pb2 as pb
from ringmain_server.edge.rules import keys
from ringmain_server.errors import Violation

GOOD: dict[str, Any] = {
    "tenant_id": "acme",
    "display_name": "the night batch",
    "scopes": [pb.API_KEY_SCOPE_INFERENCE, pb.API_KEY_SCOPE_USAGE, pb.API_KEY_SCOPE_ADMIN],
    "allowed_models": ["smart", "sandbox/*", "*"],
    "requests_per_minute": 0,
    "tokens_per_minute": 2**63 - 1,
    "monthly_budget_nano_usd": 9 * 10**15,
    "expire_time": Timestamp(seconds=253402300799, nanos=999999999),
    "allowed_methods": ["ringmain.v1.ChatService/Chat", "ringmain.admin.v1.AdminService/*"],
    "allowed_networks": ["203.0.113.7", "10.0.0.0/8", "2001:db8::/32", "::1"],
}


def told(violations: list[Violation]) -> list[tuple[str, str]]:
    """The paths and descriptions of violations."""
    return [(one.field, one.description) for one in violations]


def test_a_good_key() -> None:
    """A key with every field that its maker chooses breaks no rule, and neither does one with two."""
    assert not keys.create(pb.CreateApiKeyRequest(key=pb.ApiKey(**GOOD)))
    least = pb.ApiKey(tenant_id="a", scopes=[pb.API_KEY_SCOPE_USAGE])
    assert not keys.create(pb.CreateApiKeyRequest(key=least))


@pytest.mark.parametrize(
    ("field", "value", "path", "problem"),
    [
        ("tenant_id", "", "tenant_id", "names no tenant"),
        ("tenant_id", "a\0", "tenant_id", "holds characters that cannot be printed"),
        ("display_name", "two\nlines", "display_name", "holds characters that cannot be printed"),
        ("scopes", [], "scopes", "holds none, and a key without a scope may do nothing"),
        ("scopes", [1, 0], "scopes[1]", "is unknown, or not set"),
        ("scopes", [99], "scopes[0]", "is unknown, or not set"),
        ("allowed_models", ["a", ""], "allowed_models[1]", "names no model"),
        ("allowed_models", ["a\n"], "allowed_models[0]", "holds characters that cannot be printed"),
        ("allowed_models", ["a*", "*/a"], "allowed_models[1]", keys.NO_ENTRY),
        ("allowed_models", ["a**"], "allowed_models[0]", keys.NO_ENTRY),
        ("allowed_methods", ["Chat"], "allowed_methods[0]", keys.NO_METHOD),
        ("allowed_methods", ["ringmain.v1.ChatService/Sing"], "allowed_methods[0]", keys.NO_METHOD),
        ("allowed_methods", ["ringmain.v1.ChatService/Ch*"], "allowed_methods[0]", keys.NO_METHOD),
        ("allowed_methods", ["*"], "allowed_methods[0]", keys.NO_METHOD),
        ("allowed_networks", ["10.0.0.1/8"], "allowed_networks[0]", keys.NO_NETWORK),
        ("allowed_networks", ["::/0", "localhost"], "allowed_networks[1]", keys.NO_NETWORK),
        ("requests_per_minute", -1, "requests_per_minute", "is negative"),
        ("tokens_per_minute", -1, "tokens_per_minute", "is negative"),
        ("monthly_budget_nano_usd", -1, "monthly_budget_nano_usd", "is negative"),
        (
            "monthly_budget_nano_usd",
            9 * 10**15 + 1,
            "monthly_budget_nano_usd",
            "is more than 9,000,000 dollars",
        ),
        ("expire_time", Timestamp(seconds=-1), "expire_time", "is no time from 1970 to 9999"),
        ("expire_time", Timestamp(seconds=253402300800), "expire_time", "is no time from 1970 to 9999"),
        ("expire_time", Timestamp(seconds=1, nanos=-1), "expire_time", "is no time from 1970 to 9999"),
        ("expire_time", Timestamp(seconds=1, nanos=10**9), "expire_time", "is no time from 1970 to 9999"),
    ],
)
def test_a_bad_field(field: str, value: Any, path: str, problem: str) -> None:
    """It is named with what is wrong, in a new key and in a change of this field, but not of another."""
    key = pb.ApiKey(key_id="k", **{**GOOD, field: value})
    expected = [(f"key.{path}", problem)]
    assert told(keys.create(pb.CreateApiKeyRequest(key=key))) == expected
    if field == "tenant_id":
        return
    named = pb.UpdateApiKeyRequest(key=key, update_mask=FieldMask(paths=[field]))
    assert told(keys.update(named)) == expected
    if value:
        assert told(keys.update(pb.UpdateApiKeyRequest(key=key))) == expected
    other = next(name for name in keys.CHANGEABLE if name != field)
    assert not keys.update(pb.UpdateApiKeyRequest(key=key, update_mask=FieldMask(paths=[other])))


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        *(
            (name, f"names {name}, which cannot be changed")
            for name in pb.ApiKey.DESCRIPTOR.fields_by_name
            if name not in keys.CHANGEABLE
        ),
        ("display_nam", "names no field of an API key (did you mean display_name?)"),
        ("key.scopes", "names no field of an API key (did you mean scopes?)"),
    ],
)
def test_a_field_that_cannot_be_changed(path: str, problem: str) -> None:
    """A mask that names it is refused, beside fields that can be."""
    request = pb.UpdateApiKeyRequest(
        key=pb.ApiKey(key_id="k", scopes=[pb.API_KEY_SCOPE_USAGE]),
        update_mask=FieldMask(paths=["scopes", path]),
    )
    assert told(keys.update(request)) == [("update_mask.paths[1]", problem)]


def test_every_field_that_can_be_changed_is_made_so() -> None:
    """A field of the contract is set by the gateway, the id or the tenant, or it can be changed."""
    fixed = {"key_id", "tenant_id"}
    of_the_gateway = {
        *("create_time", "rotate_time", "revoke_time", "last_use_time", "old_secret_expire_time"),
    }
    assert {*keys.CHANGEABLE, *fixed, *of_the_gateway} == set(pb.ApiKey.DESCRIPTOR.fields_by_name)


def test_an_asterisk_is_no_field() -> None:
    """A mask names fields one by one."""
    request = pb.UpdateApiKeyRequest(key=pb.ApiKey(key_id="k"), update_mask=FieldMask(paths=["*"]))
    ((path, problem),) = told(keys.update(request))
    assert path == "update_mask.paths[0]"
    assert problem.startswith("names no field of an API key")


def test_a_mask_is_short() -> None:
    """More paths than there could be fields are refused, and no more than the first are looked at."""
    request = pb.UpdateApiKeyRequest(
        key=pb.ApiKey(key_id="k"), update_mask=FieldMask(paths=["expire_time"] * 65)
    )
    assert told(keys.update(request)) == [("update_mask.paths", "holds more than 64")]


@pytest.mark.parametrize(
    ("grace", "problem"),
    [
        (Duration(seconds=7 * 86400), None),
        (Duration(), None),
        (Duration(nanos=1), None),
        (Duration(seconds=7 * 86400, nanos=1), "is longer than 7 days"),
        (Duration(seconds=-1), "is negative"),
        (Duration(seconds=1, nanos=-1), "is not a duration: its nanos are out of range, or of another sign"),
    ],
)
def test_the_grace_period(grace: Duration, problem: str | None) -> None:
    """It is a duration of at most seven days, or none."""
    request = pb.RotateApiKeyRequest(key_id="k", grace_period=grace)
    assert told(keys.rotate(request)) == ([("grace_period", problem)] if problem else [])


def test_requests_name_their_key() -> None:
    """An empty id is refused before it is looked for."""
    assert told(keys.rotate(pb.RotateApiKeyRequest())) == [("key_id", "names no API key")]
    assert told(keys.revoke(pb.RevokeApiKeyRequest())) == [("key_id", "names no API key")]
    assert told(keys.update(pb.UpdateApiKeyRequest())) == [("key.key_id", "names no API key")]


@pytest.mark.parametrize("method", [keys.rotate, keys.revoke, keys.update, keys.list_keys])
def test_names_can_be_printed(method: Any) -> None:
    """A database may refuse other text, as PostgreSQL refuses a zero byte."""
    requests = {
        keys.rotate: pb.RotateApiKeyRequest(key_id="\0"),
        keys.revoke: pb.RevokeApiKeyRequest(key_id="\0"),
        keys.update: pb.UpdateApiKeyRequest(key=pb.ApiKey(key_id="\0")),
        keys.list_keys: pb.ListApiKeysRequest(tenant_id="\0"),
    }
    ((_, problem),) = told(method(requests[method]))
    assert problem == keys.UNPRINTABLE


def test_a_page_is_not_negative() -> None:
    """A size below zero is refused."""
    assert told(keys.list_keys(pb.ListApiKeysRequest(page_size=-1))) == [("page_size", "is negative")]
