"""Room 4: checks at no cost that a provider answers and accepts the credentials.

If a wire can list its models, the check requests the list. Otherwise it sends a request that must be refused:
a provider that refuses it is available, and has checked the credentials first.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from ringmain_server.errors import Rejected, UnknownProviderModel
from ringmain_server.providers.transport import Transport

Wire = TypeVar("Wire")

NOBODY = "ringmain-check"
"""The name of a model that no provider has."""


def refusal_of(transport: "Transport[Wire, object, object]", request: Wire) -> Callable[[], Awaitable[None]]:
    """Returns a check that sends a request which must be refused.

    Args:
        transport: The transport to the provider.
        request: A request for a model that nobody has, or without content.
    """

    async def check() -> None:
        with suppress(Rejected, UnknownProviderModel):
            await transport.send(request)

    return check
