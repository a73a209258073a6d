"""Room 4, the I/O side of `vertex`: imports google-cloud-aiplatform without most of it.

Importing `google.cloud.aiplatform_v1` runs an `__init__` that loads some thirty-five services in 0.7 s and
100 MB, of which this provider needs one. So empty packages replace the real ones while one of its modules is
imported. They are removed afterwards, so that other code of the process still finds the real package and
everything in it.
"""

import importlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING

from ringmain_server.config.bounds import check_json
from ringmain_server.config.reading import check_readable, read_bytes

if TYPE_CHECKING:
    import grpc.aio
    from google.auth.credentials import Credentials

_PACKAGE = "google.cloud.aiplatform_v1"
_TYPES = f"{_PACKAGE}.types"

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)

_stand_ins: dict[str, ModuleType] = {}


def types_module(name: str) -> ModuleType:
    """Imports a module of the wire's messages, such as `content`, in a few milliseconds and 2 MB.

    Raises:
        ModuleNotFoundError: google-cloud-aiplatform is not installed.
    """
    with _stood_in():
        return importlib.import_module(f"{_TYPES}.{name}")


def load_client(service: str = "prediction_service") -> ModuleType:
    """Imports a client with its credentials and transport, in 0.4 s and 22 MB, once at start-up.

    Raises:
        ModuleNotFoundError: google-cloud-aiplatform is not installed.
    """
    with _stood_in():
        return importlib.import_module(f"{_PACKAGE}.services.{service}.async_client")


def open_channel(host: str, credentials: "Credentials", options: Mapping[str, int]) -> "grpc.aio.Channel":
    """Opens a channel as the asyncio client does: with TLS, and with the credentials' token on each call.

    Args:
        host: The endpoint, with or without its port.
        credentials: The credentials; the library refreshes them in a thread of its own when a token expires.
        options: Channel arguments.
    """
    client = load_client().PredictionServiceAsyncClient
    transport = client.get_transport_class("grpc_asyncio")
    channel: grpc.aio.Channel = transport.create_channel(
        host if ":" in host else f"{host}:443", credentials=credentials, options=tuple(options.items())
    )
    return channel


def token_credentials(token: str) -> "Credentials":
    """Returns the credentials of an access token, which is not refreshed."""
    from google.oauth2.credentials import Credentials as OAuth2

    found: Credentials = OAuth2(token=token)  # type: ignore[no-untyped-call]
    return found


def file_credentials(path: str) -> "Credentials":
    """Returns the credentials of a service account.

    Raises:
        GoogleAuthError, OSError, ValueError: The file holds no key of a service account.
    """
    from google.oauth2.service_account import Credentials as ServiceAccount

    # Read here, because the library would block on a pipe and accept a file of any size.
    text = read_bytes(path).decode("utf-8")
    check_json(text)
    key = json.loads(text)
    if not isinstance(key, dict):
        raise ValueError("the file holds no key of a service account")  # noqa: TRY004  as the library does
    load = ServiceAccount.from_service_account_info
    found: Credentials = load(key, scopes=_SCOPES)  # type: ignore[no-untyped-call]
    return found


def default_credentials() -> "Credentials":
    """Returns the application default credentials.

    This reads files, and may ask the machine's metadata server.

    Raises:
        GoogleAuthError, OSError: There are none.
    """
    import google.auth

    if named := os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
        check_readable(named)  # the library would block on a pipe
    found: Credentials = google.auth.default(scopes=_SCOPES)[0]
    return found


@contextmanager
def _stood_in() -> Iterator[None]:
    """Replaces the real packages by empty ones, unless somebody has already imported the real ones."""
    if _PACKAGE in sys.modules:
        yield
        return
    if not _stand_ins:
        _stand_ins.update(_make())
    sys.modules.update(_stand_ins)
    # Removed even if the import fails, so that the real package stays importable.
    try:
        yield
    finally:
        for name in _stand_ins:
            sys.modules.pop(name, None)


def _make() -> Iterator[tuple[str, ModuleType]]:
    import google

    path = google.__path__
    for package in ("google.cloud", _PACKAGE, _TYPES):
        spec = PathFinder.find_spec(package, path)
        if spec is None or spec.submodule_search_locations is None:
            raise ModuleNotFoundError(f"No module named {package!r}", name=package)
        path = spec.submodule_search_locations
        if package != "google.cloud":
            yield package, _empty(package, list(path))


def _empty(name: str, locations: list[str]) -> ModuleType:
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None, is_package=True)
    module.__spec__.submodule_search_locations = locations
    module.__path__ = locations
    module.__package__ = name
    return module
