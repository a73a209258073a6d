"""The provider kinds: what the gateway knows of each vendor and program before anything is configured.

A kind is one row of `table.py`. Every other room reads the rows and keeps no table of kinds of its own. The
rows are data, and this package imports nothing of ours. Only `Kind.installed` looks outside: it searches
`sys.path` for the library that a kind needs.
"""

from ringmain_server.kinds.kind import Kind, Shelf
from ringmain_server.kinds.openai import OpenAIKind
from ringmain_server.kinds.table import KINDS

__all__ = ["KINDS", "Kind", "OpenAIKind", "Shelf", "openai_kind"]


def openai_kind(name: str) -> OpenAIKind:
    """Returns the row of a kind of OpenAI's wire.

    Raises:
        KeyError: No kind of that wire has this name.
    """
    found = KINDS[name]
    if not isinstance(found, OpenAIKind):
        raise KeyError(name)
    return found
