"""Room 1: finds out who calls. The credential that is there decides: none falls through to another."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ringmain_server.edge.auth.verifiers import CertificateVerifier, KeyVerifier, TokenVerifier
from ringmain_server.errors import CredentialsInvalid
from ringmain_server.identity.keys import PREFIX, key_id_of
from ringmain_server.identity.principal import NOBODY, OF_KEY, UNKNOWN, Principal

AUTHORIZATION: Final = "authorization"
API_KEY: Final = "x-api-key"

_HEADERS: Final = frozenset({AUTHORIZATION, API_KEY})
_SCHEME: Final = "Bearer "
_LONGEST: Final = len(_SCHEME) + 8192
"""The most characters of a header with a credential. Longer ones are refused before they are looked at."""
_USUAL: Final = _SCHEME + PREFIX
"""The beginning of a header with an API key, as nearly every caller writes it."""

AuthContext = Callable[[], Mapping[str, Iterable[bytes]]]
"""Returns what gRPC knows of a connection."""


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Finds out who calls.

    Attributes:
        keys: Knows the API keys, None where callers may not show any.
        tokens: Verifies tokens, None where callers may not show any.
        certificates: Identifies callers by certificates, None where certificates name nobody.
        required: Whether callers must show something.
    """

    keys: KeyVerifier | None = None
    tokens: TokenVerifier | None = None
    certificates: CertificateVerifier | None = None
    required: bool = True

    def by_headers(
        self, metadata: Iterable[tuple[str, str | bytes]], now: float
    ) -> Principal | Awaitable[Principal]:
        """Returns the caller that the headers of a call name.

        Args:
            metadata: The headers.
            now: Seconds since the epoch.

        Returns:
            The caller; an awaitable where an issuer must be asked first; NOBODY if there is no credential and
            the connection may have a certificate.

        Raises:
            CredentialsInvalid: The credential is not valid, there are several, or there is none.
        """
        header = ""
        credential: str | bytes = ""
        for name, value in metadata:
            if name in _HEADERS:
                if header:
                    raise _ambiguous("the call has several headers with credentials")
                header, credential = name, value
        if not header:
            return self._without_credentials() if self.certificates is None else NOBODY
        if not isinstance(credential, str) or len(credential) > _LONGEST:
            raise CredentialsInvalid("malformed", "the credential is longer than any valid one")
        if header == AUTHORIZATION:
            credential = credential[len(_SCHEME) :] if credential.startswith(_USUAL) else _bearer(credential)
        if credential.startswith(PREFIX):
            if self.keys is not None and (found := self.keys.find(credential, now)) is not None:
                return found
            raise _no_key(credential)
        if header == API_KEY or self.tokens is None:
            raise CredentialsInvalid("malformed", f"the header {header} holds no API key")
        return self.tokens.verify(credential, now)

    def by_connection(self, principal: Principal, auth_context: AuthContext) -> Principal:
        """Returns the caller, taking the certificate of its connection into account.

        Args:
            principal: The caller that the headers name, NOBODY if they name none.
            auth_context: Returns what gRPC knows of the connection.

        Raises:
            CredentialsInvalid: The caller shows nothing and must, or its certificate is not valid, or does
                not belong to what its headers name.
        """
        of_certificate = None if self.certificates is None else self.certificates.identify(auth_context())
        if principal is NOBODY:
            return of_certificate or self._without_credentials()
        if of_certificate is None:
            return principal
        if not principal.principal_id.startswith(OF_KEY):
            raise _ambiguous("the call has a token beside its certificate")
        if of_certificate.tenant_id not in ("", principal.tenant_id):
            raise CredentialsInvalid("ambiguous", "the key and the certificate belong to different tenants")
        return principal

    def _without_credentials(self) -> Principal:
        if self.required:
            raise CredentialsInvalid("missing", message="the call has no credentials, which are needed here")
        return UNKNOWN


def _bearer(value: str) -> str:
    """Returns the credential in a header `authorization`."""
    if value[: len(_SCHEME)].lower() != _SCHEME.lower():
        message = f"the header {AUTHORIZATION} must be 'Bearer' and an API key or a token"
        raise CredentialsInvalid("malformed", message=message)
    return value[len(_SCHEME) :].strip(" ")


def _no_key(key: str) -> CredentialsInvalid:
    """Returns the error for a key that does not work. Only the log tells whether it was mistyped."""
    key_id = key_id_of(key)
    problem = "is mistyped" if key_id is None else f"{key_id} is unknown, revoked or expired"
    return CredentialsInvalid("key", f"the API key {problem}")


def _ambiguous(message: str) -> CredentialsInvalid:
    return CredentialsInvalid("ambiguous", message=message)
