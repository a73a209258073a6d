"""Storage: finds the database that the settings name."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from ringmain_server.config.fields import SecretUrl
from ringmain_server.config.storage import MEMORY, SQLITE
from ringmain_server.storage.problems import StorageProblem

STATE: Final = "_RINGMAIN_STATE"
"""The environment variable that names the folder of state instead of the user's own.

It is empty where there is no such folder, as in the image, whose files are gone with the container.
"""

_FILE: Final = "ringmain.db"


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A database in a file.

    Attributes:
        path: The file.
    """

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A database of a PostgreSQL server.

    Attributes:
        dsn: Its address, with a password.
        shown: Its address for people.
    """

    dsn: str = field(repr=False)
    shown: str

    def __str__(self) -> str:
        return self.shown


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of the process."""

    def __str__(self) -> str:
        return "the memory of the process"


Location: TypeAlias = SqliteFile | PostgresServer | Memory


def location(url: SecretUrl | None) -> Location:
    """Returns the place of the database.

    Args:
        url: The setting `storage.url`; None for the default file.

    Raises:
        StorageProblem: There is no default file here.
    """
    if url is None:
        return SqliteFile(_default())
    text = url.get_secret_value()
    if text == MEMORY:
        return Memory()
    if text.startswith(SQLITE):
        return SqliteFile(Path(text.removeprefix(SQLITE)))
    return PostgresServer(text, url.shown())


def _default() -> Path:
    folder = os.environ.get(STATE)
    if folder is None:
        # Only for this: it costs time to import.
        from platformdirs import user_state_dir

        folder = user_state_dir("ringmain", appauthor=False)
    if not folder:
        raise StorageProblem(
            "API keys need a database, and what is written in a container is gone with it: set storage.url "
            "(RINGMAIN_STORAGE__URL) to postgresql://… or to sqlite:////… on a volume"
        )
    return Path(folder) / _FILE
