"""Room 4: asks a provider whether it answers and takes the credentials, at no cost.

Where a wire lists models, the list is asked for. Where it does not, a request is sent that must be refused:
whoever refuses it answers, and has looked at the credentials first.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from ringmain_server.errors import Rejected, UnknownProviderModel
from ringmain_server.providers.transport import Transport

Wire = TypeVar("Wire")

NOBODY = "ringmain-check"
"""A model that no provider has."""


def refusal_of(transport: "Transport[Wire, object, object]", request: Wire) -> Callable[[], Awaitable[None]]:
    """A check that sends what must be refused.

    Args:
        transport: How to reach the provider.
        request: Of a model that nobody has, or without content.
    """

    async def check() -> None:
        with suppress(Rejected, UnknownProviderModel):
            await transport.send(request)

    return check
