"""Room 4, the I/O side of `vertex`: imports of google-cloud-aiplatform, without the most of it.

Importing `google.cloud.aiplatform_v1` runs an `__init__` that loads some thirty-five services: 0.7 s and
100 MB, of which this provider needs one. So while one of its modules is imported, empty packages stand in
for the real ones. They are taken away afterwards, so that other code of the process still finds the real
package, and everything in it.
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
    """A module of the wire's messages, such as `content`: a few milliseconds, 2 MB.

    Raises:
        ModuleNotFoundError: google-cloud-aiplatform is not installed.
    """
    with _stood_in():
        return importlib.import_module(f"{_TYPES}.{name}")


def load_client(service: str = "prediction_service") -> ModuleType:
    """Imports a client with its credentials and its transport: 0.4 s, 22 MB. Once, at start-up.

    Raises:
        ModuleNotFoundError: google-cloud-aiplatform is not installed.
    """
    with _stood_in():
        return importlib.import_module(f"{_PACKAGE}.services.{service}.async_client")


def open_channel(host: str, credentials: "Credentials", options: Mapping[str, int]) -> "grpc.aio.Channel":
    """A channel as the asyncio client makes one: TLS, and the credentials' token with each call.

    Args:
        host: The endpoint, with or without its port.
        credentials: Refreshed by the library when their token runs out, in a thread of its own.
        options: Channel arguments.
    """
    client = load_client().PredictionServiceAsyncClient
    transport = client.get_transport_class("grpc_asyncio")
    channel: grpc.aio.Channel = transport.create_channel(
        host if ":" in host else f"{host}:443", credentials=credentials, options=tuple(options.items())
    )
    return channel


def token_credentials(token: str) -> "Credentials":
    """An access token, which is not renewed."""
    from google.oauth2.credentials import Credentials as OAuth2

    found: Credentials = OAuth2(token=token)  # type: ignore[no-untyped-call]
    return found


def file_credentials(path: str) -> "Credentials":
    """A service account's.

    Raises:
        GoogleAuthError, OSError, ValueError: The file holds no key of one.
    """
    from google.oauth2.service_account import Credentials as ServiceAccount

    # Read here, since the library would wait for a pipe and take a file of any size.
    text = read_bytes(path).decode("utf-8")
    check_json(text)
    key = json.loads(text)
    if not isinstance(key, dict):
        raise ValueError("the file holds no key of a service account")  # noqa: TRY004  as the library does
    load = ServiceAccount.from_service_account_info
    found: Credentials = load(key, scopes=_SCOPES)  # type: ignore[no-untyped-call]
    return found


def default_credentials() -> "Credentials":
    """The application default credentials; reads files, and may ask the metadata server of the machine.

    Raises:
        GoogleAuthError, OSError: There are none.
    """
    import google.auth

    if named := os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
        check_readable(named)  # the library reads it, whatever it is
    found: Credentials = google.auth.default(scopes=_SCOPES)[0]
    return found


@contextmanager
def _stood_in() -> Iterator[None]:
    """Empty packages in place of the real ones, unless somebody has imported those."""
    if _PACKAGE in sys.modules:
        yield
        return
    if not _stand_ins:
        _stand_ins.update(_make())
    sys.modules.update(_stand_ins)
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
