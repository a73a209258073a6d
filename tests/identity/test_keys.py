"""The form of API keys and their hashes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.identity import keys

INSTANTS = st.floats(min_value=0, max_value=4e9, allow_nan=False)
SCANNED = re.compile(r"rm_[0-9a-z]{16}_[A-Za-z0-9_-]{43}_[0-9a-f]{8}")
"""What a scanner for leaked secrets would look for."""


def a_key(now: float = 1_700_000_000.0) -> str:
    """Returns the text of a new key, made at a time in seconds since the epoch."""
    return keys.new_secret(keys.new_key_id(now)).text


@given(now=INSTANTS)
def test_a_new_key_has_the_documented_form_and_names_its_id(now: float) -> None:
    """A scanner recognizes each key, and its id can be read from it."""
    key_id = keys.new_key_id(now)
    secret = keys.new_secret(key_id)
    assert SCANNED.fullmatch(secret.text)
    assert len(secret.text) == keys.LENGTH
    assert keys.key_id_of(secret.text) == secret.key_id == key_id


@given(place=st.integers(0, keys.LENGTH - 1), other=st.characters())
def test_any_one_mistyped_character_is_noticed(place: int, other: str) -> None:
    """A key in which one character differs is no key."""
    text = a_key()
    typed = text[:place] + other + text[place + 1 :]
    assert keys.key_id_of(typed) == (keys.key_id_of(text) if typed == text else None)


@given(text=st.text(max_size=200))
def test_other_texts_are_no_keys(text: str) -> None:
    """Any text that is no key is told apart without an exception, and can be hashed."""
    assert keys.key_id_of(text) is None
    assert keys.hasher()(text) != keys.hasher("pepper")(text)


@pytest.mark.parametrize("length", range(keys.LENGTH))
def test_a_truncated_key_is_no_key(length: int) -> None:
    """A key that lost its end, or its beginning, is no key."""
    text = a_key()
    assert keys.key_id_of(text[:length]) is None
    assert keys.key_id_of(text[keys.LENGTH - length :]) is None


@given(first=INSTANTS, second=INSTANTS)
def test_ids_sort_by_the_time_they_were_made_at(first: float, second: float) -> None:
    """An older key's id sorts first, to the millisecond."""
    older, newer = sorted((first, second))
    if int(older * 1000) < int(newer * 1000):
        assert keys.new_key_id(older) < keys.new_key_id(newer)


def test_ids_and_secrets_made_at_once_differ() -> None:
    """A thousand keys made in the same millisecond have different ids and secrets."""
    ids = [keys.new_key_id(1.0) for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert len({keys.new_secret(ids[0]).text for _ in range(1000)}) == 1000


def test_nothing_that_holds_a_secret_shows_it() -> None:
    """The text form of a new secret, as in a log line or a traceback, holds its id alone."""
    secret = keys.new_secret(keys.new_key_id(1.0))
    assert secret.text not in repr(secret) + str(secret)


def test_a_hash_depends_on_the_pepper_and_tells_whether_there_was_one() -> None:
    """Hashes with different peppers differ, and those without any are shorter."""
    text = a_key()
    hashes = [keys.hasher(pepper)(text) for pepper in ("", "salt", "pepper", "p" * 200)]
    assert len(set(hashes)) == 4
    assert [len(one) for one in hashes] == [32, 33, 33, 33]
    assert keys.hasher("salt")(text) == hashes[1]


def test_texts_that_no_codec_takes_are_hashed() -> None:
    """A lone surrogate, which no UTF-8 has, is no reason to fail."""
    assert keys.hasher()("\ud800") == keys.hasher()("\ud800")
