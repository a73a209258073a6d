"""Assembly: checks whether providers are back, so that no caller's request has to find out.

A provider that refused the credentials is always checked: its candidates are in cooldown until a check
passes, or, if none does, for five minutes (by default) after the last refusal.

The check is not a generation. Its result counts as the one call that a half-open breaker lets through:
success closes the breaker, failure opens it again for twice as long.
"""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

from structlog.typing import FilteringBoundLogger

from ringmain_server.assembly.active_config import ActiveConfig
from ringmain_server.errors import NoAnswer, Overloaded, ProviderError, release
from ringmain_server.policies.breaker import BreakerPermit
from ringmain_server.providers.exchange import Provider
from ringmain_server.routing.health import CandidateHealth

CHECK_LIMIT = 10.0
"""Seconds that a check may take."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check.

    Attributes:
        latency: Seconds it took.
        error: The reason why it failed, None when all is well.
    """

    latency: float
    error: ProviderError | None


async def check(provider: Provider, limit: float = CHECK_LIMIT) -> CheckResult:
    """Asks a provider, now, whether it answers and accepts the credentials.

    Args:
        provider: The provider.
        limit: Seconds to wait.
    """
    start = time.monotonic()
    error: ProviderError | None = None
    try:
        async with asyncio.timeout(limit):
            with provider.use:
                await provider.check()
    except ProviderError as exc:
        release(exc)
        error = exc
    except TimeoutError:
        error = NoAnswer(provider.provider_id, f"did not answer within {limit:g} s")
    return CheckResult(time.monotonic() - start, error)


class HealthChecks:
    """Checks candidates whose breaker is open and due.

    Args:
        active: The active configuration.
        log: The log, for faults of the gateway.
        limit: Seconds that one check may take.
    """

    def __init__(self, active: ActiveConfig, log: FilteringBoundLogger, limit: float = CHECK_LIMIT) -> None:
        self._active = active
        self._log = log
        self._limit = limit

    async def run(self) -> None:
        """Checks again and again, until it is cancelled."""
        while True:
            settings = self._active.now.settings.health_checks
            await asyncio.sleep(settings.interval)
            try:
                if settings.enabled:
                    await self.sweep()
                await self.ask_refused()
            except Exception as exc:  # noqa: BLE001  one fault must not end the checks
                self._log.error("fault", where="health_checks", exc_info=exc)

    async def sweep(self) -> None:
        """Checks each provider with a due breaker, all at once."""
        snapshot = self._active.now
        providers = snapshot.providers.values()
        await asyncio.gather(*(self._probe(one, snapshot.healths(one.provider_id)) for one in providers))

    async def ask_refused(self) -> None:
        """Checks each provider that refused the credentials, all at once.

        Nothing else would end those cooldowns in time, so this is done even if health checks are disabled.
        """
        snapshot = self._active.now
        waiting: dict[str, list[CandidateHealth]] = {}
        for health in snapshot.models.healths():
            if health.cooldown.awaits_check and not health.provider.drained:
                waiting.setdefault(health.provider_id, []).append(health)
        asked = [
            self._ask(snapshot.providers[name], healths)
            for name, healths in waiting.items()
            if name in snapshot.providers
        ]
        await asyncio.gather(*asked)

    async def _ask(self, provider: Provider, waiting: Iterable[CandidateHealth]) -> None:
        try:
            checked = await check(provider, self._limit)
        except Overloaded:
            return  # the gateway itself could not ask: this says nothing about the provider
        for health in waiting:
            if checked.error is None:
                health.checked()
            else:
                health.check_failed(checked.error)

    async def _probe(self, provider: Provider, healths: Iterable[CandidateHealth]) -> None:
        due = [(one, permit) for one in healths if (permit := one.probe()) is not None]
        if not due:
            return
        try:
            checked = await check(provider, self._limit)
        except Overloaded:
            for health, permit in due:
                health.breaker.neutral(permit)
            return  # the gateway itself could not ask: this says nothing about the provider
        except BaseException:
            for health, permit in due:
                health.breaker.neutral(permit)
            raise
        for health, permit in due:
            _learn(health, permit, checked.error)


def _learn(health: CandidateHealth, permit: BreakerPermit, error: ProviderError | None) -> None:
    if error is None:
        health.breaker.succeeded(permit)
    else:
        health.last_error = error
        health.breaker.failed(permit, error.message)
