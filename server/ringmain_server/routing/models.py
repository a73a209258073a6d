"""Room 3: the models of this gateway and their candidates."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cachetools import LRUCache

from ringmain_server.backend import Backend
from ringmain_server.candidate import Candidate
from ringmain_server.catalog.prices import Price
from ringmain_server.errors import ModelNotFound
from ringmain_server.operations.base import AnyOperation
from ringmain_server.providers.lazy import Library
from ringmain_server.routing.balance import Strategy
from ringmain_server.routing.health import CandidateHealth
from ringmain_server.routing.policy import ModelPolicy

DIRECT_LIMIT = 256
"""The most `provider/model` names kept at once: callers choose them, so memory must be bounded."""


@dataclass(frozen=True, slots=True)
class Target:
    """A candidate and the backend that reaches it through its layers.

    Attributes:
        candidate: The candidate.
        backend: Its layers and its exchange with the provider.
        operations: The operations of its provider.
        health: Its health, which tells whether it may be tried now.
        weight: Its share of the model's traffic, relative to the others.
        library: The library that reaching it needs; None for none. An attempt begins after it is loaded.
    """

    candidate: Candidate
    backend: Backend
    operations: frozenset[AnyOperation]
    health: CandidateHealth
    weight: float = 1.0
    library: Library[Any] | None = None

    @property
    def price(self) -> Price | None:
        """The price of tokens, None when unknown."""
        return self.candidate.price

    @property
    def latency(self) -> float | None:
        """The median time to the first content lately, in seconds; None when unknown."""
        return self.health.latency


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """The candidates of a model, and its routing policy.

    Attributes:
        targets: The candidates in order; at least one.
        policy: The model's routing policy.
        lacked: By operation, the needs of a request for which a candidate may be left out; None where one may
            be whatever the request needs. Kept since the first request.
    """

    targets: tuple[Target, ...]
    policy: ModelPolicy = field(default_factory=ModelPolicy)
    lacked: dict[AnyOperation, frozenset[int] | None] = field(default_factory=dict, compare=False, repr=False)


class Models:
    """Resolves names of models to candidates.

    Args:
        named: The configured models, in the order of the configuration.
        providers: Makes the candidate of a `provider/model` name, keyed by provider.
        listed: `provider/model` names to list besides the configured ones.
        direct_policy: The routing policy of `provider/model` requests.
        addressed: Returns the health of candidates that callers have addressed lately; None for none.
    """

    def __init__(
        self,
        named: Mapping[str, RoutePlan],
        providers: Mapping[str, Callable[[str], Target]],
        listed: Sequence[str] = (),
        direct_policy: ModelPolicy | None = None,
        addressed: Callable[[], Iterable[CandidateHealth]] | None = None,
    ) -> None:
        self._named = dict(named)
        self._providers = providers
        self._listed = tuple(listed)
        self._direct_policy = direct_policy or ModelPolicy()
        self._addressed = addressed or tuple
        self._direct: LRUCache[str, RoutePlan] = LRUCache(DIRECT_LIMIT)

    def resolve(self, model: str) -> tuple[Target, ...]:
        """Returns the candidates of a model, in order; at least one.

        Raises:
            ModelNotFound: Neither a configured name nor `provider/model` of a configured provider.
        """
        return self.plan(model).targets

    def plan(self, model: str) -> RoutePlan:
        """Returns the candidates of a model and its policy.

        Raises:
            ModelNotFound: Neither a configured name nor `provider/model` of a configured provider.
        """
        return self._named.get(model) or self._direct.get(model) or self._plan_direct(model)

    def names(self) -> Iterator[str]:
        """Returns every name to list, sorted."""
        return iter(sorted({*self._named, *self._listed}))

    def configured(self) -> list[CandidateHealth]:
        """Returns the health of each candidate of a configured model."""
        return _healths(self._named.values())

    def healths(self) -> list[CandidateHealth]:
        """Returns the health of each candidate that is configured, or that callers address and use."""
        named = self.configured()
        known = set(map(id, named))
        return _sorted([*named, *(one for one in self._addressed() if id(one) not in known and not one.idle)])

    def put_first(self, model: str, provider_id: str) -> list[str]:
        """Puts a provider's candidates first, whatever the model's strategy, and keeps the others' order.

        Args:
            model: A configured name.
            provider_id: The provider.

        Returns:
            The providers in the order tried.

        Raises:
            ModelNotFound: It is no configured name.
            LookupError: The provider has no candidate there.
        """
        plan = self._named.get(model)
        if plan is None:
            raise ModelNotFound(model)
        targets = sorted(plan.targets, key=lambda one: one.candidate.provider_id != provider_id)
        if targets[0].candidate.provider_id != provider_id:
            raise LookupError(provider_id)
        self._named[model] = RoutePlan(tuple(targets), replace(plan.policy, strategy=Strategy.PRIORITY))
        return list(dict.fromkeys(one.candidate.provider_id for one in targets))

    def _plan_direct(self, model: str) -> RoutePlan:
        provider_id, _, provider_model = model.partition("/")
        make = self._providers.get(provider_id)
        if make is None or not provider_model:
            raise ModelNotFound(model)
        plan = RoutePlan((make(provider_model),), self._direct_policy)
        if plan.targets[0].health.tried:  # no plan is kept for a name that a caller only invented
            self._direct[model] = plan
        return plan


def _healths(plans: Iterable[RoutePlan]) -> list[CandidateHealth]:
    found = {id(one.health): one.health for plan in plans for one in plan.targets}
    return _sorted(found.values())


def _sorted(healths: Iterable[CandidateHealth]) -> list[CandidateHealth]:
    return sorted(healths, key=lambda health: (health.provider_id, health.provider_model))
