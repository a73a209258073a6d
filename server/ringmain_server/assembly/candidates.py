"""Assembly: a candidate of a model, with the layers around its exchange with the provider.

drain, where configured → timeout → streams made from whole answers, where any are → media → exchange
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ringmain.v1.model_service_pb2 import CAPABILITY_CHAT, CAPABILITY_TOOLS

from ringmain_server.assembly.policies import health_settings, model_policy
from ringmain_server.backend import Backend
from ringmain_server.candidate import Candidate, Timeouts
from ringmain_server.catalog.capabilities import CHAT_FEATURES, UNLISTED, WIRE_FEATURES, capability
from ringmain_server.catalog.knobs import Knobs
from ringmain_server.catalog.limits import Limits
from ringmain_server.catalog.models import UNKNOWN, KnownModel, knobs_of, lookup
from ringmain_server.catalog.prices import FREE, FlatPrice, Price, list_price
from ringmain_server.config import CandidateSettings, Settings
from ringmain_server.kinds import KINDS
from ringmain_server.layers.drain import Drain
from ringmain_server.layers.media import FitMedia
from ringmain_server.layers.timeout import Timeout
from ringmain_server.media.limits import ANY_IMAGE, ModelLimits
from ringmain_server.media.workers import MediaWorkers
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.whole_as_stream import WholeAsStream, streams_from_whole
from ringmain_server.routing.health_registry import HealthRegistry
from ringmain_server.routing.models import RoutePlan, Target


@dataclass(frozen=True, slots=True)
class CandidateBuilder:
    """Builds candidates, each behind its layers.

    Attributes:
        settings: The configuration.
        providers: Every configured provider.
        health_registry: The health of all candidates.
        workers: The workers for media.
    """

    settings: Settings
    providers: Mapping[str, Provider]
    health_registry: HealthRegistry
    workers: MediaWorkers

    def plan(self, model: str) -> RoutePlan:
        """Returns the candidates and the policy of a configured model."""
        stated = self.settings.models[model]
        targets = tuple(self._target(candidate, model) for candidate in stated.candidates)
        return RoutePlan(targets, model_policy(self.settings, stated))

    def direct(self, provider_id: str, provider_model: str) -> Target:
        """Returns the candidate that a caller addresses as `provider/model`."""
        # Not validated like an operator's settings: the rules of the edge have checked the name.
        stated = CandidateSettings.model_construct(provider=provider_id, model=provider_model)
        return self._target(stated, None)

    def _target(self, stated: CandidateSettings, model: str | None) -> Target:
        provider = self.providers[stated.provider]
        candidate = _candidate(self.settings, self.providers, stated, model)
        exchange = provider.backend(candidate)
        own = exchange.operations
        backend: Backend = FitMedia(exchange, candidate, self.workers)
        if made_streams := streams_from_whole(own):
            backend = WholeAsStream(backend, made_streams)
        backend = Timeout(backend, candidate.timeouts)
        if model is not None and self.settings.models[model].on_cancel == "drain":
            backend = Drain(backend)
        machines = health_settings(self.settings, stated.provider, model)
        self.health_registry.provider(stated.provider).checks = provider.checks
        health = self.health_registry.get(stated.provider, stated.model, machines, addressed=model is None)
        return Target(candidate, backend, own | made_streams, health, stated.weight, provider.library)


def _candidate(
    settings: Settings, providers: Mapping[str, Provider], stated: CandidateSettings, model: str | None
) -> Candidate:
    provider, own = providers[stated.provider], settings.providers[stated.provider]
    timeouts = settings.timeouts_for(stated.provider, model)
    known = lookup(provider.kind, stated.model) or UNKNOWN
    knobs = _knobs(provider, stated)
    carried = provider.carries(stated.model, knobs)
    ends = known.retirement if own.is_at_vendor(KINDS[provider.kind]) else None
    return Candidate(
        provider_id=stated.provider,
        kind=provider.kind,
        provider_model=stated.model,
        timeouts=Timeouts(timeouts.connect, timeouts.attempt, timeouts.first_content, timeouts.idle),
        price=_price(provider.kind, stated),
        capabilities=_capabilities(provider, stated, known, knobs, carried),
        context_tokens=stated.context_tokens or known.context_tokens,
        max_output_tokens=stated.max_output_tokens or known.max_output_tokens,
        output_limit_configured=stated.max_output_tokens is not None,
        prefill=knobs.prefill if stated.prefill is None else stated.prefill,
        images=_taken(known.limits) if provider.images is None else provider.images,
        edits=provider.edits(stated.model),
        price_configured=stated.price is not None,
        limits=known.limits,
        knobs=knobs,
        user_id_key=b"" if own.user_id_key is None else own.user_id_key.get_secret_value().encode(),
        send_labels=getattr(own, "send_labels", False),
        lacks=WIRE_FEATURES - carried,
        retire_date=stated.retire_date or (ends.date.isoformat() if ends else ""),
        replaced_by=stated.replaced_by or (ends.replaced_by if ends else ""),
    )


def _knobs(provider: Provider, stated: CandidateSettings) -> Knobs:
    """Returns the knobs of a model: the provider's, else the catalog's, as an operator corrected them."""
    found = provider.knobs or knobs_of(provider.kind, stated.model)
    own = stated.knobs.model_dump(exclude_none=True)
    for name in ("lacks", "reasoning_lacks"):
        if name in own:
            own[name] = frozenset(own[name])
    return replace(found, **own) if own else found


def _capabilities(
    provider: Provider, stated: CandidateSettings, known: KnownModel, knobs: Knobs, carried: frozenset[int]
) -> frozenset[int] | None:
    """Returns what a candidate can do: what its model can, as far as its wire carries it. None if unknown."""
    if stated.capabilities is not None:
        found = _stated(stated.capabilities)
    else:
        own = None if provider.capabilities is None else provider.capabilities(stated.model)
        able = known.capabilities if own is None else own
        if able is None:
            return None
        found = able | provider.gives(stated.model, knobs) if CAPABILITY_TOOLS in able else able
    return found - (WIRE_FEATURES - carried) | (UNLISTED & carried)


def _taken(limits: Limits) -> ModelLimits:
    """Returns the limits for images that a model reads, or else for those that it changes."""
    if limits.vision is not None:
        return limits.vision.image
    if limits.image is None or not limits.image.input_types:
        return ANY_IMAGE
    return ModelLimits(mime_types=limits.image.input_types, max_bytes=limits.image.max_input_bytes)


def _price(kind: str, stated: CandidateSettings) -> Price | None:
    if stated.price is not None:
        price = stated.price
        return FlatPrice(
            price.input_per_mtok,
            price.output_per_mtok,
            price.cached_input_per_mtok,
            price.cache_write_per_mtok,
            price.per_image,
            price.per_audio_minute,
            price.per_mchar,
        )
    return FREE if KINDS[kind].free else list_price(kind, stated.model)


def _stated(names: Iterable[str]) -> frozenset[int]:
    """Returns the configured capabilities; one that only a chat can have implies chat."""
    found = frozenset(map(capability, names))
    return found | {CAPABILITY_CHAT} if found & CHAT_FEATURES else found
