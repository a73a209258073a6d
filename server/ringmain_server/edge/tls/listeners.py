"""Room 1: which listener has which TLS, as gRPC and Python's `ssl` want it."""

import asyncio
import ssl
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, TypeAlias

import grpc

from ringmain_server.aio.threads import in_daemon
from ringmain_server.config import ServerSettings
from ringmain_server.config.tls import TlsSettings
from ringmain_server.config.units import is_unix
from ringmain_server.edge.tls.files import Loaded
from ringmain_server.edge.tls.watch import Notice, TlsFiles

INTERVAL: Final = 1.0
"""Seconds between two looks at the files."""
_PATIENCE: Final = 10.0
"""Seconds after which a look counts as unanswered by the file system."""

Tell: TypeAlias = Callable[[Notice], None]


class Listeners:
    """The TLS of every listener. Listeners with the same files share them.

    Args:
        server: The settings.

    Attributes:
        public: The TLS of the callers' port, None for none. So are `admin` and `metrics` for theirs.

    Raises:
        TlsError: Files cannot be used.
    """

    def __init__(self, server: ServerSettings) -> None:
        self._files: dict[TlsSettings, TlsFiles] = {}
        self.public = self._of(server.listen, server.tls, "server.tls")
        self.admin = self._of(server.admin_listen, server.admin_tls, "server.admin_tls")
        self.metrics = self._of(server.metrics_listen, server.metrics_tls, "server.metrics_tls")

    def __iter__(self) -> Iterator[TlsFiles]:
        """Yields the files of all listeners, each once."""
        yield from self._files.values()

    @property
    def secured(self) -> list[str]:
        """The settings of the addresses that have TLS."""
        named = {"listen": self.public, "admin_listen": self.admin, "metrics_listen": self.metrics}
        return [f"server.{name}" for name, files in named.items() if files is not None]

    def _of(self, address: str | None, settings: TlsSettings | None, name: str) -> TlsFiles | None:
        if address is None or is_unix(address) or settings is None:
            return None
        found = self._files.get(settings)
        if found is None:
            found = self._files[settings] = TlsFiles(settings, name)
        return found


def server_credentials(files: TlsFiles) -> grpc.ServerCredentials:
    """Returns gRPC's credentials, which have other files from the next connection on when they change."""
    given = files.now

    def newer() -> grpc.ServerCertificateConfiguration | None:
        # Called at each handshake, by threads of gRPC: it must not wait for anything.
        nonlocal given
        now = files.now
        if now is given:
            return None
        given = now
        return _configuration(now)

    return grpc.dynamic_ssl_server_credentials(
        _configuration(given),
        newer,  # type: ignore[arg-type]  # None means the same as before, which the published types lack
        require_client_authentication=files.demands_certificates,
    )


def ssl_context(files: TlsFiles) -> Callable[[], ssl.SSLContext]:
    """Returns a function that returns the context for the next connection."""
    return lambda: files.now.context


async def keep_up(files: Iterable[TlsFiles], tell: Tell, interval: float = INTERVAL) -> None:
    """Looks at files again and again, until it is cancelled.

    Args:
        files: The files.
        tell: Called with what operators should know.
        interval: Seconds between two looks.
    """
    while True:
        for one in files:
            await look(one, tell)
        await asyncio.sleep(interval)


async def look(files: TlsFiles, tell: Tell, *, at_once: bool = False) -> None:
    """Looks at files once, in a thread; a file system that does not answer is told of, and waited for.

    Args:
        files: The files.
        tell: Called with what operators should know.
        at_once: Whether an operator asks, so that files that changed a moment ago are read.
    """
    polling = in_daemon(partial(files.poll, at_once=at_once), name="tls")
    done, _ = await asyncio.wait((polling,), timeout=_PATIENCE)
    if not done:
        tell(_about(files, "the files do not answer; the last good ones stay in use", problems="no answer"))
        await asyncio.wait((polling,))
        tell(_about(files, "the files answer again"))
    for notice in polling.result():
        tell(notice)


def _about(files: TlsFiles, message: str, **attributes: str) -> Notice:
    return Notice(f"{files.name}: {message}", {"setting": files.name, **attributes})


def _configuration(loaded: Loaded) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(loaded.key, loaded.cert)], loaded.client_ca)
