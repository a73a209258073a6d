"""Command line: `ringmain db` looks after the database: its schema, backups and their way back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ringmain_server.cli.command import command

if TYPE_CHECKING:
    from ringmain_server.config import Settings
    from ringmain_server.storage.url import Location, PostgresServer, SqliteFile


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseFlags:
    """The configuration that names the database."""

    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            "-c",
            metavar="FILE",
            help="The configuration that names the database. Default: RINGMAIN_CONFIG, else none.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusFlags(DatabaseFlags):
    """Flags of `ringmain db status`."""

    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupFlags(DatabaseFlags):
    """Flags of `ringmain db backup`."""

    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, which must not exist.")]


@dataclass(frozen=True, kw_only=True, slots=True)
class RestoreFlags(DatabaseFlags):
    """Flags of `ringmain db restore`."""

    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `ringmain db backup` wrote.")]
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete what is in the database before it is restored.")
    ] = False


def migrate(flags: DatabaseFlags) -> None:
    """Bring the schema up to date; an SQLite file is made if there is none."""
    from ringmain_server.storage.migrate import migrate
    from ringmain_server.storage.revisions import HEAD

    with _located(flags) as where:
        before = migrate(where)
    done = "was up to date" if before == HEAD else f"was migrated from {before or 'nothing'} to {HEAD}"
    print(f"{where} {done}")


def status(flags: StatusFlags) -> int:
    """Show the database and its schema; exit 0 only if a gateway can use it."""
    import asyncio
    import json

    from ringmain_server.cli.key_table import columns
    from ringmain_server.storage.opening import revision
    from ringmain_server.storage.revisions import HEAD, Schema, schema_of
    from ringmain_server.storage.url import Memory

    with _located(flags) as where:
        found = HEAD if isinstance(where, Memory) else asyncio.run(revision(where))
    state = schema_of(found)
    facts = {"database": str(where), "schema": found or "none", "needed": HEAD, "state": state.value}
    if flags.json:
        print(json.dumps(facts))
    else:
        for line in columns(list(facts.items())):
            print(line)
    return int(state is not Schema.CURRENT)


def backup(flags: BackupFlags) -> None:
    """Write a backup while the gateway runs: an SQLite file, whatever the database is."""
    from ringmain_server.storage.backup import backup

    with _located(flags) as where:
        backup(where, flags.file)
    print(f"{flags.file}: {flags.file.stat().st_size} bytes of {where}")


def restore(flags: RestoreFlags) -> None:
    """Restore a backup to the database, which may be of the other kind; gateways that run take it on."""
    from ringmain_server.storage.backup import restore

    with _located(flags) as where:
        restore(where, flags.file, replace=flags.replace)
    print(f"{where}: restored from {flags.file}; what was changed since, such as a revoked key, is undone")


@contextmanager
def opened(flags: DatabaseFlags) -> "Iterator[tuple[Settings, SqliteFile | PostgresServer]]":
    """Brings the database up to date and yields it, for keys; problems end the command with a line.

    Raises:
        Failure: Keys are not enabled, or the database cannot be used.
    """
    from ringmain_server.cli.failures import USAGE, CommandFailure
    from ringmain_server.cli.settings import loaded
    from ringmain_server.storage.migrate import migrate
    from ringmain_server.storage.url import Memory, location

    settings = loaded(flags.config)
    if not settings.keys_enabled:
        raise CommandFailure(
            "error: API keys are not enabled: here and for the gateway, set storage.url "
            "(RINGMAIN_STORAGE__URL), or auth.keys.enabled (RINGMAIN_AUTH__KEYS__ENABLED) for a file "
            "in your state folder",
            code=USAGE,
        )
    with _problems():
        where = location(settings.storage.url)
        if isinstance(where, Memory):
            raise CommandFailure(
                "error: storage.url is memory: no gateway would know the key; name a database, as in "
                "RINGMAIN_STORAGE__URL=sqlite:///ringmain.db",
                code=USAGE,
            )
        migrate(where)
        yield settings, where


@contextmanager
def _located(flags: DatabaseFlags) -> "Iterator[Location]":
    """Yields the database of a configuration; problems with it end the command with a line."""
    from ringmain_server.cli.settings import loaded
    from ringmain_server.storage.url import location

    settings = loaded(flags.config)
    with _problems():
        yield location(settings.storage.url)


@contextmanager
def _problems() -> Iterator[None]:
    """Makes a line for people of what is wrong with a database."""
    from ringmain_server.cli.failures import CommandFailure
    from ringmain_server.errors import StoreUnavailable
    from ringmain_server.storage.problems import StorageProblem

    try:
        yield
    except (StorageProblem, StoreUnavailable) as exc:
        raise CommandFailure(f"error: {exc}") from exc


def add_to(app: typer.Typer) -> None:
    """Registers the group."""
    group = typer.Typer(no_args_is_help=True, help="Look after the database: its schema and backups.")
    for function in (migrate, status, backup, restore):
        command(group)(function)
    app.add_typer(group, name="db")
