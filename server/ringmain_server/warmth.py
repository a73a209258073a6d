"""The composition root's afterthought: what may be loaded once the gateway serves.

SDKs and the price list take seconds to import and are needed at the first call, not before. They are loaded
in a thread as soon as the ports are open, so that the first caller seldom waits for them. Gemini's SDK, which
knows an address and a header, is left for its first call.
"""

import asyncio
import gc
import time

from structlog.typing import FilteringBoundLogger

from ringmain_server.allocator import trim
from ringmain_server.catalog.prices import PRICED_KINDS, load_list
from ringmain_server.live import Live
from ringmain_server.providers.lazy import LazyTransport

_LEFT_COLD = frozenset({"gemini"})


async def warm(live: Live, log: FilteringBoundLogger) -> None:
    """Loads what the configured providers need, one after the other, and gives back what that left over."""
    start = time.monotonic()
    loaded = []
    for provider in live.now.providers.values():
        transport = provider.transport
        if isinstance(transport, LazyTransport) and provider.kind not in _LEFT_COLD:
            loaded.append(provider.provider_id)
            try:
                await transport.warm()
            except Exception as exc:
                log.error("fault", where="warm", provider=provider.provider_id, exc_info=exc)  # noqa: TRY400
    if any(provider.kind in PRICED_KINDS for provider in live.now.providers.values()):
        await asyncio.to_thread(load_list)
    gc.freeze()
    trim()
    if loaded:
        log.info("loaded", providers=loaded, seconds=round(time.monotonic() - start, 2))
