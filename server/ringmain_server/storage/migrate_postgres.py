"""Storage: brings the schema of a PostgreSQL database up to date."""

from ringmain_server.storage import postgres
from ringmain_server.storage.migrate import script
from ringmain_server.storage.problems import StorageProblem
from ringmain_server.storage.revisions import HEAD
from ringmain_server.storage.url import PostgresServer


async def migrate_server(where: PostgresServer, lock: int) -> str | None:
    """Brings a database up to date; see `migrate.migrate`.

    Args:
        where: The database.
        lock: The key of the lock that only one process holds.
    """
    db = await postgres.connect(where)
    try:
        async with db.transaction():
            await db.execute("SELECT pg_advisory_xact_lock($1)", lock, timeout=60)
            before = await postgres.revision(db)
            if sql := script("postgresql", before, HEAD, where):
                await db.execute(sql, timeout=600)
            return before
    except postgres.FAILURES as exc:
        raise StorageProblem(f"cannot migrate the database {where}: {postgres.reason(exc)}") from exc
    finally:
        await db.close(timeout=5)
