"""Configuration: the settings of the database."""

from typing import Annotated, Final
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, Field

from ringmain_server.config.fields import Flag, SecretUrl, Section

MEMORY: Final = "memory"
SQLITE: Final = "sqlite:///"
POSTGRES: Final = ("postgresql://", "postgres://")


def _database(value: SecretUrl) -> SecretUrl:
    url = value.get_secret_value()
    if url == MEMORY or (url.startswith(SQLITE) and _is_path(url.removeprefix(SQLITE))):
        return value
    if not url.startswith(POSTGRES):
        raise ValueError("must be memory, sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE")
    try:
        parts = urlsplit(url)
        sound = parts.port != 0
    except ValueError:  # brackets that do not match, or a port that is no number
        sound = False
    if not sound:
        raise ValueError("is no address of a database, such as postgresql://USER:PASSWORD@HOST/DATABASE")
    if "password" in parse_qs(parts.query):
        raise ValueError("must have its password before the host: postgresql://USER:PASSWORD@HOST/DATABASE")
    return value


def _is_path(path: str) -> bool:
    return bool(path) and not path.endswith("/") and ":memory:" not in path and "?" not in path


DatabaseUrl = Annotated[SecretUrl, AfterValidator(_database)]


class StorageSettings(Section):
    """The database of API keys. Without it, and without `auth.keys`, nothing is stored."""

    url: DatabaseUrl | None = Field(
        default=None,
        description="`sqlite:///ringmain.db` (a file; `sqlite:////` begins an absolute path), "
        "`postgresql://USER:PASSWORD@HOST/DATABASE`, or `memory`, which forgets everything when the process "
        "ends. Absent means a file in the state folder of the user who starts the gateway, where keys are "
        "enabled.",
    )
    migrate: Flag = Field(
        default=True,
        description="Whether the gateway brings the schema of an SQLite file up to date when it starts. That "
        "of PostgreSQL is brought up to date by `ringmain db migrate` alone.",
    )
