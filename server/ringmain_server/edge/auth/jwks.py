"""Room 1, the I/O side: keeps the public keys of one issuer current, without ever being without them.

An issuer changes its keys when it likes, and may be away at any time. So:

* The keys are fetched in the background. What was fetched stays until something better comes: a failure to
  fetch changes nothing, and neither does an answer without usable keys.
* A token that was signed with an unknown key causes a fetch at once, so that a new key works before the next
  turn of the background. There is one such fetch in 30 seconds, whatever callers send, and all that wait
  share it.
* An issuer that is away at the start does not keep the gateway from starting. Its tokens can be neither
  accepted nor refused then, and their callers are told to come again.
"""

import asyncio
import random
import time
from functools import partial
from typing import Final

from ringmain_server.config.auth import IssuerSettings
from ringmain_server.edge.auth.key_set import KeySet, KeysUnreadable, read_keys
from ringmain_server.edge.auth.key_source import Fetch, FetchFailed
from ringmain_server.errors import IssuerUnavailable
from ringmain_server.policies import Clock
from ringmain_server.policies.backoff import Backoff, BackoffSettings
from ringmain_server.telemetry.events import Events

FETCH_LIMIT: Final = 5.0
"""The most seconds of a fetch, discovery included."""
AGAIN: Final = 30.0
"""Seconds between two fetches for the sake of callers, and the most seconds between two after a failure."""
_SOONEST: Final = 0.1


class IssuerKeys:
    """The keys of one issuer.

    Args:
        name: The issuer's name in the configuration.
        settings: The issuer's settings.
        fetch: Fetches the set of keys.
        events: Tells operators about failures and changes.
        clock: Seconds on any monotonic clock.
        rng: Spreads the fetches of several processes.

    Attributes:
        current: The keys. Another object when they have changed, None when they were never fetched.
        failing: Whether the last fetch failed.
    """

    def __init__(
        self,
        name: str,
        settings: IssuerSettings,
        fetch: Fetch,
        events: Events,
        clock: Clock = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self.current: KeySet | None = None
        self.failing = False
        self._name = name
        self._read = partial(read_keys, algorithms=settings.algorithms, issuer=settings.issuer)
        self._fetch = fetch
        self._refresh_interval = settings.refresh_interval
        self._events = events
        self._clock = clock
        self._rng = rng or random.Random()
        self._backoff = Backoff(self._rng, BackoffSettings(initial=2.0, maximum=AGAIN))
        self._content = b""
        self._problem = ""
        self._fetching: asyncio.Task[None] | None = None
        self._running: asyncio.Task[None] | None = None
        self._for_callers_from = float("-inf")
        self._next_at = clock()

    def start(self) -> None:
        """Begins to fetch in the background."""
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name=f"keys {self._name}")

    def stop(self) -> "list[asyncio.Task[None]]":
        """Ends the fetches, and returns the tasks that end."""
        ending = [task for task in (self._running, self._fetching) if task is not None]
        for task in ending:
            task.cancel()
        return ending

    async def renew(self) -> None:
        """Waits for a fetch that may bring a key that is unknown so far, if one may be made now."""
        fetching = self._fetching
        if fetching is None:
            now = self._clock()
            if now < self._for_callers_from:
                return
            self._for_callers_from = now + AGAIN
            fetching = self._begin()
        # Unlike an await of the task itself, this does not cancel it when one of its callers leaves.
        await asyncio.wait((fetching,))

    def unavailable(self) -> IssuerUnavailable:
        """Returns the error for tokens of which nobody can say whether they are valid."""
        wait = max(self._next_at - self._clock(), _SOONEST)
        return IssuerUnavailable(self._name, retry_after=wait)

    async def _run(self) -> None:
        failures = 0
        while True:
            await asyncio.wait((self._fetching or self._begin(),))
            failures = failures + 1 if self.failing else 0
            pause = self._pause(failures)
            self._next_at = self._clock() + pause
            await asyncio.sleep(pause)

    def _pause(self, failures: int) -> float:
        if failures:
            return max(self._backoff.delay(failures), _SOONEST)
        return self._refresh_interval * self._rng.uniform(0.9, 1.0)

    def _begin(self) -> asyncio.Task[None]:
        fetching = self._fetching = asyncio.create_task(self._fetched(), name=f"fetch {self._name}")
        fetching.add_done_callback(self._ended)
        return fetching

    def _ended(self, fetching: asyncio.Task[None]) -> None:
        self._fetching = None
        if not fetching.cancelled() and (fault := fetching.exception()) is not None:
            self._events.faults.happened("keys of issuers", fault)
            self.failing = True

    async def _fetched(self) -> None:
        """Fetches the keys, and keeps those it has when that fails."""
        try:
            async with asyncio.timeout(FETCH_LIMIT):
                content = await self._fetch()
            if content != self._content or self.current is None:
                self._change(content, self._read(content))
        except TimeoutError:
            self._failed(f"does not answer within {FETCH_LIMIT:g} s")
        except (FetchFailed, KeysUnreadable) as exc:
            self._failed(str(exc))
        else:
            self._succeeded()

    def _change(self, content: bytes, keys: KeySet) -> None:
        if self.current is not None:
            self._tell("has other keys")
        self._content, self.current = content, keys

    def _failed(self, problem: str) -> None:
        self.failing = True
        if problem != self._problem:
            self._problem = problem
            kept = (
                "the keys fetched before stay"
                if self.current is not None
                else "none of its tokens can be verified"
            )
            self._tell(f"{problem}; {kept}", problem)

    def _succeeded(self) -> None:
        self.failing = False
        if self._problem:
            self._problem = ""
            self._tell("can be asked for its keys again")

    def _tell(self, what: str, problem: str = "") -> None:
        problems = {"problems": problem} if problem else {}
        self._events.publish("key", f"issuer {self._name} {what}", issuer=self._name, **problems)
