"""App: loads the libraries that providers need before the gateway reports that it is ready.

SDKs and the price list take seconds to import. They are loaded in a thread while the ports are already open
and liveness answers, and also before a new configuration is used. So no call waits for an import, least of
all
a failover (`docs/decisions/0030-libraries-are-loaded-before-readiness.md`).
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
"""Seconds after which readiness no longer waits for a library that does not load."""
_NEVER = 1_000_000


async def load(providers: Iterable[Provider], log: FilteringBoundLogger) -> None:
    """Loads the providers' libraries one after the other. One that fails is logged; its calls fail over."""
    start = time.monotonic()
    needed = list(providers)
    with _without_full_collections():
        loaded = [provider.provider_id for provider in needed if await _loaded(provider, log)]
        if any(KINDS[provider.kind].prices for provider in needed):
            await _load_prices(log)
    if loaded:
        log.info("loaded", providers=loaded, seconds=round(time.monotonic() - start, 2))


def freeze() -> None:
    """Hides the loaded objects from the garbage collector, and gives free memory back.

    Garbage is collected first: any garbage that is frozen stays forever, that of failed calls included.
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
    """Whether a provider had a library to load and it is loaded now."""
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
    """Suspends full collections during the block.

    Modules are not garbage, and examining all of them again and again takes a third of the loading time.
    """
    young, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, max(old, _NEVER))
    try:
        yield
    finally:
        gc.set_threshold(young, middle, old)
