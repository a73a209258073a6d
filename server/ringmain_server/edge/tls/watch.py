"""Room 1: notices that files of TLS have changed, and keeps the last ones that belonged together.

Files are polled, which follows the links that Kubernetes swaps for a mounted Secret
(`docs/decisions/0013-configuration-file-is-polled.md`). A certificate and its key are two files, and nobody
writes both at once: while they do not belong together, the last good ones go on.
"""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple, TypeAlias

from ringmain_server.config.tls import TlsSettings
from ringmain_server.config.watch import FileState, file_state
from ringmain_server.edge.tls.files import Loaded, TlsError, load
from ringmain_server.policies import Clock

QUIET: Final = 1.0
"""Seconds without a change after which changed files are read."""
FINISHED: Final = 5.0
"""Seconds without a change after which somebody should know that files cannot be used."""

_READS: Final = 10
_PAUSE: Final = 0.1
"""Seconds until files are read again that changed while they were read."""

_LAST_PART: Final = 0.1
_LAST_DAYS: Final = 14 * 86400.0
"""The last part of a certificate's time, at most these seconds, by which it should have been replaced."""
_RARE: Final = frozenset({"P-521", "Ed25519"})
"""The kinds of keys that only some callers take. Those whose gRPC is built on its C core do not."""

_State: TypeAlias = tuple[FileState | None, ...]


class Notice(NamedTuple):
    """Something that operators should know.

    Attributes:
        message: A description for people.
        attributes: Details for programs. With `problems`, somebody should do something.
    """

    message: str
    attributes: Mapping[str, str]


class TlsFiles:
    """The files of one section of TLS settings.

    Args:
        settings: The section.
        name: Its path, such as `server.tls`.
        clock: Seconds on any monotonic clock.
        wall: Seconds since the epoch.

    Attributes:
        now: The files when they last belonged together. Any thread may read it.

    Raises:
        TlsError: They cannot be used.
    """

    def __init__(
        self, settings: TlsSettings, name: str, clock: Clock = time.monotonic, wall: Clock = time.time
    ) -> None:
        self.name = name
        self.demands_certificates = settings.client_ca is not None
        self._settings = settings
        self._clock = clock
        self._wall = wall
        self._seen, self.now = self._read()
        self._good = self._seen
        self._since = clock()
        self._told = ""
        self._care = ""
        self._polling = threading.Lock()

    def poll(self, *, at_once: bool = False) -> list[Notice]:
        """Looks at the files once and takes those that changed. May block if the file system does.

        Args:
            at_once: Whether an operator asks, so that nothing is waited for.

        Returns:
            What operators should know, each thing once.
        """
        with self._polling:
            seen, at = self._look(), self._clock()
            if seen != self._seen:
                self._seen, self._since = seen, at
            quiet = at - self._since
            if seen == self._good:
                return [*self._good_again(), *self._care_needed()]
            if quiet < QUIET and not at_once:
                return self._care_needed()
            return [*self._take(finished=quiet >= FINISHED or at_once), *self._care_needed()]

    def _take(self, *, finished: bool) -> list[Notice]:
        """Takes changed files. Those that cannot be used are told of once their writer has finished."""
        try:
            seen, loaded = self._read()
        except TlsError as exc:
            if not finished or self._told == str(exc):
                return []
            self._told = str(exc)
            return [self._notice("the files cannot be used; the last good ones stay in use", self._told)]
        self._seen = self._good = seen
        if loaded.content == self.now.content:
            return self._good_again()
        self.now, self._told = loaded, ""
        return [self._notice("the files were read again, for new connections")]

    def _good_again(self) -> list[Notice]:
        told, self._told = self._told, ""
        return [self._notice("the files are again as they were")] if told else []

    def _care_needed(self) -> list[Notice]:
        """Returns a notice when the certificate begins to need care, or needs it for another reason."""
        before, self._care = self._care, care_of(self.now, self._wall())
        if self._care in ("", before):
            return []
        return [self._notice("the certificate needs care", self._care)]

    def _notice(self, message: str, problem: str = "") -> Notice:
        ends = datetime.fromtimestamp(expiry(self.now), UTC)
        attributes = {"setting": self.name, "expire_time": f"{ends:%Y-%m-%dT%H:%M:%SZ}"}
        return Notice(f"{self.name}: {message}", attributes | ({"problems": problem} if problem else {}))

    def _look(self) -> _State:
        named = (self._settings.cert, self._settings.key, self._settings.client_ca)
        return tuple(file_state(path) for path in named if path is not None)

    def _read(self) -> tuple[_State, Loaded]:
        """Reads the files as they are together: once more, if somebody writes them meanwhile.

        Raises:
            TlsError: They cannot be used.
        """
        for _ in range(_READS):
            before = self._look()
            problem: TlsError | None = None
            try:
                loaded = load(self._settings, self.name)
            except TlsError as exc:
                problem = exc
            if self._look() == before:
                break
            time.sleep(_PAUSE)
        if problem is not None:
            raise problem
        return before, loaded


def expiry(loaded: Loaded) -> float:
    """Returns when the first of the certificates of a listener expires, in seconds since the epoch."""
    return min(certificate.ends for certificate in loaded.chain)


def care_of(loaded: Loaded, now: float) -> str:
    """Returns why somebody should care for a certificate; empty for one that is as it should be.

    Args:
        loaded: The files.
        now: Seconds since the epoch.
    """
    begins, ends = max(certificate.begins for certificate in loaded.chain), expiry(loaded)
    if now >= ends:
        return "it has expired, so that callers refuse it"
    if now < begins:
        return "it is not valid yet, so that callers refuse it"
    if now >= ends - min((ends - begins) * _LAST_PART, _LAST_DAYS):
        return "it will expire soon"
    kind = loaded.chain[0].key
    return f"it has a key of the kind {kind}, which many callers do not take" if kind in _RARE else ""
