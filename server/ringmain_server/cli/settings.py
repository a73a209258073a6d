"""Command line: loads the configuration, and shows its mistakes. It does not import typer (`flag.py`)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringmain_server.config import Settings


def loaded(path: str | None, overrides: Mapping[str, object] = MappingProxyType({})) -> "Settings":
    """Loads the configuration.

    Args:
        path: The file, None for the one that the environment names, if any.
        overrides: Settings from flags, by dotted path.

    Raises:
        Failure: It has mistakes; all are listed.
    """
    from ringmain_server.cli.failures import USAGE, CommandFailure
    from ringmain_server.config import ConfigError, load

    try:
        return load(path, overrides=overrides)
    except ConfigError as exc:
        raise CommandFailure(str(exc), code=USAGE) from exc
