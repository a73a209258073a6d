"""Room 3: the models of this gateway, and what serves each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cachetools import LRUCache

from ringmain_server.backend import Backend
from ringmain_server.candidate import Candidate
from ringmain_server.errors import ModelNotFound

DIRECT_LIMIT = 1024
"""Most `provider/model` names kept at once: callers choose them, so they must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Served:
    """A candidate and the backend that reaches it through its layers.

    Attributes:
        candidate: Who.
        backend: How.
        operations: What it can do.
    """

    candidate: Candidate
    backend: Backend
    operations: frozenset[object]


class Models:
    """Names to candidates.

    Args:
        named: The configured models, in the order of the configuration.
        providers: Makes the candidate of a `provider/model` name, keyed by provider.
        listed: `provider/model` names worth listing beside the configured ones.
    """

    def __init__(
        self,
        named: Mapping[str, Sequence[Served]],
        providers: Mapping[str, Callable[[str], Served]],
        listed: Sequence[str] = (),
    ) -> None:
        self._named = {name: tuple(served) for name, served in named.items()}
        self._providers = providers
        self._listed = tuple(listed)
        self._direct: LRUCache[str, tuple[Served, ...]] = LRUCache(DIRECT_LIMIT)

    def resolve(self, model: str) -> tuple[Served, ...]:
        """The candidates of a model, in order; at least one.

        Raises:
            ModelNotFound: Neither a configured name nor `provider/model` of a configured provider.
        """
        found = self._named.get(model) or self._direct.get(model)
        return found or self._resolve_direct(model)

    def names(self) -> Iterator[str]:
        """Every name worth listing, sorted."""
        return iter(sorted({*self._named, *self._listed}))

    def _resolve_direct(self, model: str) -> tuple[Served, ...]:
        provider_id, _, provider_model = model.partition("/")
        make = self._providers.get(provider_id)
        if make is None or not provider_model:
            raise ModelNotFound(model)
        served = self._direct[model] = (make(provider_model),)
        return served
