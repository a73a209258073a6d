"""Storage: alembic's environment, which it runs for each migration. It writes SQL and never connects."""

from alembic import context

context.configure(
    dialect_name=context.config.attributes["dialect"],
    as_sql=True,
    literal_binds=True,
    # The whole script runs in one transaction, which belongs to whoever runs it.
    transactional_ddl=False,
)
with context.begin_transaction():
    context.run_migrations()
