"""Client: tokens that end, and when the client asks for others. Pure. `_auth_async` and `_auth_sync` ask.

A token is kept until shortly before it ends, which the caller's function tells or the token itself does (the
`exp` of a JWT). One whose end is unknown is kept until the gateway refuses it. A refused token is replaced
once in ten seconds, so that a gateway that refuses every token does not make the client flood whoever gives
them.
"""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple, TypeAlias

import grpc

from ringmain.errors import Unauthenticated

MARGIN: Final = 30.0
"""The most seconds before its end at which a token is replaced."""
_SHARE: Final = 0.25
"""The share of its life that a token has left then, if that is less."""
BETWEEN_REFUSALS: Final = 10.0
"""Seconds between two replacements of tokens that the gateway refused."""


class Token(NamedTuple):
    """A token, and for how long it is valid."""

    text: str
    """The token."""
    lifetime: float | None = None
    """Seconds from now on, such as `expires_in` of OAuth 2. None means that the token says it itself, as a
    JWT does, or that nobody knows."""


TokenSource: TypeAlias = Callable[[], str | Token]
"""Returns a token. The client calls it before its first call, and again before the token ends."""
AsyncTokenSource: TypeAlias = Callable[[], str | Token | Awaitable[str | Token]]
"""Returns a token or awaits it, for the asyncio client."""


class KeptToken:
    """The token that a client has, and whether it needs another one.

    Args:
        clock: Seconds on any monotonic clock.
        wall_clock: Seconds since the epoch.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, wall_clock: Callable[[], float] = time.time
    ) -> None:
        self._clock = clock
        self._wall_clock = wall_clock
        self._text: str | None = None
        self._renew_at = 0.0
        self._ends_at = 0.0
        self._refusals_from = float("-inf")

    @property
    def good(self) -> str | None:
        """The token, if it needs no replacement yet."""
        return self._text if self._clock() < self._renew_at else None

    def keep(self, given: object) -> str:
        """Keeps what the caller's function returned, and returns the token.

        Raises:
            TypeError: It is no token.
        """
        token = Token(given) if isinstance(given, str) else given
        if not isinstance(token, Token) or not isinstance(token.text, str):
            raise TypeError(f"the function for the token returned {type(given).__name__}, not str or Token")
        lifetime = _lifetime(token.text, self._wall_clock()) if token.lifetime is None else token.lifetime
        now = self._clock()
        self._text = token.text
        self._ends_at = now + lifetime
        self._renew_at = max(self._ends_at - MARGIN, now + lifetime * (1 - _SHARE))
        return token.text

    def after(self, failure: Exception) -> str:
        """Returns the kept token for a call although no other one could be had, if it has not ended.

        The function is called before the token ends, so that a short outage of whoever gives tokens does no
        harm.

        Args:
            failure: What the caller's function raised.

        Raises:
            Unauthenticated: The token has ended, or there is none.
        """
        if self._text is None or self._clock() >= self._ends_at:
            what = f"the function for the token failed: {type(failure).__name__}"
            raise Unauthenticated(what, code=grpc.StatusCode.UNAUTHENTICATED) from failure
        return self._text

    def refused(self, text: str) -> bool:
        """Notes that the gateway refused a token.

        Returns:
            Whether a call with another token makes sense, because the kept one is another one already or may
                be replaced now.
        """
        if text != self._text:
            return self._text is not None
        now = self._clock()
        if now < self._refusals_from:
            return False
        self._refusals_from = now + BETWEEN_REFUSALS
        self._renew_at = self._ends_at = 0.0
        return True


def bearer(text: str) -> tuple[str, str]:
    """Returns the metadata that carries a token."""
    return ("authorization", f"Bearer {text}")


def _lifetime(text: str, now: float) -> float:
    """Returns the seconds until the `exp` of a JWT; infinity for a text that is none.

    The token is not verified: its end is only a hint, and the gateway decides.
    """
    try:
        _, claims, _ = text.split(".")
        found = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return float(found["exp"]) - now
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return float("inf")
