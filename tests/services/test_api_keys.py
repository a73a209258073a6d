"""API keys end to end: made, listed, changed, rotated and revoked through AdminService."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from ringmain.admin.v1 import admin_service_pb2 as pb
from ringmain_server.storage.url import Location

from tests.e2e.gateway import gateway
from tests.e2e.keyed import Keyed, keyed, problems
from tests.fakes.waiting import until

WHOLE: Mapping[str, Any] = {
    "tenant_id": "Ünïcode 💡",
    "display_name": "the night batch",
    "scopes": [pb.API_KEY_SCOPE_INFERENCE, pb.API_KEY_SCOPE_USAGE],
    "allowed_models": ["smart", "sandbox/*"],
    "requests_per_minute": 0,
    "tokens_per_minute": 2**62,
    "monthly_budget_nano_usd": 9 * 10**15,
    "expire_time": Timestamp(seconds=32503680000, nanos=123456000),
    "allowed_methods": ["ringmain.v1.ChatService/*", "ringmain.v1.ModelService/ListModels"],
    "allowed_networks": ["127.0.0.1", "2001:db8::/32"],
}
"""Every field that whoever makes a key chooses."""


@pytest.fixture
async def gate(place: Location) -> AsyncIterator[Keyed]:
    """A gateway over each kind of store."""
    async with keyed(place) as running:
        yield running


@pytest.fixture
async def desk(sqlite_file: Location) -> AsyncIterator[Keyed]:
    """A gateway over one kind of store, for what no store has to do with."""
    async with keyed(sqlite_file) as running:
        yield running


async def listed(gate: Keyed, key_id: str) -> pb.ApiKey:
    """What the service lists of a key."""
    response = await gate.call("ListApiKeys", pb.ListApiKeysRequest(page_size=250))
    (found,) = (key for key in response.keys if key.key_id == key_id)
    assert isinstance(found, pb.ApiKey)
    return found


def changing(key_id: str, *paths: str, **values: Any) -> pb.UpdateApiKeyRequest:
    """A request to change fields of a key; without paths, those that are set."""
    mask = FieldMask(paths=paths) if paths else None
    return pb.UpdateApiKeyRequest(key=pb.ApiKey(key_id=key_id, **values), update_mask=mask)


async def test_a_key_works_until_it_is_revoked(gate: Keyed) -> None:
    """A new key works at once, a revoked one no longer, and both are events that name who did it."""
    made = await gate.create(display_name="mine")
    assert made.secret.startswith(f"rm_{made.key.key_id}_")
    assert await gate.accepts(made.secret)
    revoked = await gate.call("RevokeApiKey", pb.RevokeApiKeyRequest(key_id=made.key.key_id))
    assert not await gate.accepts(made.secret)
    assert abs(revoked.key.revoke_time.ToNanoseconds() / 1e9 - time.time()) < 60
    again = await gate.call("RevokeApiKey", pb.RevokeApiKeyRequest(key_id=made.key.key_id))
    assert again.key.revoke_time == revoked.key.revoke_time
    events = [line for line in gate.ringmain.events("key") if line.get("key_id") == made.key.key_id]
    assert [line["action"] for line in events] == ["create", "revoke"]
    assert {line["by"] for line in events} == {f"key:{gate.admin.record.key_id}"}
    assert made.secret not in gate.ringmain.lines.getvalue()


async def test_every_field_of_a_key_is_kept(gate: Keyed) -> None:
    """A key is listed as it was made, without a secret; what the gateway sets is ignored in the request."""
    before = time.time()
    given = pb.ApiKey(
        key_id="mine", create_time=Timestamp(seconds=1), last_use_time=Timestamp(seconds=1), **WHOLE
    )
    made = await gate.call("CreateApiKey", pb.CreateApiKeyRequest(key=given))
    assert len(made.key.key_id) == 16
    assert before - 1 < made.key.create_time.ToNanoseconds() / 1e9 < time.time() + 1
    expected = pb.ApiKey(key_id=made.key.key_id, create_time=made.key.create_time, **WHOLE)
    assert made.key == expected
    assert await listed(gate, made.key.key_id) == expected


async def test_pages_of_keys(gate: Keyed) -> None:
    """Keys come in the order in which they were made, each once; those of a tenant alone if asked."""
    ids = [(await gate.create(tenant_id="umbrella" if n % 3 else "acme")).key.key_id for n in range(7)]
    for tenant, expected in (
        ("", [gate.admin.record.key_id, *ids] if (await _count(gate)) == 8 else ids),
        ("umbrella", [ids[n] for n in (1, 2, 4, 5)]),
        ("nobody", []),
    ):
        seen: list[str] = []
        token = ""
        while True:
            request = pb.ListApiKeysRequest(page_size=3, page_token=token, tenant_id=tenant)
            page = await gate.call("ListApiKeys", request)
            assert len(page.keys) <= 3
            seen += [key.key_id for key in page.keys]
            if not (token := page.next_page_token):
                break
        assert seen == expected


async def _count(gate: Keyed) -> int:
    return len((await gate.call("ListApiKeys", pb.ListApiKeysRequest())).keys)


async def test_sizes_of_pages(desk: Keyed) -> None:
    """A page holds 50 keys by default; a page of exactly the size says that it was the last one."""
    for _ in range(50):
        await desk.create()
    first = await desk.call("ListApiKeys", pb.ListApiKeysRequest())
    assert len(first.keys) == 50
    assert first.next_page_token
    whole = await desk.call("ListApiKeys", pb.ListApiKeysRequest(page_size=2**31 - 1))
    assert (len(whole.keys), whole.next_page_token) == (51, "")
    exact = await desk.call("ListApiKeys", pb.ListApiKeysRequest(page_size=51))
    assert (len(exact.keys), exact.next_page_token) == (51, "")


async def test_the_named_fields_are_changed(gate: Keyed) -> None:
    """A field that is named and set gets its value, one that is named and not set is cleared, others stay."""
    made = (await gate.create(**WHOLE)).key
    request = changing(
        made.key_id,
        "display_name",
        "expire_time",
        "requests_per_minute",
        "allowed_models",
        display_name="new",
        requests_per_minute=7,
        tokens_per_minute=1,
        scopes=[pb.API_KEY_SCOPE_ADMIN],
    )
    expected = pb.ApiKey()
    expected.CopyFrom(made)
    expected.display_name, expected.requests_per_minute = "new", 7
    expected.ClearField("expire_time")
    expected.ClearField("allowed_models")
    assert (await gate.call("UpdateApiKey", request)).key == expected
    assert (await gate.call("UpdateApiKey", request)).key == expected
    assert await listed(gate, made.key_id) == expected


async def test_without_names_the_set_fields_are_changed(gate: Keyed) -> None:
    """A key that was listed may come back with a change; what the gateway sets in it is ignored."""
    made = (await gate.create(**WHOLE)).key
    await gate.call("RotateApiKey", pb.RotateApiKeyRequest(key_id=made.key_id))
    current = await listed(gate, made.key_id)
    assert current.HasField("rotate_time")
    current.display_name = "new"
    assert (await gate.call("UpdateApiKey", pb.UpdateApiKeyRequest(key=current))).key == current
    nothing = await gate.call("UpdateApiKey", changing(made.key_id))
    assert nothing.key == current


async def test_a_change_holds_at_once(desk: Keyed) -> None:
    """A key that may no longer use a model is refused it with the next call."""
    made = await desk.create()
    assert await desk.accepts(made.secret)
    await desk.call("UpdateApiKey", changing(made.key.key_id, allowed_models=["other"]))
    request = pb.ListProvidersRequest()
    assert (await desk.refused("ListProviders", request, made.secret)).reason == "NOT_ALLOWED"
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.accepts(made.secret)
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_key_that_expires(desk: Keyed) -> None:
    """It works until then, and again when its end is moved."""
    soon = Timestamp()
    soon.FromMicroseconds(round((time.time() + 1.5) * 1e6))
    made = await desk.create(expire_time=soon)
    assert await desk.accepts(made.secret)
    await asyncio.sleep(max(soon.ToMicroseconds() / 1e6 - time.time(), 0))
    assert not await desk.accepts(made.secret)
    await desk.call("UpdateApiKey", changing(made.key.key_id, "expire_time"))
    assert await desk.accepts(made.secret)
    await desk.call("UpdateApiKey", changing(made.key.key_id, expire_time=Timestamp(seconds=1)))
    assert not await desk.accepts(made.secret)


async def test_a_rotated_key(gate: Keyed) -> None:
    """The old secret works for its grace period, and one that is older than that no longer."""
    made = await gate.create()
    key_id = made.key.key_id
    grace = Duration(seconds=7 * 86400)
    second = await gate.call("RotateApiKey", pb.RotateApiKeyRequest(key_id=key_id, grace_period=grace))
    assert second.secret != made.secret
    assert second.key.HasField("rotate_time")
    until_old = second.key.old_secret_expire_time.ToNanoseconds() - second.key.rotate_time.ToNanoseconds()
    assert until_old == 7 * 86400 * 10**9
    assert await gate.accepts(made.secret)
    assert await gate.accepts(second.secret)
    short = Duration(nanos=700_000_000)
    third = await gate.call("RotateApiKey", pb.RotateApiKeyRequest(key_id=key_id, grace_period=short))
    assert [await gate.accepts(one.secret) for one in (made, second, third)] == [False, True, True]
    await until(lambda: _is_over(third.key.old_secret_expire_time))
    assert [await gate.accepts(one.secret) for one in (second, third)] == [False, True]
    assert not (await listed(gate, key_id)).HasField("old_secret_expire_time")
    last = await gate.call("RotateApiKey", pb.RotateApiKeyRequest(key_id=key_id))
    assert [await gate.accepts(one.secret) for one in (third, last)] == [False, True]
    assert not last.key.HasField("old_secret_expire_time")


def _is_over(instant: Timestamp) -> bool:
    return instant.ToNanoseconds() / 1e9 < time.time()


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("UpdateApiKey", changing("KEY", display_name="new"), "key.key_id"),
        ("RotateApiKey", pb.RotateApiKeyRequest(key_id="KEY"), "key_id"),
    ],
)
async def test_a_revoked_key_stays_as_it_is(desk: Keyed, method: str, request_: Any, field: str) -> None:
    """It can neither be changed nor get a new secret."""
    made = await desk.create()
    revoked = (await desk.call("RevokeApiKey", pb.RevokeApiKeyRequest(key_id=made.key.key_id))).key
    _name(request_, made.key.key_id)
    refusal = await desk.refused(method, request_)
    assert refusal.reason == "INVALID_FIELD"
    assert problems(refusal) == [(field, "names a revoked key, which stays as it is: make another one")]
    assert await listed(desk, made.key.key_id) == revoked


def _name(request: Any, key_id: str) -> None:
    (request.key if isinstance(request, pb.UpdateApiKeyRequest) else request).key_id = key_id


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("UpdateApiKey", changing("unknown", display_name="new")),
        ("RotateApiKey", pb.RotateApiKeyRequest(key_id="unknown")),
        ("RevokeApiKey", pb.RevokeApiKeyRequest(key_id="unknown")),
    ],
)
async def test_a_key_that_does_not_exist(desk: Keyed, method: str, request_: Any) -> None:
    """It is named in the error."""
    refusal = await desk.refused(method, request_)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert refusal.metadata["key_id"] == "unknown"


async def test_the_tenant_of_a_key_stays(desk: Keyed) -> None:
    """Neither named nor set can it be changed; its own name is no change."""
    key_id = (await desk.create()).key.key_id
    named = await desk.refused("UpdateApiKey", changing(key_id, "tenant_id", tenant_id="umbrella"))
    assert problems(named) == [("update_mask.paths[0]", "names tenant_id, which cannot be changed")]
    was_set = await desk.refused("UpdateApiKey", changing(key_id, tenant_id="umbrella", display_name="x"))
    assert problems(was_set) == [("key.tenant_id", "cannot be changed")]
    await desk.call("UpdateApiKey", changing(key_id, tenant_id="acme", display_name="x"))
    assert (await listed(desk, key_id)).display_name == "x"


async def test_a_token_of_another_service_is_no_page(desk: Keyed) -> None:
    """What this service has not given out is refused."""
    for token in ("!", "ü", "////", "AA=="):
        refusal = await desk.refused("ListApiKeys", pb.ListApiKeysRequest(page_token=token))
        assert problems(refusal) == [("page_token", "was not given out by this service")]


async def test_text_that_no_database_takes_is_the_callers_mistake(gate: Keyed) -> None:
    """It is refused before any database sees it, and the database does not count as away."""
    for method, request in (
        ("ListApiKeys", pb.ListApiKeysRequest(tenant_id="\0")),
        ("ListApiKeys", pb.ListApiKeysRequest(page_token="AA==")),
        ("UpdateApiKey", changing("\0", display_name="x")),
        ("RotateApiKey", pb.RotateApiKeyRequest(key_id="a\0")),
        ("RevokeApiKey", pb.RevokeApiKeyRequest(key_id="\0a")),
    ):
        assert (await gate.refused(method, request)).reason == "INVALID_FIELD"
    assert not [line for line in gate.ringmain.events("key") if line.get("state") == "away"]


async def test_a_key_is_not_made_for_the_past(desk: Keyed) -> None:
    """A key that would never work is refused."""
    key = pb.ApiKey(tenant_id="a", scopes=[pb.API_KEY_SCOPE_USAGE], expire_time=Timestamp(seconds=1))
    refusal = await desk.refused("CreateApiKey", pb.CreateApiKeyRequest(key=key))
    assert problems(refusal) == [("key.expire_time", "has passed")]


async def test_the_last_use_of_a_key_is_stored(sqlite_file: Location) -> None:
    """It is noted when the gateway stops, at the latest, and shown from then on; by then none is lost."""
    async with keyed(sqlite_file) as gate:
        made = await gate.create()
        assert not (await listed(gate, made.key.key_id)).HasField("last_use_time")
        before = time.time()
        assert await gate.accepts(made.secret)
    async with keyed(sqlite_file, gate.admin) as gate:
        used = (await listed(gate, made.key.key_id)).last_use_time.ToNanoseconds() / 1e9
        assert before - 1 < used < time.time()


async def test_without_keys_the_methods_are_not_served() -> None:
    """A gateway without a database says which setting would serve them."""
    async with gateway() as ringmain:
        for method, request in (
            (
                "CreateApiKey",
                pb.CreateApiKeyRequest(key=pb.ApiKey(tenant_id="a", scopes=[pb.API_KEY_SCOPE_USAGE])),
            ),
            ("ListApiKeys", pb.ListApiKeysRequest()),
            ("RevokeApiKey", pb.RevokeApiKeyRequest(key_id="a")),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await getattr(ringmain.admin, method)(request)
            assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
            assert "storage.url" in str(caught.value.details())
