"""Sandbox, pure: a request as an endpoint gets it."""

from dataclasses import dataclass

from ringmain_sandbox.host import ALONE, Host
from ringmain_sandbox.received import Received


@dataclass(frozen=True, slots=True)
class Question:
    """A request that was admitted.

    Attributes:
        received: The request.
        digest: The digest of its content and the sandbox's seed, in hexadecimal.
        seed: The sandbox's seed.
        stream: Whether the answer is to come in pieces.
        host: What the process around the sandbox provides.
    """

    received: Received
    digest: str
    seed: int
    stream: bool
    host: Host = ALONE

    def text(self, name: str, default: str = "") -> str:
        """Returns a field as text, or the default where it is absent."""
        value = self.received.body.get(name)
        return default if value is None else str(value)
