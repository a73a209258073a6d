"""The composition root: loads what providers need before the gateway says that it is ready.

SDKs and the price list take seconds to import. They are loaded in a thread while the ports are open already
and liveness answers; and before another configuration is taken on. So no call waits for an import, a failover
least of all (`docs/decisions/0030-libraries-are-loaded-before-readiness.md`).
"""

import asyncio
import gc
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from structlog.typing import FilteringBoundLogger

from ringmain_server.aio.threads import in_daemon
from ringmain_server.app.malloc import trim
from ringmain_server.catalog.prices import load_list
from ringmain_server.kinds import KINDS
from ringmain_server.providers.exchange import Provider

_LONGEST = 60.0
"""Seconds after which a library that does not load holds up nobody any more."""
_NEVER = 1_000_000


async def load(providers: Iterable[Provider], log: FilteringBoundLogger) -> None:
    """Loads what providers need, one after the other. What cannot be loaded is told; its calls fail over."""
    start = time.monotonic()
    needed = list(providers)
    with _without_full_collections():
        loaded = [provider.provider_id for provider in needed if await _loaded(provider, log)]
        if any(KINDS[provider.kind].prices for provider in needed):
            await _load_prices(log)
    if loaded:
        log.info("loaded", providers=loaded, seconds=round(time.monotonic() - start, 2))


def settle() -> None:
    """Takes what has been loaded out of the collector's sight, and gives back what that left over.

    Garbage goes first: what is there when the rest is frozen stays for ever, that of failed calls included.
    """
    gc.collect()
    gc.freeze()
    trim()


async def _load_prices(log: FilteringBoundLogger) -> None:
    try:
        await asyncio.wait_for(in_daemon(load_list, name="load"), _LONGEST)
    except Exception as exc:
        log.error("prices_not_loaded", exc_info=exc)  # noqa: TRY400


async def _loaded(provider: Provider, log: FilteringBoundLogger) -> bool:
    """Whether a provider had something to load that is loaded now."""
    library = provider.library
    if library is None or library.loaded:
        return False
    try:
        await asyncio.wait_for(library.load(), _LONGEST)
    except Exception as exc:
        log.error("provider_not_loaded", provider=provider.provider_id, exc_info=exc)  # noqa: TRY400
        return False
    return True


@contextmanager
def _without_full_collections() -> Iterator[None]:
    """Modules are no garbage, and looking through all of them again and again takes a third of the time."""
    young, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, max(old, _NEVER))
    try:
        yield
    finally:
        gc.set_threshold(young, middle, old)
