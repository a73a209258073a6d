"""Storage: the database, in SQLite or PostgreSQL, and what is kept in it.

What a transaction does is written once, as a generator of statements that does no I/O (`statements.py`).
Both databases run the same text through the driver itself: `sqlite3` in a thread, and asyncpg. SQLAlchemy
and alembic describe and change the schema (`schema.py`, `migrate.py`); the processes that serve never import
them.
"""
