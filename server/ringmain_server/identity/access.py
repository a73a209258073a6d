"""Identity, pure: whether a caller may call a method from where it is, by its credentials and its tenant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ringmain_server.errors import NotAllowed
from ringmain_server.identity.networks import Network, peer_address, within
from ringmain_server.identity.permissions import SCOPES
from ringmain_server.identity.principal import Allowed, Principal
from ringmain_server.text.excerpt import quoted


@dataclass(frozen=True, slots=True)
class Tenant:
    """The limits of a tenant: its callers may use what these and their credentials allow.

    Attributes:
        allowed_models: The models, None for all.
        allowed_networks: The networks they may call from. Empty means all.
    """

    allowed_models: Allowed | None = None
    allowed_networks: tuple[Network, ...] = ()


_UNLIMITED: Final = Tenant()


@dataclass(frozen=True, slots=True)
class Access:
    """The rules for tenants.

    Attributes:
        tenants: The configured tenants, by name.
        known_only: Whether other tenants are refused.
    """

    tenants: Mapping[str, Tenant] = field(default_factory=dict)
    known_only: bool = False

    def check(self, principal: Principal, method: str, peer: Callable[[], str]) -> tuple[Allowed, ...]:
        """Checks that a caller may call a method.

        Args:
            principal: The caller.
            method: The method, such as `ringmain.v1.ChatService/Chat`.
            peer: Returns the caller's address as gRPC names it.

        Returns:
            The lists of models, each of which must permit those that the request names. Empty means all.

        Raises:
            NotAllowed: The caller may not.
        """
        if principal.scopes.isdisjoint(SCOPES[method]):
            raise _denied("scope", method, "needs another scope than these credentials have")
        if principal.allowed_methods is not None and not principal.allowed_methods.permits(method):
            raise _denied("method", method, "is not among the methods that these credentials are for")
        tenant = self._tenant(principal, method) if self.tenants or self.known_only else _UNLIMITED
        if (principal.allowed_networks or tenant.allowed_networks) and not _comes_from(
            peer(), principal.allowed_networks, tenant.allowed_networks
        ):
            raise _denied("network", method, "may not be called with these credentials from this network")
        if principal.allowed_models is None:
            return () if tenant.allowed_models is None else (tenant.allowed_models,)
        if tenant.allowed_models is None:
            return (principal.allowed_models,)
        return principal.allowed_models, tenant.allowed_models

    def _tenant(self, principal: Principal, method: str) -> Tenant:
        tenant = self.tenants.get(principal.tenant_id)
        if tenant is None and self.known_only and principal.tenant_id:
            raise _denied("tenant", method, "may not be called by this tenant, which is not configured")
        return tenant or _UNLIMITED


def model_denied(model: str) -> NotAllowed:
    """Returns the error for a model that a caller may not use, whether it exists or not."""
    message = f"these credentials may not use the model {quoted(model)}"
    return NotAllowed("model", message, {"model": model})


def _denied(cause: str, method: str, why: str) -> NotAllowed:
    return NotAllowed(cause, f"{method} {why}", {"method": method})


def _comes_from(peer: str, *lists: tuple[Network, ...]) -> bool:
    address = peer_address(peer)
    return all(within(address, networks) for networks in lists if networks)
