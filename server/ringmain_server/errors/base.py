"""Errors: what every class of the tree has in common."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import grpc

from ringmain_server.text.excerpt import MESSAGE_LIMIT, excerpt

PROVIDER_MESSAGE_LIMIT = 500
"""The most characters of a provider's own message that a caller may see."""


class Failover(enum.Enum):
    """Whether the next candidate may help after a failure."""

    YES = "yes"
    NO = "no"
    LARGER_CONTEXT = "larger_context"
    """Only candidates with a larger or unknown context may help."""
    BY_POLICY = "by_policy"
    """The next candidate is tried only if the model's policy says so."""


class CooldownKind(enum.Enum):
    """The length of a candidate's cooldown after a failure."""

    NONE = "none"
    TIMED = "timed"
    """Until the instant that the provider named, or for a growing time."""
    LONG = "long"
    UNTIL_CHECKED = "until_checked"
    """Until the configuration changes or a check passes; like LONG where the provider has no check."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    Attributes:
        field: The path of the field, empty for the request as a whole.
        description: What is wrong with it.
        of_media: Whether it concerns the bytes of a medium rather than the fields that describe them.
    """

    field: str
    description: str
    of_media: bool = False

    def within(self, prefix: str) -> "Violation":
        """Returns the same violation for a larger request: `prefix` is the path to the part, with its dot."""
        return replace(self, field=prefix + self.field)


class RingmainError(Exception):
    """The base of every error that a caller may see.

    Args:
        message: A description for people. It holds no secret, no address and no text of an upstream's body.
        retry_after: Seconds until a retry makes sense, or None where waiting does not help.
        metadata: Details for programs; they become `ErrorInfo.metadata`.
    """

    code: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL
    reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        # Cut here, so that no status, log line or event holds more of a text that somebody else chose.
        message = excerpt(message, MESSAGE_LIMIT)
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.metadata: dict[str, str] = {
            excerpt(name): excerpt(value, PROVIDER_MESSAGE_LIMIT) for name, value in (metadata or {}).items()
        }

    def extend(self, words: str, **metadata: str) -> None:
        """Adds words to the message, after a semicolon, and details for programs."""
        self.message = excerpt(f"{self.message}; {words}", MESSAGE_LIMIT)
        self.metadata |= {name: excerpt(value, PROVIDER_MESSAGE_LIMIT) for name, value in metadata.items()}


def release(error: BaseException | None) -> None:
    """Drops the references that a raised exception holds: its frames, its cause and its context.

    Frames hold requests, answers and pictures, and often the exception itself, so that reference counting
    never frees them. Call this only once everybody who needs the traceback has read it.
    """
    # A list, not recursion: chains of causes may be long, and may lead back to themselves.
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is None:
            continue
        waiting += (one.__cause__, one.__context__)
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        one.__traceback__ = one.__cause__ = one.__context__ = None
