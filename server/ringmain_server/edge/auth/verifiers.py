"""Room 1: the interfaces of what verifies one kind of credentials."""

from collections.abc import Awaitable, Iterable, Mapping
from typing import Protocol

from ringmain_server.identity.principal import Principal


class KeyVerifier(Protocol):
    """Knows every API key."""

    def find(self, secret_text: str, now: float) -> Principal | None:
        """Returns the caller that a key belongs to; None for every key that does not work, for any reason.

        Args:
            secret_text: The whole key.
            now: Seconds since the epoch.
        """
        ...


class TokenVerifier(Protocol):
    """Verifies the tokens of issuers."""

    def verify(self, token: str, now: float) -> Principal | Awaitable[Principal]:
        """Returns the caller that a token names; an awaitable where a key must be fetched first.

        Args:
            token: The token.
            now: Seconds since the epoch.

        Raises:
            CredentialsInvalid: The token is not valid here, for any reason. The message never tells callers
                which one; `problem` has it for the log.
        """
        ...


class CertificateVerifier(Protocol):
    """Identifies callers by the certificate of their connection."""

    def identify(self, auth_context: Mapping[str, Iterable[bytes]]) -> Principal | None:
        """Returns the caller that a certificate belongs to; None where the connection has none.

        Args:
            auth_context: What gRPC knows of the connection, from `ServicerContext.auth_context()`.

        Raises:
            CredentialsInvalid: No rule matches the certificate.
        """
        ...
