"""API keys, their version, and the outbox of events.

Revision: 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# Ids sort by their bytes, as SQLite's do.
_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TELL = """
CREATE FUNCTION ringmain_api_key_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('ringmain_api_key', '');
  RETURN NULL;
END $$
"""
_WHEN = """
CREATE TRIGGER ringmain_api_key_changed AFTER UPDATE ON key_version
FOR EACH STATEMENT EXECUTE FUNCTION ringmain_api_key_changed()
"""


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "api_key",
        sa.Column("key_id", _ID, primary_key=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("create_time", sa.Double, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("allowed_models", sa.Text, nullable=False),
        sa.Column("allowed_methods", sa.Text, nullable=False),
        sa.Column("allowed_networks", sa.Text, nullable=False),
        sa.Column("requests_per_minute", sa.BigInteger),
        sa.Column("tokens_per_minute", sa.BigInteger),
        sa.Column("monthly_budget_nano_usd", sa.BigInteger),
        sa.Column("old_secret_hash", sa.LargeBinary),
        sa.Column("old_secret_expire_time", sa.Double),
        sa.Column("expire_time", sa.Double),
        sa.Column("rotate_time", sa.Double),
        sa.Column("revoke_time", sa.Double),
        sa.Column("last_use_time", sa.Double),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index("api_key_tenant_id", "api_key", ["tenant_id", "key_id"])
    op.create_index("api_key_version", "api_key", ["version"])
    op.create_table(
        "key_version",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
    )
    op.execute("INSERT INTO key_version (id, version, epoch) VALUES (1, 0, 0)")
    op.create_table(
        "event_outbox",
        sa.Column("event_id", _ID, primary_key=True),
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("create_time", sa.Double, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_time", sa.Double, nullable=False),
    )
    op.create_index("event_outbox_next_attempt_time", "event_outbox", ["next_attempt_time"])
    if op.get_context().dialect.name == "postgresql":
        op.execute(_TELL)
        op.execute(_WHEN)


def downgrade() -> None:
    """Refuses: a backup brings the earlier schema back."""
    raise NotImplementedError
