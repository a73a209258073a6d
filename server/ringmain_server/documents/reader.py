"""Documents: imports the libraries that read documents, when the first document needs one."""

import importlib
from types import ModuleType

from ringmain_server.errors import CapabilityMissing

EXTRA = "documents"


class ReaderMissing(CapabilityMissing):
    """The library that reads a kind of document is not installed.

    Args:
        kind: The kind of document, such as `PDF`.
    """

    def __init__(self, kind: str) -> None:
        super().__init__("", EXTRA, f"reading {kind} needs an extra: pip install 'ringmain[server,{EXTRA}]'")
        self.extra = EXTRA
        self.metadata = {"capability": EXTRA, "extra": EXTRA}


def library(name: str, kind: str) -> ModuleType:
    """Imports a library that reads documents.

    Raises:
        ReaderMissing: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as exc:
        raise ReaderMissing(kind) from exc
