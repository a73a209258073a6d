"""Storage: the revisions of the schema, for processes that do not import alembic."""

import enum
from typing import Final

from ringmain_server.storage.problems import StorageProblem
from ringmain_server.storage.url import Location

REVISIONS: Final = ("0001",)
"""Every revision, from the first to the present one: the identifiers in `migrations/versions`."""
HEAD: Final = REVISIONS[-1]


class Schema(enum.Enum):
    """The state of a database's schema."""

    CURRENT = "current"
    MISSING = "missing"
    OLDER = "older"
    UNKNOWN = "unknown"
    """It is not one of this version's: a later version has changed it."""


def schema_of(revision: str | None) -> Schema:
    """Returns the state of a database at a revision; None means that it has no tables."""
    if revision is None:
        return Schema.MISSING
    if revision == HEAD:
        return Schema.CURRENT
    return Schema.OLDER if revision in REVISIONS else Schema.UNKNOWN


def demand_current(revision: str | None, where: Location) -> None:
    """Checks that a database has the schema that this version works with.

    Raises:
        StorageProblem: It has another one.
    """
    match schema_of(revision):
        case Schema.MISSING:
            raise StorageProblem(f"the database {where} has no tables yet: run `ringmain db migrate`")
        case Schema.OLDER:
            raise StorageProblem(
                f"the database {where} has the schema {revision}, and this version needs {HEAD}: "
                "run `ringmain db migrate`"
            )
        case Schema.UNKNOWN:
            raise StorageProblem(unknown(revision, where))


def unknown(revision: str | None, where: Location) -> str:
    """Returns the message about a schema of a later version."""
    return (
        f"the database {where} has the schema {revision}, which this version does not know: run the version "
        "of Ringmain that made it, or restore a backup by `ringmain db restore`"
    )
