"""Room 4, the sandbox, pure: what an endpoint is asked."""

from dataclasses import dataclass

from ringmain_sandbox.host import ALONE, Host
from ringmain_sandbox.received import Received


@dataclass(frozen=True, slots=True)
class Question:
    """A request that was let in.

    Attributes:
        received: The request.
        digest: Of its content and the sandbox's seed, in hexadecimal.
        seed: The sandbox's.
        stream: Whether it wants its answer in pieces.
        host: What the process around the sandbox provides.
    """

    received: Received
    digest: str
    seed: int
    stream: bool
    host: Host = ALONE

    def text(self, name: str, default: str = "") -> str:
        """A field that is a text, or its default where it is absent."""
        value = self.received.body.get(name)
        return default if value is None else str(value)
