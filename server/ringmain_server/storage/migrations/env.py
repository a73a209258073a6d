"""Storage: alembic's environment, which it executes for each migration. It writes SQL and never connects."""

from alembic import context


def _write() -> None:
    context.configure(
        dialect_name=context.config.attributes["dialect"],
        as_sql=True,
        literal_binds=True,
        # The whole script runs in one transaction, which belongs to whoever runs it.
        transactional_ddl=False,
    )
    with context.begin_transaction():
        context.run_migrations()


# Alembic executes it under another name; whoever imports it, as tests do with every module, migrates nothing.
if __name__ != "ringmain_server.storage.migrations.env":
    _write()
