"""Assembly: translates settings to the policies of breakers, retries, media and models."""

import random
from dataclasses import replace

from ringmain.v1.routing_pb2 import StreamRecovery

from ringmain_server import errors
from ringmain_server.config import ModelSettings, Settings
from ringmain_server.config.reliability import overridden
from ringmain_server.media.fetch import Fetcher
from ringmain_server.media.limits import ReadLimits
from ringmain_server.media.runner import MediaPool
from ringmain_server.media.workers import MediaWorkers
from ringmain_server.policies import Clock
from ringmain_server.policies.backoff import Backoff, BackoffSettings, RetryBudget, RetryBudgetSettings
from ringmain_server.policies.breaker import BreakerSettings
from ringmain_server.policies.concurrency import ConcurrencyLimit, ConcurrencySettings
from ringmain_server.policies.cooldown import CooldownSettings
from ringmain_server.routing.balance import Strategy
from ringmain_server.routing.health import HealthSettings
from ringmain_server.routing.policy import HedgePolicy, ModelPolicy
from ringmain_server.routing.schedule import Retries

CANDIDATE_LIMIT = 1000
"""Calls at once at a candidate whose limit is not configured."""

FAILURES: dict[str, type[errors.ProviderError]] = {
    "connection_failed": errors.ConnectionFailed,
    "no_answer": errors.NoAnswer,
    "server_fault": errors.ServerFault,
    "malformed_answer": errors.MalformedAnswer,
    "rate_limited": errors.RateLimited,
    "quota_spent": errors.QuotaSpent,
    "credentials_refused": errors.CredentialsRefused,
    "access_refused": errors.AccessRefused,
    "job_failed": errors.JobFailed,
    "unknown_provider_model": errors.UnknownProviderModel,
    "context_too_long": errors.ContextTooLong,
    "content_filtered": errors.ContentFiltered,
    "model_output_invalid": errors.ModelOutputInvalid,
    "rejected": errors.Rejected,
}
"""The failure classes by their names in the configuration."""


def check_document(data: bytes, mime_type: str, *, field: str, read: ReadLimits) -> None:
    """Checks a document, and loads the code for that with the first one; see `CheckDocument`."""
    from ringmain_server.documents.bounds import check_document as check

    check(data, mime_type, field=field, read=read)


def media_workers(settings: Settings) -> MediaWorkers:
    """Makes the workers for media, with their threads."""
    media = settings.media
    read = ReadLimits(
        max_bytes=media.max_image_bytes,
        max_pixels=media.max_image_pixels,
        max_frames=media.max_image_frames,
        max_total_pixels=media.max_animation_pixels,
    )
    fetcher = Fetcher(media.fetch_hosts, media.max_image_bytes)
    return MediaWorkers(MediaPool(media.threads), fetcher, read, check_document=check_document)


def health_settings(settings: Settings, provider_id: str, model: str | None) -> HealthSettings:
    """Returns a candidate's settings: the defaults, overridden by its provider's, then by its model's.

    Args:
        settings: The configuration.
        provider_id: A configured provider.
        model: A configured model, or None when the provider's model is addressed directly.
    """
    provider = settings.providers[provider_id]
    breakers = [settings.breaker, provider.breaker]
    if model is not None:
        breakers.append(settings.models[model].breaker)
    unlimited = ConcurrencySettings(limit=CANDIDATE_LIMIT, adaptive=False)
    concurrency = overridden(settings.concurrency, provider.concurrency)
    return HealthSettings(
        BreakerSettings(**overridden(*breakers)),
        CooldownSettings(**overridden(settings.cooldown, provider.cooldown)),
        replace(unlimited, **concurrency),
    )


def model_policy(settings: Settings, model: ModelSettings | None) -> ModelPolicy:
    """Returns the routing policy of a model; the defaults for one that is addressed directly."""
    stated = model or ModelSettings.model_construct()
    retry = overridden(settings.retry, stated.retry)
    defaults = ModelPolicy()
    hedge = stated.hedge
    chosen = stated.failover_on
    return ModelPolicy(
        strategy=Strategy(stated.strategy),
        failover_on=None if chosen is None else frozenset(FAILURES[name] for name in chosen),
        max_hops=stated.max_hops,
        retries=retry.get("attempts", defaults.retries),
        rate_limit_wait=retry.get("rate_limit_wait", defaults.rate_limit_wait),
        stream_recovery=StreamRecovery.Value(f"STREAM_RECOVERY_{stated.stream_recovery.upper()}"),
        hedge=None if hedge is None else HedgePolicy(hedge.quantile, hedge.after, hedge.least),
        exhausted_wait=stated.on_exhausted.wait,
        fallback=stated.on_exhausted.fallback or "",
        replaced_by=stated.replaced_by or "",
    )


def call_limit(settings: Settings, clock: Clock) -> ConcurrencyLimit:
    """Makes the limit of concurrent calls of the gateway."""
    stated = settings.overload
    return ConcurrencyLimit(
        clock, ConcurrencySettings(limit=stated.limit, adaptive=stated.adaptive, maximum=stated.limit)
    )


def retries(settings: Settings, clock: Clock, rng: random.Random) -> Retries:
    """Makes the back-off and the budget of retries that all requests share."""
    stated = settings.backoff
    backoff = Backoff(rng, BackoffSettings(stated.initial, stated.maximum))
    budget = RetryBudgetSettings(stated.budget, stated.budget_min_per_second)
    return Retries(backoff, RetryBudget(clock, budget))
