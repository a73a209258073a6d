"""Command line: `ringmain keys bootstrap` makes the first operator's key, without a gateway that runs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from ringmain_server.cli.db import DatabaseFlags

if TYPE_CHECKING:
    from ringmain_server.config import Settings
    from ringmain_server.identity.records import KeyRecord
    from ringmain_server.storage.url import PostgresServer, SqliteFile


@dataclass(frozen=True, kw_only=True, slots=True)
class BootstrapFlags(DatabaseFlags):
    """Flags of `ringmain keys bootstrap`."""

    tenant: Annotated[str, typer.Option(metavar="NAME", help="The tenant of the key.")] = "operators"
    name: Annotated[str, typer.Option(metavar="TEXT", help="A name of the key for people.")] = (
        "first operator"
    )
    anyway: Annotated[
        bool,
        typer.Option(
            "--anyway", help="Make one although an operator's key exists, as when its secret is lost."
        ),
    ] = False
    json: Annotated[bool, typer.Option("--json", help="Print the contract's message as JSON.")] = False


def bootstrap(flags: BootstrapFlags) -> None:
    """Make the first operator's key, in the database itself, and show its secret."""
    import asyncio
    import time

    from ringmain.admin.v1.admin_service_pb2 import CreateApiKeyResponse

    from ringmain_server.cli.db import opened
    from ringmain_server.cli.failures import CommandFailure
    from ringmain_server.cli.keys import show_secret
    from ringmain_server.identity.keys import new_key_id, new_secret
    from ringmain_server.services.key_messages import message

    now = time.time()
    with opened(flags) as (settings, where):
        secret = new_secret(new_key_id(now))
        record = _record(flags, settings, secret.key_id, secret.text, now)
        there = asyncio.run(_insert(where, record, anyway=flags.anyway))
    if there is not None:
        raise CommandFailure(
            f"error: the operator's key {there.key_id} of the tenant {there.tenant_id} exists: with it, make "
            "more by `ringmain keys create --scope admin`; if its secret is lost, `ringmain keys bootstrap "
            "--anyway` makes another"
        )
    show_secret(CreateApiKeyResponse(key=message(record, now), secret=secret.text), json=flags.json)


def _record(flags: BootstrapFlags, settings: "Settings", key_id: str, text: str, now: float) -> "KeyRecord":
    from ringmain.admin.v1.admin_service_pb2 import API_KEY_SCOPE_ADMIN, ApiKey, CreateApiKeyRequest

    from ringmain_server.cli.failures import USAGE, CommandFailure
    from ringmain_server.edge.rules.keys import create
    from ringmain_server.identity.keys import hasher
    from ringmain_server.services.key_messages import recorded

    key = ApiKey(tenant_id=flags.tenant, display_name=flags.name, scopes=[API_KEY_SCOPE_ADMIN])
    for violation in create(CreateApiKeyRequest(key=key)):
        raise CommandFailure(f"error: {violation.field}: {violation.description}", code=USAGE)
    pepper = settings.auth.keys.pepper
    hashed = hasher("" if pepper is None else pepper.get_secret_value())
    return recorded(key, key_id, hashed(text), now)


async def _insert(
    where: "SqliteFile | PostgresServer", record: "KeyRecord", *, anyway: bool
) -> "KeyRecord | None":
    """Adds a key unless there is one that may do the same, which is returned."""
    from ringmain_server.identity.principal import Scope
    from ringmain_server.storage.keys import insertion_unless
    from ringmain_server.storage.opening import open_database

    def already(other: "KeyRecord") -> bool:
        if anyway or Scope.ADMIN not in other.scopes or other.revoke_time is not None:
            return False
        return other.expire_time is None or other.expire_time > record.create_time

    database = await open_database(where)
    try:
        return await database.write(lambda: insertion_unless(record, already))
    finally:
        await database.close()
