"""Configuration: finds addresses that other machines can reach although callers need no credentials.

The plain tree is looked at, so that one wrong type elsewhere does not hide such an address.
"""

from collections.abc import Iterator, Mapping

from ringmain_server.config import units
from ringmain_server.config.auth import keys_enabled
from ringmain_server.config.problems import Mistake
from ringmain_server.config.settings import Settings

_WHY = {
    "listen": "because callers need no credentials",
    "admin_listen": "because callers need no credentials",
    "metrics_listen": "because metrics are read without credentials",
}
_FLAG = "--allow-unauthenticated (server.allow_unauthenticated) allows other addresses"


def exposed(tree: Mapping[str, object]) -> Iterator[Mistake]:
    """Yields the mistakes in who can reach the gateway and who may call it.

    Args:
        tree: The merged settings, whose types may be wrong.
    """
    server, auth = _section(tree, "server"), _section(tree, "auth")
    configured = _configured(auth, _section(tree, "storage"))
    required = auth.get("required")
    if required is True and not configured:
        problem = "must not be true while no method is configured by which callers could say who they are"
        yield Mistake(("auth", "required"), problem)
    if server.get("allow_unauthenticated") is True:
        return
    # Operators need a scope that callers without credentials never have. Readers of metrics are asked for
    # nothing, but may have to show a certificate, as callers may. Those of callers must not make operators.
    for name, guarded in (
        ("listen", (configured and required is not False) or _demands_certificates(server.get("tls"))),
        ("admin_listen", configured),
        ("metrics_listen", _demands_certificates(server.get("metrics_tls", server.get("tls")))),
    ):
        if not guarded and _is_open(server.get(name)):
            yield Mistake(
                ("server", name), f"listens on loopback only, such as 127.0.0.1, {_WHY[name]}; {_FLAG}"
            )


def plain(settings: Settings) -> Mapping[str, object]:
    """Returns the sections of settings that `exposed` looks at, as a tree."""
    auth = settings.auth
    return {
        "server": settings.server.model_dump(),
        "auth": {
            "required": auth.required,
            "keys": {"enabled": auth.keys.enabled, "pepper": auth.keys.pepper},
            "issuers": auth.issuers,
            "certificates": {"rules": auth.certificates.rules},
        },
        "storage": {"url": settings.storage.url},
    }


def _configured(auth: Mapping[str, object], storage: Mapping[str, object]) -> bool:
    keys = _section(auth, "keys")
    rules = _section(auth, "certificates").get("rules")
    return bool(
        keys_enabled(keys.get("enabled"), keys.get("pepper"), storage.get("url"))
        or auth.get("issuers")
        or rules
    )


def _demands_certificates(tls: object) -> bool:
    return isinstance(tls, Mapping) and tls.get("client_ca") is not None


def _section(tree: Mapping[str, object], name: str) -> Mapping[str, object]:
    section = tree.get(name)
    return section if isinstance(section, Mapping) else {}


def _is_open(address: object) -> bool:
    """Whether a value is an address that other machines can reach."""
    if not isinstance(address, str):
        return False
    try:
        return not units.is_loopback(units.address(address))
    except ValueError:
        return False  # it is reported as no address
