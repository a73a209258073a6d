"""Assembly: makes of the settings what decides who may call."""

from collections.abc import Mapping
from importlib import import_module

from ringmain_server.config import Settings
from ringmain_server.config.auth import TenantSettings
from ringmain_server.edge.auth.authenticator import Authenticator
from ringmain_server.edge.auth.certificates import certificate_rules
from ringmain_server.edge.auth.gate import Gate, Rules
from ringmain_server.edge.auth.issuers import Issuers
from ringmain_server.identity.access import Access, Tenant
from ringmain_server.identity.keyring import Keyring
from ringmain_server.identity.keys import hasher
from ringmain_server.identity.networks import network
from ringmain_server.identity.principal import Allowed
from ringmain_server.telemetry.events import Events


class Identity:
    """The gate of a process, and what it knows of callers.

    Args:
        settings: The first configuration.
        events: Tells operators about issuers that cannot be reached.

    Attributes:
        gate: Decides who may call what.
        hasher: Hashes API keys.
        keyring: Every API key, None where callers may not show any. It is empty until somebody fills it.
    """

    def __init__(self, settings: Settings, events: Events) -> None:
        self._issuers = Issuers(events)
        pepper = settings.auth.keys.pepper
        self.hasher = hasher("" if pepper is None else pepper.get_secret_value())
        self.keyring = Keyring(self.hasher) if settings.keys_enabled else None
        self.gate = Gate(self._rules(settings))

    def start(self) -> None:
        """Begins to fetch the keys of issuers, within the running loop."""
        self._issuers.start()

    async def close(self) -> None:
        """Ends what was begun."""
        await self._issuers.close()

    def apply(self, settings: Settings) -> None:
        """Applies another configuration to calls that come from now on."""
        self.gate.apply(self._rules(settings))

    def _rules(self, settings: Settings) -> Rules:
        access = Access(_tenants(settings.tenants), settings.auth.known_tenants_only)
        authenticator = Authenticator(
            keys=self.keyring,
            tokens=self._issuers.apply(settings.auth.issuers),
            certificates=certificate_rules(settings.auth.certificates),
            required=settings.auth_required,
        )
        return Rules(authenticator if settings.auth_configured else None, access)


def load_libraries(settings: Settings) -> None:
    """Imports what the verification of tokens needs, which would hold up the event loop for some time."""
    if settings.auth.issuers:
        import_module("ringmain_server.edge.auth.tokens")


def _tenants(settings: Mapping[str, TenantSettings]) -> Mapping[str, Tenant]:
    return {
        name: Tenant(Allowed.of(one.allowed_models), tuple(map(network, one.allowed_networks)))
        for name, one in settings.items()
    }
