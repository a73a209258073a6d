"""Room 2: the methods of AdminService for API keys."""

import base64
import binascii
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ringmain.admin.v1 import admin_service_pb2 as admin_pb2

from ringmain_server.assembly.stored_keys import StoredKeys
from ringmain_server.call import Call
from ringmain_server.edge.rules.keys import named_fields
from ringmain_server.errors import InvalidField, ResourceNotFound
from ringmain_server.identity.keys import Hasher, new_key_id, new_secret
from ringmain_server.identity.records import KeyRecord
from ringmain_server.policies import Clock
from ringmain_server.services.key_messages import changed, message, recorded
from ringmain_server.telemetry.events import Events
from ringmain_server.text.excerpt import quoted

_PAGE: Final = 50
_LARGEST_PAGE: Final = 250


METHODS: Final = ("CreateApiKey", "ListApiKeys", "UpdateApiKey", "RotateApiKey", "RevokeApiKey")
"""The methods of AdminService that are served only where API keys are enabled."""
NOT_ENABLED: Final = (
    "API keys are not enabled: storage.url names the database that they are kept in, and auth.keys.enabled "
    "takes the default one"
)
"""The reason why they are not served elsewhere."""


@dataclass(frozen=True, slots=True)
class KeyDesk:
    """The things that the methods for API keys work with.

    Attributes:
        keys: The keys and their store.
        hasher: Hashes the secrets.
        events: Publishes changes of keys.
        clock: Seconds since the epoch.
    """

    keys: StoredKeys
    hasher: Hasher
    events: Events
    clock: Clock = time.time


class ApiKeyMethods:
    """The methods of AdminService for API keys, which are bound beside the others.

    Args:
        desk: The keys.
    """

    def __init__(self, desk: KeyDesk) -> None:
        self._desk = desk

    async def CreateApiKey(
        self, request: admin_pb2.CreateApiKeyRequest, call: Call
    ) -> admin_pb2.CreateApiKeyResponse:
        """Makes a key, whose secret is in the response and nowhere else."""
        desk = self._desk
        now = desk.clock()
        expires = request.key.HasField("expire_time")
        if expires and request.key.expire_time.ToMicroseconds() / 1e6 <= now:
            raise InvalidField.at("key.expire_time", "has passed")
        secret = new_secret(new_key_id(now))
        record = recorded(request.key, secret.key_id, desk.hasher(secret.text), now)
        await desk.keys.insert(record)
        _tell(desk, call, record, "was made", "create")
        return admin_pb2.CreateApiKeyResponse(key=message(record, now), secret=secret.text)

    async def ListApiKeys(
        self, request: admin_pb2.ListApiKeysRequest, call: Call
    ) -> admin_pb2.ListApiKeysResponse:
        """Lists keys in the order in which they were made."""
        desk = self._desk
        size = min(request.page_size or _PAGE, _LARGEST_PAGE)
        found = await desk.keys.page(request.tenant_id, _after(request.page_token), size + 1)
        page, now = found[:size], desk.clock()
        return admin_pb2.ListApiKeysResponse(
            keys=[message(record, now) for record in page],
            next_page_token=_token(page[-1].key_id) if len(found) > size else "",
        )

    async def UpdateApiKey(
        self, request: admin_pb2.UpdateApiKeyRequest, call: Call
    ) -> admin_pb2.UpdateApiKeyResponse:
        """Changes the fields that the request names, or those that it sets."""
        desk, key = self._desk, request.key
        names = named_fields(request)

        def change(record: KeyRecord) -> KeyRecord:
            if key.tenant_id not in ("", record.tenant_id) and not request.update_mask.paths:
                raise InvalidField.at("key.tenant_id", "cannot be changed")
            return changed(_usable(record, "key.key_id"), key, names)

        record = await _update(desk, key.key_id, change)
        _tell(desk, call, record, f"was changed: {', '.join(names) or 'nothing'}", "update")
        return admin_pb2.UpdateApiKeyResponse(key=message(record, desk.clock()))

    async def RotateApiKey(
        self, request: admin_pb2.RotateApiKeyRequest, call: Call
    ) -> admin_pb2.RotateApiKeyResponse:
        """Gives a key a new secret, which is in the response and nowhere else."""
        desk, now = self._desk, self._desk.clock()
        secret = new_secret(request.key_id)
        grace = request.grace_period.ToMicroseconds() / 1e6

        def change(record: KeyRecord) -> KeyRecord:
            return _rotated(_usable(record, "key_id"), desk.hasher(secret.text), grace, now)

        record = await _update(desk, request.key_id, change)
        _tell(desk, call, record, "has a new secret", "rotate")
        return admin_pb2.RotateApiKeyResponse(key=message(record, now), secret=secret.text)

    async def RevokeApiKey(
        self, request: admin_pb2.RevokeApiKeyRequest, call: Call
    ) -> admin_pb2.RevokeApiKeyResponse:
        """Makes a key stop working everywhere; one that was revoked already stays as it is."""
        desk, now = self._desk, self._desk.clock()
        before: list[KeyRecord] = []

        def change(record: KeyRecord) -> KeyRecord:
            before.append(record)
            return record if record.revoke_time is not None else replace(record, revoke_time=now)

        record = await _update(desk, request.key_id, change)
        if before[-1].revoke_time is None:
            _tell(desk, call, record, "was revoked", "revoke")
        return admin_pb2.RevokeApiKeyResponse(key=message(record, now))


async def _update(desk: KeyDesk, key_id: str, change: Callable[[KeyRecord], KeyRecord]) -> KeyRecord:
    record = await desk.keys.update(key_id, change)
    if record is None:
        raise ResourceNotFound("key_id", key_id, f"no API key {quoted(key_id)} here")
    return record


def _usable(record: KeyRecord, path: str) -> KeyRecord:
    if record.revoke_time is not None:
        raise InvalidField.at(path, "names a revoked key, which stays as it is: make another one")
    return record


def _rotated(record: KeyRecord, secret_hash: bytes, grace: float, now: float) -> KeyRecord:
    return replace(
        record,
        secret_hash=secret_hash,
        rotate_time=now,
        old_secret_hash=record.secret_hash if grace else None,
        old_secret_expire_time=now + grace if grace else None,
    )


def _tell(desk: KeyDesk, call: Call, record: KeyRecord, what: str, action: str) -> None:
    desk.events.publish(
        "key",
        f"the API key {record.key_id} of the tenant {record.tenant_id} {what}",
        action=action,
        key_id=record.key_id,
        tenant_id=record.tenant_id,
        **({"by": call.principal.principal_id} if call.principal.principal_id else {}),
    )


def _token(key_id: str) -> str:
    return base64.urlsafe_b64encode(key_id.encode()).decode()


def _after(token: str) -> str:
    try:
        key_id = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        key_id = "\0"
    if not key_id.isprintable():  # a database may take no such text, and that is not its fault
        raise InvalidField.at("page_token", "was not given out by this service")
    return key_id
