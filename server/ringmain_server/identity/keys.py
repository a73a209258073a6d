"""Identity, pure: the form of an API key, and its hash.

A key is `rm_<key id>_<secret>_<check>`:

* `rm_` lets scanners of repositories and logs recognize it.
* The key id is not secret. It begins with the time it was made at, so that ids sort by age.
* The secret is 256 random bits, in the 43 characters of base64url. They cannot be guessed, so that a slow
  hash would protect nothing: it would only let callers keep the gateway busy.
* The check is the CRC-32 of all before it. It tells people about typing errors; whether a key is valid is
  decided by the hash of the whole text alone.
"""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from typing import Final
from zlib import crc32

PREFIX: Final = "rm_"
LENGTH: Final = 72
"""The characters of a key."""
ID_LENGTH: Final = 16
"""The characters of a key id."""

_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Base 32 without letters that look like others, in the order of ASCII: https://www.crockford.com/base32.html."""
_TIME_DIGITS: Final = 10
_SECRET_BYTES: Final = 32
_SECRET_LENGTH: Final = 43
_CHECK_LENGTH: Final = 8
_DIGEST_BYTES: Final = 32

Hasher = Callable[[str], bytes]
"""Returns the hash of a key's whole text, of 32 bytes without a pepper and 33 with one."""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret that was just made. It is shown once and never stored.

    Attributes:
        key_id: The key that it belongs to.
        text: The whole key, which callers send.
    """

    key_id: str
    text: str = field(repr=False)


def new_key_id(now: float) -> str:
    """Returns a new key id.

    Args:
        now: Seconds since the epoch.
    """
    milliseconds = int(now * 1000)
    time = (_DIGITS[milliseconds >> shift & 31] for shift in range(5 * _TIME_DIGITS - 5, -5, -5))
    return "".join(time) + "".join(secrets.choice(_DIGITS) for _ in range(ID_LENGTH - _TIME_DIGITS))


def new_secret(key_id: str) -> NewSecret:
    """Makes a secret for a key."""
    random = urlsafe_b64encode(secrets.token_bytes(_SECRET_BYTES)).decode().rstrip("=")
    unchecked = f"{PREFIX}{key_id}_{random}"
    return NewSecret(key_id, f"{unchecked}_{_check(unchecked)}")


def key_id_of(text: str) -> str | None:
    """Returns the key id in the text of a key; None where the text is no key or was mistyped."""
    unchecked, underscore, check = text[: -_CHECK_LENGTH - 1], text[-_CHECK_LENGTH - 1 :][:1], text[-8:]
    if len(text) != LENGTH or not text.startswith(PREFIX) or not text.isascii() or underscore != "_":
        return None
    key_id, _, secret = unchecked.removeprefix(PREFIX).partition("_")
    if len(key_id) != ID_LENGTH or len(secret) != _SECRET_LENGTH or check != _check(unchecked):
        return None
    return key_id


def hasher(pepper: str = "") -> Hasher:
    """Returns the function that hashes keys.

    Args:
        pepper: A secret that is not in the store, without which nobody who can write to the store can make a
            key. With it, hashes are longer, so that those made without it are told apart.
    """
    return _peppered(pepper) if pepper else _plain


def _plain(text: str) -> bytes:
    try:
        return sha256(text.encode()).digest()
    except UnicodeEncodeError:
        return sha256(_bytes(text)).digest()


def _peppered(pepper: str) -> Hasher:
    keyed = blake2b(key=blake2b(pepper.encode()).digest(), digest_size=_DIGEST_BYTES + 1)

    def peppered(text: str) -> bytes:
        found = keyed.copy()
        found.update(_bytes(text))
        return found.digest()

    return peppered


def _bytes(text: str) -> bytes:
    # A header may hold any text, even what UTF-8 cannot; only ASCII is ever a key.
    return text.encode("utf-8", "backslashreplace")


def _check(unchecked: str) -> str:
    return f"{crc32(unchecked.encode()):08x}"
