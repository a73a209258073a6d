"""Room 3: assembles the pipeline from the settings, once, at start-up.

router ─┐ for each candidate:
└ timeout → exchange with the provider
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial

from ringmain.v1.model_service_pb2 import Capability

from ringmain_server.backend import Backend
from ringmain_server.candidate import Candidate, Timeouts
from ringmain_server.catalog.prices import FlatPrice, Price, list_price
from ringmain_server.config import CandidateSettings, Settings
from ringmain_server.layers.timeout import Timeout
from ringmain_server.models import Models, Served
from ringmain_server.providers.exchange import Provider
from ringmain_server.router import Router

FREE = FlatPrice(Decimal(0), Decimal(0))
"""The sandbox costs nothing, and that is known."""


def build_models(settings: Settings, providers: Mapping[str, Provider]) -> Models:
    """What every model name leads to.

    Args:
        settings: The configuration.
        providers: Every configured provider.
    """
    named = {
        name: [
            _serve(providers[candidate.provider], _candidate(settings, providers, candidate, name))
            for candidate in model.candidates
        ]
        for name, model in settings.models.items()
    }
    direct: dict[str, Callable[[str], Served]] = {
        provider_id: partial(_direct, settings, providers, provider_id) for provider_id in providers
    }
    listed = [
        f"{provider.provider_id}/{model}" for provider in providers.values() for model in provider.models
    ]
    return Models(named, direct, listed)


def build_pipeline(models: Models) -> Backend:
    """The layers of a request, folded together."""
    return Router(models)


def _direct(
    settings: Settings, providers: Mapping[str, Provider], provider_id: str, provider_model: str
) -> Served:
    stated = CandidateSettings(provider=provider_id, model=provider_model)
    return _serve(providers[provider_id], _candidate(settings, providers, stated, None))


def _serve(provider: Provider, candidate: Candidate) -> Served:
    backend = Timeout(provider.backend(candidate), candidate.timeouts)
    return Served(candidate, backend, frozenset(provider.translators))


def _candidate(
    settings: Settings, providers: Mapping[str, Provider], stated: CandidateSettings, model: str | None
) -> Candidate:
    provider = providers[stated.provider]
    timeouts = settings.timeouts_for(stated.provider, model)
    capabilities = stated.capabilities
    return Candidate(
        provider_id=stated.provider,
        kind=provider.kind,
        provider_model=stated.model,
        timeouts=Timeouts(timeouts.connect, timeouts.attempt, timeouts.first_content, timeouts.idle),
        price=_price(provider.kind, stated),
        capabilities=None if capabilities is None else frozenset(map(_capability, capabilities)),
        context_tokens=stated.context_tokens or 0,
        max_output_tokens=stated.max_output_tokens or 0,
    )


def _price(kind: str, stated: CandidateSettings) -> Price | None:
    if stated.price is not None:
        price = stated.price
        return FlatPrice(
            price.input_per_mtok,
            price.output_per_mtok,
            price.cached_input_per_mtok,
            price.cache_write_per_mtok,
        )
    return FREE if kind == "sandbox" else list_price(kind, stated.model)


def _capability(name: str) -> int:
    return Capability.Value(f"CAPABILITY_{name.upper()}")
