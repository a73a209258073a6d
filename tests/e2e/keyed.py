"""Gateways whose callers need API keys, over any database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
import pytest
from ringmain.admin.v1 import admin_service_pb2 as pb
from ringmain.errors import RingmainError, error_of
from ringmain_server.identity.principal import Scope
from ringmain_server.storage.opening import open_keys
from ringmain_server.storage.url import Location, Memory, SqliteFile

from tests.e2e.gateway import Gateway, ask, gateway
from tests.fakes.keys import Made, make_key


def url_of(where: Location) -> str:
    """The setting `storage.url` of a database."""
    if isinstance(where, Memory):
        return "memory"
    return f"sqlite:///{where.path}" if isinstance(where, SqliteFile) else where.dsn


@dataclass
class Keyed:
    """A gateway, and an operator's key for it.

    Attributes:
        ringmain: The gateway.
        admin: The operator's key.
    """

    ringmain: Gateway
    admin: Made

    async def call(self, method: str, request: Any, key: str | None = None) -> Any:
        """The answer of a method of AdminService."""
        bearer = f"Bearer {self.admin.text if key is None else key}"
        return await getattr(self.ringmain.admin, method)(request, metadata=(("authorization", bearer),))

    async def refused(self, method: str, request: Any, key: str | None = None) -> RingmainError:
        """The error of a method of AdminService."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.call(method, request, key)
        return error_of(caught.value)

    async def create(self, **key: Any) -> pb.CreateApiKeyResponse:
        """Makes a key of the tenant `acme` for asking models, with other fields as they are given."""
        given = {"tenant_id": "acme", "scopes": [pb.API_KEY_SCOPE_INFERENCE], **key}
        made: pb.CreateApiKeyResponse = await self.call(
            "CreateApiKey", pb.CreateApiKeyRequest(key=pb.ApiKey(**given))
        )
        return made

    async def accepts(self, key: str) -> bool:
        """Whether a call with a key is answered. Any other refusal than UNAUTHENTICATED is raised."""
        try:
            await self.ringmain.stub.Chat(ask("sandbox/echo"), metadata=(("authorization", f"Bearer {key}"),))
        except grpc.aio.AioRpcError as error:
            if error_of(error).reason != "CREDENTIALS_INVALID":
                raise
            return False
        return True


def problems(refusal: RingmainError) -> list[tuple[str, str]]:
    """The fields that a request was refused for, and why."""
    return [(violation.field, violation.description) for violation in refusal.violations]


async def operator(where: Location) -> Made:
    """Stores an operator's key."""
    made = make_key("operators", (Scope.ADMIN,))
    store = await open_keys(where)
    await store.insert(made.record)
    await store.close()
    return made


@asynccontextmanager
async def keyed(where: Location, admin: Made | None = None, **config: Any) -> AsyncIterator[Keyed]:
    """Starts a gateway over a database.

    Args:
        where: The database.
        admin: The operator's key that is in it; None to make one.
        config: Further sections of the configuration.
    """
    in_memory = isinstance(where, Memory)
    admin = admin or (make_key("operators", (Scope.ADMIN,)) if in_memory else await operator(where))
    async with gateway({"storage": {"url": url_of(where)}, **config}) as ringmain:
        if in_memory:
            assert ringmain.app.identity.keyring is not None
            ringmain.app.identity.keyring.put(admin.record)
        yield Keyed(ringmain, admin)
