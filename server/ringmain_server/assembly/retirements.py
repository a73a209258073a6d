"""Assembly: warns of configured candidates whose providers end their models."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ringmain_server.assembly.active_config import ActiveConfig, Snapshot
from ringmain_server.candidate import Candidate
from ringmain_server.telemetry.events import Events

NOTICE = timedelta(days=90)
"""The time before its end at which a model is told of first."""
_AGAIN = 86400.0
"""Seconds between two looks."""


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class Ending:
    """A configured candidate whose model ends soon, or has ended.

    Attributes:
        candidate: The candidate.
        models: The models of this gateway that it serves, in the order of the configuration.
    """

    candidate: Candidate
    models: tuple[str, ...]


def endings(snapshot: Snapshot, today: date) -> Iterator[Ending]:
    """Yields the candidates of a configuration whose models end within the notice, the earliest first."""
    last = (today + NOTICE).isoformat()
    found: dict[tuple[str, str], tuple[Candidate, list[str]]] = {}
    for name in snapshot.settings.models:
        for target in snapshot.models.resolve(name):
            candidate = target.candidate
            if candidate.retire_date and candidate.retire_date <= last:
                _, models = found.setdefault((candidate.retire_date, candidate.name), (candidate, []))
                models.append(name)
    for _, (candidate, models) in sorted(found.items(), key=lambda item: item[0]):
        yield Ending(candidate, tuple(models))


class Retirements:
    """Publishes an event for each configured candidate that ends soon or has ended.

    Args:
        active: The active configuration.
        events: Publishes the events; the log warns of them.
        today: Returns the present day.
    """

    def __init__(self, active: ActiveConfig, events: Events, today: Callable[[], date] = _today) -> None:
        self._active = active
        self._events = events
        self._today = today

    def look(self) -> None:
        """Publishes what the active configuration gives reason to."""
        today = self._today()
        for ending in endings(self._active.now, today):
            self._publish(ending, today)

    async def run(self) -> None:
        """Looks again every day."""
        while True:
            await asyncio.sleep(_AGAIN)
            self.look()

    def _publish(self, ending: Ending, today: date) -> None:
        candidate = ending.candidate
        verb = "ended" if candidate.retire_date <= today.isoformat() else "ends"
        serves = ", ".join(ending.models)
        message = f"{candidate.name}, a candidate of {serves}, {verb} on {candidate.retire_date}"
        successor = candidate.replaced_by and f"{candidate.provider_id}/{candidate.replaced_by}"
        self._events.publish(
            "config",
            f"{message}; {successor} replaces it" if successor else message,
            candidate.provider_id,
            provider_model=candidate.provider_model,
            models=" ".join(ending.models),
            retire_date=candidate.retire_date,
            **({"replaced_by": successor} if successor else {}),
        )
