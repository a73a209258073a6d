"""What tests of tokens need: settings of an issuer, and the events that were published."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ringmain_server.config.auth import IssuerSettings
from ringmain_server.edge.auth.jwks import IssuerKeys
from ringmain_server.edge.auth.key_source import key_source
from ringmain_server.policies import Clock
from ringmain_server.providers.sessions import HttpSessions
from ringmain_server.telemetry.events import Event, Events

from tests.fakes.oidc import AUDIENCE, FakeIssuer


def settings(issuer: FakeIssuer, **others: object) -> IssuerSettings:
    """Returns settings of an issuer by discovery, with others beside them."""
    usual: dict[str, object] = {"issuer": issuer.issuer, "audience": [AUDIENCE]}
    tenant = {} if "claims" in others or "tenant" in others else {"tenant": "acme"}
    return IssuerSettings.model_validate(usual | tenant | others)


class Heard:
    """Events, with a list of those that were published."""

    def __init__(self) -> None:
        self.list: list[Event] = []
        self.events = Events(time.time, (self.list.append,))

    @property
    def messages(self) -> list[str]:
        """The messages of the events."""
        return [event.message for event in self.list]


@asynccontextmanager
async def sessions() -> AsyncIterator[HttpSessions]:
    """Sessions that are closed at the end."""
    made = HttpSessions()
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def keys_of(
    issuer: FakeIssuer, heard: Heard | None = None, clock: Clock = time.monotonic, **others: object
) -> AsyncIterator[IssuerKeys]:
    """The keys of an issuer, which are not fetched in the background until they are started."""
    async with sessions() as made:
        own = settings(issuer, **others)
        keys = IssuerKeys("idp", own, key_source(own, made), (heard or Heard()).events, clock)
        try:
            yield keys
        finally:
            for task in keys.stop():
                await asyncio.wait((task,))
