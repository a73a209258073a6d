"""Which keys of an issuer's set are used, for which tokens."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.edge.auth.key_set import ALGORITHMS, KEY_LIMIT, TRIAL_LIMIT, KeysUnreadable, read_keys

from tests.fakes.oidc import SigningKey

ISSUER = "https://idp.example.com"
RSA = SigningKey.make("1")


def document(*keys: object) -> bytes:
    """Returns a set of keys."""
    return json.dumps({"keys": keys}).encode()


def candidates(
    *keys: object, key_id: str | None = "1", algorithm: str = "RS256", allowed: Sequence[str] = ALGORITHMS
) -> int:
    """Returns how many keys of a set may have signed a token."""
    try:
        return len(read_keys(document(*keys), allowed, ISSUER).candidates(key_id, algorithm))
    except KeysUnreadable:
        return 0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_has_its_keys(algorithm: str) -> None:
    """A key is found for the algorithm it is made for, and for no other."""
    key = SigningKey.make("1", algorithm).public()
    found = [other for other in ALGORITHMS if candidates(key, algorithm=other)]
    assert found == [algorithm]


def test_rsa_key_without_algorithm_fits_all_that_are_allowed() -> None:
    """A key that names no algorithm is used for those of its type that the operator allows."""
    key = RSA.public(alg=None)
    allowed = ("RS256", "PS512")
    assert [one for one in ALGORITHMS if candidates(key, algorithm=one, allowed=allowed)] == list(allowed)


@pytest.mark.parametrize(
    "others",
    [
        {"use": "enc"},
        {"key_ops": ["encrypt"]},
        {"alg": "RS512"},
        {"kty": "EC"},
        {"kty": None},
        {"n": None},
        {"n": "not base64 !"},
        {"n": 7},
        {"e": ""},
        {"d": "AQAB"},
        {"issuer": "https://other.example.com"},
        {"issuer": "https://idp.example.com.evil"},
    ],
)
def test_key_for_something_else_is_left_out(others: dict[str, object]) -> None:
    """Keys for encryption, for other algorithms or issuers, private ones and broken ones verify nothing."""
    assert candidates(RSA.public(**others), allowed=("RS256",)) == 0


@pytest.mark.parametrize("issuer", ["https://idp.example.com", None, 7])
def test_key_may_name_its_issuer(issuer: object) -> None:
    """A key that names this issuer, or none, is used."""
    assert candidates(RSA.public(issuer=issuer)) == 1


def test_key_of_entra_may_be_of_any_tenant() -> None:
    """Entra ID writes a place holder for the tenant into keys of all tenants."""
    named = "https://login.microsoftonline.com/{tenantid}/v2.0"
    issuer = "https://login.microsoftonline.com/6babcaad-604b-40ac-a9d7-9fd97c0b779f/v2.0"
    content = document(RSA.public(issuer=named))
    assert len(read_keys(content, ("RS256",), issuer)) == 1
    for other in (ISSUER, "https://login.microsoftonline.com/a/b/v2.0"):
        with pytest.raises(KeysUnreadable):
            read_keys(content, ("RS256",), other)


def test_short_rsa_key_is_left_out() -> None:
    """A key of 1024 bits can be broken."""
    assert candidates(SigningKey.make("1", bits=1024).public()) == 0


@pytest.mark.parametrize("algorithm", ["none", "HS256", "HS512", ""])
def test_shared_secrets_are_never_keys(algorithm: str) -> None:
    """A symmetric key in the set is ignored, and no key is found for algorithms with a shared secret."""
    secret = {"kty": "oct", "k": "c2VjcmV0", "kid": "1", "alg": "HS256"}
    assert candidates(secret, RSA.public(), algorithm=algorithm) == 0


def test_keys_of_the_same_id_are_all_candidates() -> None:
    """Issuers may use an id twice, for keys of different types or while they rotate."""
    second = SigningKey.make("1", number=2)
    curve = SigningKey.make("1", "ES256")
    assert candidates(RSA.public(), second.public(), curve.public()) == 2
    assert candidates(RSA.public(), second.public(), curve.public(), algorithm="ES256") == 1


def test_token_without_an_id_may_be_signed_with_any_key() -> None:
    """Every key of the algorithm is tried, up to a limit."""
    keys = [RSA.public(kid=str(number)) for number in range(TRIAL_LIMIT + 3)]
    assert candidates(*keys[:3], key_id=None) == 3
    assert candidates(*keys, key_id=None) == TRIAL_LIMIT


def test_key_without_an_id_may_have_signed_any_token() -> None:
    """It is tried where no key has the id of the token."""
    nameless = RSA.public(kid=None)
    assert candidates(nameless, key_id="7") == 1
    keys = read_keys(document(nameless, RSA.public()), ("RS256",), ISSUER)
    assert len(keys.candidates("1", "RS256")) == 1
    assert keys.knows("1")
    assert not keys.knows("7")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": []}',
        b'{"keys": [7, null, "key", []]}',
        b"[" * 100_000,
        document(*[RSA.public(kid=str(number)) for number in range(KEY_LIMIT + 1)]),
    ],
)
def test_what_is_no_set_of_keys_is_refused(content: bytes) -> None:
    """A document without usable keys, or with too many, is a failure, so that known keys stay."""
    with pytest.raises(KeysUnreadable):
        read_keys(content, ALGORITHMS, ISSUER)


_VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.lists(st.text(max_size=3), max_size=2)
)
_MEMBERS = st.sampled_from(
    ["kty", "crv", "n", "e", "x", "y", "d", "kid", "use", "alg", "key_ops", "issuer", "k"]
)


@given(
    st.lists(
        st.tuples(st.sampled_from(ALGORITHMS), st.dictionaries(_MEMBERS, _VALUES, max_size=3)), max_size=3
    )
)
def test_any_set_is_read_or_refused(mutated: list[tuple[str, dict[str, object]]]) -> None:
    """Whatever the members of a key are, it is used as it stands or left out, and the others are not lost."""
    broken = [SigningKey.make("1", algorithm).public() | others for algorithm, others in mutated]
    good = SigningKey.make("good").public()
    assert len(read_keys(document(*broken, good), ALGORITHMS, ISSUER).candidates("good", "RS256")) == 1
