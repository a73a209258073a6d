"""The database: every law of it in SQLite, in PostgreSQL and, where it holds there, in memory."""
