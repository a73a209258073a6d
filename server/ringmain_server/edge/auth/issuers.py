"""Room 1: makes the verifier of tokens from the settings, and keeps each issuer's keys when they change.

PyJWT is imported here at the first use, since most gateways have no issuers.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ringmain_server.config.auth import IssuerSettings
from ringmain_server.edge.auth.key_source import key_source
from ringmain_server.edge.auth.verifiers import TokenVerifier
from ringmain_server.identity.claims import SCOPE_PATHS, ClaimMapping
from ringmain_server.identity.principal import Scope
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.telemetry.events import Events

if TYPE_CHECKING:
    from ringmain_server.edge.auth.jwks import IssuerKeys


class Issuers:
    """The issuers of the active configuration.

    Args:
        events: Tells operators about the issuers' keys.
    """

    def __init__(self, events: Events) -> None:
        self._events = events
        self._sessions = HttpSessions()
        self._keys: dict[str, tuple[IssuerSettings, IssuerKeys]] = {}
        self._started = False

    def apply(self, issuers: Mapping[str, IssuerSettings]) -> TokenVerifier | None:
        """Makes the verifier of tokens for other settings.

        An issuer whose keys come from where they came before keeps those that were fetched, so that a reload
        while it is away changes nothing.

        Args:
            issuers: The settings of issuers, by name.

        Returns:
            The verifier, None without issuers.
        """
        before, self._keys = self._keys, {}
        for name, settings in issuers.items():
            known = before.get(name)
            keys = known[1] if known and _same_source(known[0], settings) else self._made(name, settings)
            self._keys[name] = settings, keys
        _stop(keys for _, keys in before.values() if keys not in self._present())
        return self._verifier() if issuers else None

    def start(self) -> None:
        """Begins to fetch keys, within the running loop, and from now on when other settings are applied."""
        self._started = True
        for keys in self._present():
            keys.start()

    async def close(self) -> None:
        """Ends the fetches and closes their connections."""
        ending = _stop(self._present())
        if ending:
            await asyncio.wait(ending)
        await self._sessions.close()

    def _present(self) -> "list[IssuerKeys]":
        return [keys for _, keys in self._keys.values()]

    def _made(self, name: str, settings: IssuerSettings) -> "IssuerKeys":
        from ringmain_server.edge.auth.jwks import IssuerKeys

        keys = IssuerKeys(name, settings, key_source(settings, self._sessions), self._events)
        if self._started:
            keys.start()
        return keys

    def _verifier(self) -> TokenVerifier:
        from ringmain_server.edge.auth.tokens import Issuer, Tokens

        found = (
            Issuer(settings.issuer, settings.algorithms, keys, _mapping(name, settings))
            for name, (settings, keys) in self._keys.items()
        )
        return Tokens({one.issuer: one for one in found})


def _stop(keys: "Iterable[IssuerKeys]") -> "list[asyncio.Task[None]]":
    return [task for one in keys for task in one.stop()]


def _same_source(before: IssuerSettings, now: IssuerSettings) -> bool:
    """Whether keys of an issuer come from the same place for the same use."""
    others = {name: getattr(now, name) for name in ("audience", "leeway", "claims", "tenant")}
    scopes = {"scopes": now.scopes, "default_scopes": now.default_scopes}
    return before.model_copy(update=others | scopes) == now


def _mapping(name: str, settings: IssuerSettings) -> ClaimMapping:
    claims = settings.claims
    return ClaimMapping(
        issuer_name=name,
        audience=frozenset(settings.audience),
        leeway=settings.leeway,
        tenant=settings.tenant or "",
        tenant_path=claims.tenant or (),
        principal_path=claims.principal,
        scope_paths=SCOPE_PATHS if claims.scopes is None else (claims.scopes,),
        scopes={value: frozenset(map(Scope, names)) for value, names in settings.scopes.items()},
        default_scopes=_default_scopes(settings),
        models_path=claims.models,
    )


def _default_scopes(settings: IssuerSettings) -> frozenset[Scope]:
    if settings.default_scopes is not None:
        return frozenset(map(Scope, settings.default_scopes))
    return frozenset() if settings.scopes else frozenset({Scope.INFERENCE})
