"""Storage: the present schema of the database, as SQLAlchemy sees it.

It is what the migrations come to, which a test checks in both databases. The processes that serve do not
import it. Times are seconds since the epoch; lists of names are JSON.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

METADATA = MetaData()

_ID = Text().with_variant(Text(collation="C"), "postgresql")
"""Ids sort by their bytes, as SQLite's do."""

Table(
    "api_key",
    METADATA,
    Column("key_id", _ID, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("create_time", Double, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("allowed_models", Text, nullable=False),
    Column("allowed_methods", Text, nullable=False),
    Column("allowed_networks", Text, nullable=False),
    Column("requests_per_minute", BigInteger),
    Column("tokens_per_minute", BigInteger),
    Column("monthly_budget_nano_usd", BigInteger),
    Column("old_secret_hash", LargeBinary),
    Column("old_secret_expire_time", Double),
    Column("expire_time", Double),
    Column("rotate_time", Double),
    Column("revoke_time", Double),
    Column("last_use_time", Double),
    # The number of the change that made the row what it is; see key_version.
    Column("version", BigInteger, nullable=False),
    Index("api_key_tenant_id", "tenant_id", "key_id"),
    Index("api_key_version", "version"),
)

# One row. `version` counts the changes of keys; another `epoch` means that any of them may be gone.
Table(
    "key_version",
    METADATA,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
)

# Events that wait to be sent to somebody. Nothing is written here yet.
Table(
    "event_outbox",
    METADATA,
    Column("event_id", _ID, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("create_time", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_time", Double, nullable=False),
    Index("event_outbox_next_attempt_time", "next_attempt_time"),
)
