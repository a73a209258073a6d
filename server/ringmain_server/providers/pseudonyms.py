"""Room 4, pure: what a provider is told in place of names that callers chose: keyed hashes of them.

The hashes differ between tenants.
"""

import hashlib
import hmac
from typing import Protocol

from ringmain.v1.attribution_pb2 import Attribution
from ringmain.v1.chat_service_pb2 import ChatRequest

from ringmain_server.candidate import Candidate


class Attributed(Protocol):
    """A request, or the configuration of an upload, that says who it is for."""

    @property
    def attribution(self) -> Attribution:
        """The labels and the end user."""
        ...


def user_hash(request: Attributed, candidate: Candidate) -> str:
    """Returns the hash of the caller's end user, 64 hexadecimal digits.

    Returns:
        The hash; empty if the request names no user, or if the operator gave the provider no key for it.
    """
    user_id = request.attribution.user_id
    if not user_id or not candidate.user_id_key:
        return ""
    return _digest(candidate.user_id_key, b"user", candidate.owner, user_id)


def cache_key(request: ChatRequest, candidate: Candidate) -> str:
    """Returns the hash of the request's prompt cache key, 64 hexadecimal digits; empty if it has none."""
    key = request.generation_config.prompt_cache.key
    if not key:
        return ""
    secret = candidate.user_id_key or candidate.provider_id.encode()
    return _digest(secret, b"prompt cache", candidate.owner, key)


def _digest(key: bytes, purpose: bytes, owner: str, text: str) -> str:
    """Returns a keyed hash; without an owner, it is the same as before there were any."""
    # An owner is hashed by itself first, so that no name of one can be written as that of another.
    of_owner = hashlib.sha256(owner.encode()).digest() if owner else b""
    return hmac.new(key, purpose + b"\0" + of_owner + text.encode(), hashlib.sha256).hexdigest()
