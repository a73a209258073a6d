"""Assembly: resolves every model name, and makes the router that tries its candidates."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial

from ringmain_server.assembly.candidates import CandidateBuilder
from ringmain_server.assembly.policies import check_document, model_policy, retries
from ringmain_server.backend import Backend
from ringmain_server.catalog.models import listed, lookup
from ringmain_server.config import Settings
from ringmain_server.kinds import KINDS
from ringmain_server.media.workers import MediaWorkers
from ringmain_server.providers.exchange import Provider
from ringmain_server.routing.health_registry import HealthRegistry
from ringmain_server.routing.models import Models, Target
from ringmain_server.routing.router import Router


def build_models(
    settings: Settings,
    providers: Mapping[str, Provider],
    health_registry: HealthRegistry | None = None,
    workers: MediaWorkers | None = None,
) -> Models:
    """Makes the resolver of every model name.

    Args:
        settings: The configuration.
        providers: Every configured provider.
        health_registry: The health of all candidates, kept across reloads; a new one when absent.
        workers: The workers for media; new ones when absent.
    """
    health_registry = health_registry or HealthRegistry(time.monotonic)
    workers = workers or MediaWorkers(check_document=check_document)
    candidates = CandidateBuilder(settings, providers, health_registry, workers)
    named = {name: candidates.plan(name) for name in settings.models}
    direct: dict[str, Callable[[str], Target]] = {
        provider_id: partial(candidates.direct, provider_id) for provider_id in providers
    }
    listed_names = list(_listed(settings, providers))
    return Models(named, direct, listed_names, model_policy(settings, None), health_registry.addressed)


def build_router(models: Models, settings: Settings) -> Backend:
    """Makes the router that tries the candidates of a model."""
    rng = random.Random()
    return Router(models, retries(settings, time.monotonic, rng), time.monotonic, rng)


def _listed(settings: Settings, providers: Mapping[str, Provider]) -> Iterator[str]:
    """Yields the `provider/model` names to list: a provider's own, else its vendor's current models."""
    for provider_id, provider in providers.items():
        at_vendor = settings.providers[provider_id].is_at_vendor(KINDS[provider.kind])
        known = listed(provider.kind, datetime.now(UTC).date()) if at_vendor else ()
        for model in provider.models or known:
            if _serves(provider, model):
                yield f"{provider_id}/{model}"


def _serves(provider: Provider, model: str) -> bool:
    """Whether one of the provider's operations suits the model, as far as is known."""
    known = lookup(provider.kind, model)
    if known is None or known.capabilities is None:
        return True
    return any(op.capability in known.capabilities for op in provider.translators)
