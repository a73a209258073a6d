"""Tests of what a provider is told in place of names that callers chose."""

from dataclasses import replace

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain_server.candidate import Candidate
from ringmain_server.providers.pseudonyms import cache_key, user_hash

KEYLESS = Candidate("p", "openai", "m")
KEYED = replace(KEYLESS, user_id_key=b"one secret")


def _request(user_id: str = "", key: str = "") -> ChatRequest:
    request = ChatRequest()
    request.attribution.user_id = user_id
    request.generation_config.prompt_cache.key = key
    return request


def test_a_user_is_told_as_a_hash_and_only_where_the_operator_gave_a_key() -> None:
    """Without a key, or without a user, the provider is told nothing."""
    assert user_hash(_request("ann"), KEYLESS) == ""
    assert user_hash(_request(), KEYED) == ""
    told = user_hash(_request("ann"), KEYED)
    assert len(told) == 64
    assert "ann" not in told
    assert told == user_hash(_request("ann"), KEYED)
    assert told != user_hash(_request("bob"), KEYED)
    assert told != user_hash(_request("ann"), replace(KEYED, user_id_key=b"another"))


def test_a_cache_key_is_told_as_a_hash_that_differs_from_that_of_a_user() -> None:
    """Requests with one key have one hash; without a key there is none."""
    assert cache_key(_request(), KEYED) == ""
    told = cache_key(_request(key="chat-1"), KEYLESS)
    assert told == cache_key(_request(key="chat-1"), KEYLESS)
    assert told != cache_key(_request(key="chat-2"), KEYLESS)
    assert cache_key(_request(key="x"), KEYED) != user_hash(_request("x"), KEYED)


def test_the_secret_is_not_shown() -> None:
    """A candidate in a log or an error does not tell its secret."""
    assert "one secret" not in repr(KEYED)


def test_tenants_that_choose_the_same_names_are_told_apart() -> None:
    """The same user or key of two tenants has two hashes, and those without a tenant stay as they were."""
    acme, bolt = (replace(KEYED, owner=name) for name in ("acme", "bolt"))
    users = {user_hash(_request("ann"), one) for one in (KEYED, acme, bolt)}
    keys = {cache_key(_request(key="ann"), one) for one in (KEYED, acme, bolt)}
    assert len(users | keys) == 6
    assert user_hash(_request("ann"), KEYED).startswith("34bd20f0476304e8baf6024dbe03e7721261359b")
