"""Configuration: settings from environment variables.

There are two families of variables. Those that begin with `RINGMAIN_`, such as `RINGMAIN_SERVER__LISTEN`,
name any setting. Those that the vendors' own tools read, such as `OPENAI_API_KEY`, add a provider each if
there is no file.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from ringmain_server.config import schema
from ringmain_server.config.problems import Keys, Place
from ringmain_server.config.tree import Source, Tree, merge
from ringmain_server.config.wires import WIRES
from ringmain_server.kinds import KINDS, Kind

PREFIX = "RINGMAIN_"

RESERVED = frozenset(
    {
        "RINGMAIN_CONFIG",
        "RINGMAIN_TARGET",
        "RINGMAIN_ADMIN_TARGET",
        "RINGMAIN_TOKEN",
        "RINGMAIN_TLS",
        "RINGMAIN_TLS_NAME",
        "RINGMAIN_CA_FILE",
        "RINGMAIN_CLIENT_CERT",
        "RINGMAIN_CLIENT_KEY",
        "RINGMAIN_MODEL",
        "RINGMAIN_DEBUG",
        # Variables of this repository's own checks, which start gateways.
        "RINGMAIN_REQUIRE_ALL",
        "RINGMAIN_IMAGE_PREFIX",
    }
)
"""Variables that are not settings: the name of the file, and what the command line reads as a client."""

# Kubernetes gives every container the address of each Service: for one named `ringmain`,
# RINGMAIN_SERVICE_HOST, RINGMAIN_PORT and RINGMAIN_PORT_50051_TCP_ADDR. None of them is a setting.
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_SERVICE_LINK = re.compile(
    r"RINGMAIN_(?:[A-Z0-9]+_)*"
    r"(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_[A-Z]+)?)?)"
)


# Where a client reaches a server that listens on every address.
_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104, nothing is bound here


def settings(environ: Mapping[str, str], known: Mapping[str, object]) -> Source:
    """Reads the `RINGMAIN_` variables.

    Args:
        environ: The environment.
        known: The tree so far. Its names are matched without regard to case and to `-`, `.` and `/`, since
            the name of a variable can have none of them.
    """
    values: Tree = {}
    places: dict[Keys, Place] = {}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or _is_foreign(variable):
            continue
        keys = _keys(variable.removeprefix(PREFIX), known)
        places[keys] = Place(variable)
        values = merge(values, nested(keys, schema.typed(environ[variable], schema.at(keys))))
    return Source("environment", values, lambda: places)


def _is_foreign(variable: str) -> bool:
    return variable in RESERVED or _SERVICE_LINK.fullmatch(variable) is not None


def _keys(name: str, known: object) -> Keys:
    keys: Keys = ()
    for part in name.split("__"):
        names = known if isinstance(known, Mapping) else {}
        plain = _plain(part)
        key = next((key for key in names if _plain(key) == plain), plain)
        keys = (*keys, key)
        known = names.get(key)
    return keys


def _plain(name: str) -> str:
    return re.sub(r"[-./]", "_", name.lower())


def nested(keys: Keys, value: object) -> Tree:
    """Returns a tree with one value: `("a", "b")` and 1 give `{"a": {"b": 1}}`."""
    for key in reversed(keys[1:]):
        value = {key: value}
    return {str(keys[0]): value}


def discovered(environ: Mapping[str, str], kinds: Mapping[str, Kind] = KINDS) -> Source:
    """Returns a provider for each installed kind whose usual variables are set, under the kind's name."""
    providers: Tree = {}
    places: dict[Keys, Place] = {}
    for kind in _triggered(environ, kinds):
        if kind.installed:
            providers[kind.name] = {"kind": kind.name}
            places["providers", kind.name] = Place(kind.variable(kind.triggers[0], environ))
    return Source("environment", {"providers": providers}, lambda: places)


def left_out(environ: Mapping[str, str], kinds: Mapping[str, Kind] = KINDS) -> list[Kind]:
    """Returns the kinds whose usual variables are set but whose extra is not installed."""
    return [kind for kind in _triggered(environ, kinds) if not kind.installed]


def _triggered(environ: Mapping[str, str], kinds: Mapping[str, Kind]) -> Iterator[Kind]:
    for kind in kinds.values():
        variables = [kind.variable(setting, environ) for setting in kind.triggers]
        if variables and all(environ.get(name) for name in variables):
            yield kind


def usual(environ: Mapping[str, str], providers: Mapping[str, object]) -> Source:
    """Returns the settings that usual variables and endpoints of kinds add to the providers of a tree.

    A usual key is sent to the usual endpoint only: a provider whose `base_url` is written in the
    configuration never gets a key, organization or project that is not written there too.
    """
    values: Tree = {}
    places: dict[Keys, Place] = {}
    for name, provider in providers.items():
        kind = KINDS.get(str(provider.get("kind"))) if isinstance(provider, Mapping) else None
        if kind is None or not isinstance(provider, Mapping):
            continue
        if not WIRES[kind.wire].takes_usual_values(provider):
            continue
        found: Tree = {"base_url": kind.base_url} if kind.base_url else {}
        for setting in kind.environment:
            variable = kind.variable(setting, environ)
            if environ.get(variable):
                found[setting] = _usual_value(kind, setting, environ[variable])
                places["providers", name, setting] = Place(variable)
        values[name] = found
    return Source("environment", {"providers": values}, lambda: places)


def _usual_value(kind: Kind, setting: str, value: str) -> str:
    if setting != "base_url" or not kind.bare_host:
        return value
    try:
        return ollama_url(value)
    except ValueError:
        return value  # The check of base_url reports it.


def ollama_url(host: str) -> str:
    """Returns the endpoint that `OLLAMA_HOST` means, in the forms that Ollama itself accepts.

    The scheme and the port may be absent; they are then http and 11434. The host may be the wildcard address
    that Ollama listens on (0.0.0.0); a client on this machine then uses loopback.
    """
    scheme, separator, rest = host.strip().rpartition("://")
    url = urlsplit(f"{scheme or 'http'}://{rest}")
    usual_port = {"http": 80, "https": 443}.get(scheme, 11434) if separator else 11434
    name = url.hostname or "127.0.0.1"
    name = _REACHED_AT.get(name, name)
    name = f"[{name}]" if ":" in name else name
    path = url.path.strip("/") or "v1"
    return f"{url.scheme}://{name}:{url.port or usual_port}/{path}"
