"""Command line: `ringmain keys` makes, lists, changes, rotates and revokes API keys."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ringmain_server.cli.admin import AdminFlags, Operator, operating
from ringmain_server.cli.bootstrap import bootstrap
from ringmain_server.cli.command import command
from ringmain_server.cli.key_flags import Clearable, KeyFlags

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from ringmain.admin.v1.admin_service_pb2 import ApiKey, CreateApiKeyResponse, RotateApiKeyResponse

_PAGE: Final = 250
_ONCE: Final = "The secret is shown only this once: keep it now."


@dataclass(frozen=True, kw_only=True, slots=True)
class JsonFlags:
    """Whether to print JSON."""

    json: Annotated[bool, typer.Option("--json", help="Print the contract's message as JSON.")] = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TenantFlags:
    """The tenant of a new key."""

    tenant: Annotated[str, typer.Option(metavar="NAME", help="The tenant that it belongs to.")]


@dataclass(frozen=True, kw_only=True, slots=True)
class ListFlags(JsonFlags):
    """Flags of `ringmain keys list`."""

    tenant: Annotated[str, typer.Option(metavar="NAME", help="Only keys of this tenant.")] = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyIdFlags(JsonFlags):
    """The id of a key."""

    key_id: Annotated[str, typer.Argument(metavar="KEY", help="The id of a key, as `list` shows it.")]


@dataclass(frozen=True, kw_only=True, slots=True)
class ClearFlags(KeyIdFlags):
    """Flags of `ringmain keys update`."""

    clear: Annotated[
        list[Clearable],
        typer.Option(metavar="FIELD", help="A limit to take away: models, expires … Repeatable."),
    ] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class RotateFlags(KeyIdFlags):
    """Flags of `ringmain keys rotate`."""

    grace: Annotated[
        str | None,
        typer.Option(metavar="SPAN", help="How long the old secret works on: 12h, at most 7d. Default: not."),
    ] = None


def create(tenant: TenantFlags, flags: KeyFlags, output: JsonFlags, admin: AdminFlags) -> None:
    """Make an API key, and show its secret."""
    from ringmain.admin.v1.admin_service_pb2 import API_KEY_SCOPE_INFERENCE, ApiKey, CreateApiKeyRequest

    from ringmain_server.cli.key_flags import fill

    key = ApiKey(tenant_id=tenant.tenant, scopes=[] if flags.scope else [API_KEY_SCOPE_INFERENCE])
    fill(key, flags, time.time())
    with operating(admin) as operator:
        made = operator.ask(operator.stub.CreateApiKey, CreateApiKeyRequest(key=key))
    show_secret(made, json=output.json)


def list_keys(flags: ListFlags, admin: AdminFlags) -> None:
    """List API keys, the oldest first."""
    from ringmain.admin.v1.admin_service_pb2 import ListApiKeysResponse

    from ringmain_server.cli.key_table import key_lines

    with operating(admin) as operator:
        keys = list(_keys(operator, flags.tenant))
    if flags.json:
        print_json(ListApiKeysResponse(keys=keys))
        return
    for line in key_lines(keys, time.time()):
        print(line)


def update(flags: ClearFlags, changes: KeyFlags, admin: AdminFlags) -> None:
    """Change what an API key may be used for; a repeatable flag replaces the whole list."""
    from google.protobuf.field_mask_pb2 import FieldMask
    from ringmain.admin.v1.admin_service_pb2 import ApiKey, UpdateApiKeyRequest

    from ringmain_server.cli.failures import USAGE, CommandFailure
    from ringmain_server.cli.key_flags import field_of, fill

    key = ApiKey(key_id=flags.key_id)
    paths = [*fill(key, changes, time.time()), *map(field_of, flags.clear)]
    if not paths:
        raise CommandFailure("error: nothing is to be changed: name it, as in --name or --clear", code=USAGE)
    if twice := next((path for path in paths if paths.count(path) > 1), None):
        raise CommandFailure(f"error: {twice} is both set and cleared", code=USAGE)
    with operating(admin) as operator:
        request = UpdateApiKeyRequest(key=key, update_mask=FieldMask(paths=paths))
        changed = operator.ask(operator.stub.UpdateApiKey, request).key
    _show(changed, json=flags.json)


def rotate(flags: RotateFlags, admin: AdminFlags) -> None:
    """Give an API key a new secret, and show it."""
    from ringmain.admin.v1.admin_service_pb2 import RotateApiKeyRequest

    from ringmain_server.cli.key_flags import span

    grace = None if flags.grace is None else span(flags.grace, "--grace")
    with operating(admin) as operator:
        request = RotateApiKeyRequest(key_id=flags.key_id, grace_period=grace)
        rotated = operator.ask(operator.stub.RotateApiKey, request)
    show_secret(rotated, json=flags.json)


def revoke(flags: KeyIdFlags, admin: AdminFlags) -> None:
    """Make an API key stop working everywhere, within a second."""
    from ringmain.admin.v1.admin_service_pb2 import RevokeApiKeyRequest

    with operating(admin) as operator:
        request = RevokeApiKeyRequest(key_id=flags.key_id)
        revoked = operator.ask(operator.stub.RevokeApiKey, request).key
    _show(revoked, json=flags.json)


def show_secret(made: "CreateApiKeyResponse | RotateApiKeyResponse", *, json: bool) -> None:
    """Prints a key and its secret; standard output holds nothing else."""
    if json:
        print_json(made)
        return
    from ringmain_server.cli.key_table import columns, scope_names, state

    key = made.key
    rows = [("key", key.key_id), ("tenant", key.tenant_id), ("scopes", scope_names(key))]
    for line in columns([*rows, ("state", state(key, time.time())), ("secret", made.secret)]):
        print(line)
    print(_ONCE, file=sys.stderr)


def print_json(message: "Message") -> None:
    """Prints a message of the contract as JSON."""
    from google.protobuf.json_format import MessageToJson

    print(MessageToJson(message, preserving_proto_field_name=True))


def _show(key: "ApiKey", *, json: bool) -> None:
    from ringmain_server.cli.key_table import key_lines

    if json:
        print_json(key)
        return
    for line in key_lines([key], time.time()):
        print(line)


def _keys(operator: Operator, tenant: str) -> Iterator["ApiKey"]:
    """Yields every key, page by page."""
    from ringmain.admin.v1.admin_service_pb2 import ListApiKeysRequest

    request = ListApiKeysRequest(page_size=_PAGE, tenant_id=tenant)
    while True:
        page = operator.ask(operator.stub.ListApiKeys, request)
        yield from page.keys
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def add_to(app: typer.Typer) -> None:
    """Registers the group."""
    group = typer.Typer(no_args_is_help=True, help="Make, list, change, rotate and revoke API keys.")
    command(group)(create)
    command(group, "list")(list_keys)
    for function in (update, rotate, revoke, bootstrap):
        command(group)(function)
    app.add_typer(group, name="keys")
