"""Storage: alembic's environment and the revisions of the schema.

A revision runs without a connection: alembic writes its SQL for one of the two databases, which `migrate.py`
runs in a transaction. So it holds nothing that has to read the database.
"""
