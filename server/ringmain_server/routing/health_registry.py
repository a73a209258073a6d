"""Room 3: the health of all candidates, kept across reloads of the configuration.

Callers may address any model of a provider as `provider/model`, and so invent names without end. The health
of such a candidate is kept from its first attempt on, among a bounded number of others. When its provider
does not know the model, the health is dropped; only a digest of the name is kept for a while, so that a
caller who asks again and again does not reach the provider each time.
"""

import hashlib
import math
from weakref import WeakValueDictionary

from cachetools import LRUCache

from ringmain_server.errors import UnknownProviderModel
from ringmain_server.policies import Clock
from ringmain_server.routing.health import CandidateHealth, HealthSettings, OnChange, ProviderState

ADDRESSED_LIMIT = 512
"""The most candidates, besides the configured ones, whose health is remembered."""
UNKNOWN_LIMIT = 4096
"""The most names that are remembered because their provider does not know them."""

_Key = tuple[str, str, HealthSettings]


class HealthRegistry:
    """The health of every candidate.

    Args:
        clock: Seconds on any monotonic clock.
        on_change: Called when a breaker changes.
    """

    def __init__(self, clock: Clock, on_change: OnChange | None = None) -> None:
        self._clock = clock
        self._on_change = on_change
        self._providers: dict[str, ProviderState] = {}
        # Its users keep a candidate's health: the models of a configuration, and the calls that run.
        self._used: WeakValueDictionary[_Key, CandidateHealth] = WeakValueDictionary()
        self._addressed: LRUCache[_Key, CandidateHealth] = LRUCache(ADDRESSED_LIMIT)
        self._unknown: LRUCache[tuple[str, bytes], float] = LRUCache(UNKNOWN_LIMIT)

    def get(
        self, provider_id: str, provider_model: str, settings: HealthSettings, *, addressed: bool = False
    ) -> CandidateHealth:
        """Returns the health of a candidate with these settings; a new one if there is none.

        Args:
            provider_id: The provider.
            provider_model: Its own name for the model.
            settings: The settings of the machines.
            addressed: Whether a caller chose the name, and no configuration has it.
        """
        key = (provider_id, provider_model, settings)
        health = self._used.get(key)
        if health is None:
            health = self._new(key, addressed=addressed)
        if addressed:
            health.on_use, health.on_unknown = self._keep, self._forget
        return health

    def provider(self, provider_id: str) -> ProviderState:
        """Returns the state of a provider."""
        return self._providers.setdefault(provider_id, ProviderState())

    def of(self, provider_id: str) -> list[CandidateHealth]:
        """Returns the health of a provider's models, by name."""
        found = [known for known in self._used.values() if known.provider_id == provider_id]
        return sorted(found, key=lambda health: health.provider_model)

    def addressed(self) -> list[CandidateHealth]:
        """Returns the health of the candidates that callers address by names of their own."""
        return list(self._addressed.values())

    def renew(self, provider_id: str) -> None:
        """Forgets the names that a provider did not know, after a change of settings or a restore."""
        for key in [key for key in self._unknown if key[0] == provider_id]:
            del self._unknown[key]

    def _new(self, key: _Key, *, addressed: bool) -> CandidateHealth:
        provider_id, provider_model, settings = key
        provider = self.provider(provider_id)
        health = CandidateHealth(
            provider_id, provider_model, provider, self._clock, settings, self._on_change
        )
        self._used[key] = health
        until = self._unknown.get(_digest(health), -math.inf) if addressed else -math.inf
        if until > self._clock():
            error = UnknownProviderModel(provider_id, "does not know the model")
            health.cool_down_until(until, error)
        return health

    def _keep(self, health: CandidateHealth) -> None:
        """Remembers a candidate's health because it is in use, or notes that it still is."""
        self._addressed[_key(health)] = health

    def _forget(self, health: CandidateHealth, until: float) -> None:
        """Drops the health of a model that its provider does not know; remembers when the cooldown ends."""
        self._addressed.pop(_key(health), None)
        self._unknown[_digest(health)] = until


def _key(health: CandidateHealth) -> _Key:
    return health.provider_id, health.provider_model, health.settings


def _digest(health: CandidateHealth) -> tuple[str, bytes]:
    name = health.provider_model.encode(errors="surrogatepass")
    return health.provider_id, hashlib.blake2b(name, digest_size=16).digest()
