"""The claims of verified tokens become principals, by an issuer's mapping."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.identity.claims import (
    TEXT_LIMIT,
    VALUE_LIMIT,
    ClaimMapping,
    Claims,
    ClaimsRefused,
    claim_path,
    expiry,
    principal_of,
)
from ringmain_server.identity.principal import Scope

NOW = 1_800_000_000.0
MAPPING = ClaimMapping("idp", frozenset({"ringmain"}), leeway=30.0, tenant="acme")
ROLES = replace(
    MAPPING,
    scope_paths=(claim_path("realm_access.roles"),),
    scopes={"operator": frozenset({Scope.ADMIN, Scope.USAGE}), "user": frozenset({Scope.INFERENCE})},
    default_scopes=frozenset(),
)


def claims(**others: object) -> dict[str, object]:
    """Returns the claims of a good token, with others beside them or in their place."""
    return {"iss": "https://idp", "aud": "ringmain", "sub": "alice", "exp": NOW + 60, **others}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sub", ("sub",)),
        ("realm_access.roles", ("realm_access", "roles")),
        ("https://example.com/tenant", ("https://example.com/tenant",)),
    ],
)
def test_path_is_split_at_dots_but_not_an_address(text: str, path: tuple[str, ...]) -> None:
    """Dots lead into objects, except in a name that is an address, as Auth0 has them."""
    assert claim_path(text) == path


def test_minimal_mapping_gives_inference_to_the_fixed_tenant() -> None:
    """Without any claims of its own, a mapping names the subject, its tenant and the scope of inference."""
    found = principal_of(claims(), MAPPING)
    assert (found.tenant_id, found.principal_id) == ("acme", "jwt:idp:alice")
    assert found.scopes == {Scope.INFERENCE}
    assert found.allowed_models is None


@pytest.mark.parametrize(
    ("path", "token"),
    [
        (("org",), {"org": "acme"}),
        (("org", "id"), {"org": {"id": "acme"}}),
        (("org",), {"org": ["acme"]}),
        (("https://example.com/tenant",), {"https://example.com/tenant": "acme"}),
        (("kubernetes.io", "namespace"), {"kubernetes.io": {"namespace": "acme"}}),
    ],
)
def test_tenant_is_found_by_its_path(path: tuple[str, ...], token: Claims) -> None:
    """A tenant may be nested, in a list of one, or under a name with dots and slashes."""
    mapping = replace(MAPPING, tenant="", tenant_path=path)
    assert principal_of(claims(**token), mapping).tenant_id == "acme"


@pytest.mark.parametrize(
    "token",
    [
        {},
        {"org": None},
        {"org": ""},
        {"org": 7},
        {"org": True},
        {"org": {"id": "acme"}},
        {"org": []},
        {"org": ["acme", "other"]},
        {"org": [7]},
        {"org": "a\nb"},
        {"org": "\ud800"},
        {"org": "a" * (TEXT_LIMIT + 1)},
    ],
)
def test_tenant_of_another_form_is_refused(token: Claims) -> None:
    """A token without one tenant of limited, printable text belongs to nobody."""
    mapping = replace(MAPPING, tenant="", tenant_path=("org",))
    with pytest.raises(ClaimsRefused, match="org"):
        principal_of(claims(**token), mapping)


def test_subject_is_needed() -> None:
    """A token without a subject names nobody."""
    with pytest.raises(ClaimsRefused, match="sub"):
        principal_of(claims(sub=None), MAPPING)


@pytest.mark.parametrize(
    ("roles", "scopes"),
    [
        (["user"], {Scope.INFERENCE}),
        (["user", "operator", "unknown"], {Scope.INFERENCE, Scope.ADMIN, Scope.USAGE}),
        ("user offline_access", {Scope.INFERENCE}),
    ],
)
def test_scopes_are_those_of_the_values(roles: object, scopes: set[Scope]) -> None:
    """Lists and texts with spaces give the scopes of their known values."""
    assert principal_of(claims(realm_access={"roles": roles}), ROLES).scopes == scopes


@pytest.mark.parametrize(
    "token",
    [{}, {"realm_access": {}}, {"realm_access": {"roles": ["admin"]}}, {"realm_access": ["user"]}],
)
def test_token_without_a_scope_is_refused(token: Claims) -> None:
    """Where no value allows anything, nothing is allowed: a role named `admin` means nothing by itself."""
    with pytest.raises(ClaimsRefused, match="no scope"):
        principal_of(claims(**token), ROLES)


@pytest.mark.parametrize(
    "roles", [7, True, {"user": True}, [["user"]], ["user", 7], ["user"] * (VALUE_LIMIT + 1)]
)
def test_scopes_of_another_type_are_refused(roles: object) -> None:
    """A list that holds anything but texts refuses the token as a whole."""
    with pytest.raises(ClaimsRefused, match=r"realm_access\.roles"):
        principal_of(claims(realm_access={"roles": roles}), ROLES)


def test_usual_claims_of_scopes_are_added() -> None:
    """Without a path of its own, `scope`, `scp` and `roles` of a token count together."""
    mapping = replace(ROLES, scope_paths=ClaimMapping("x", frozenset()).scope_paths)
    assert principal_of(claims(scp="user", roles=["operator"]), mapping).scopes == set(Scope)
    assert principal_of(claims(scope="openid user"), mapping).scopes == {Scope.INFERENCE}


@pytest.mark.parametrize(
    ("models", "permitted", "refused"),
    [
        (["fast", "eu-*"], ["fast", "eu-large"], ["faster", "us"]),
        ("fast smart", ["fast", "smart"], ["other"]),
        ([], [], ["fast"]),
        (None, [], ["fast"]),
    ],
)
def test_models_are_limited_by_their_claim(models: object, permitted: list[str], refused: list[str]) -> None:
    """The claim lists what may be used; a token that lacks it, or lists nothing, may use no model."""
    allowed = principal_of(claims(models=models), replace(MAPPING, models_path=("models",))).allowed_models
    assert allowed is not None
    assert all(map(allowed.permits, permitted))
    assert not any(map(allowed.permits, refused))


@pytest.mark.parametrize("aud", ["ringmain", ["ringmain"], ["other", "ringmain"]])
def test_audience_may_be_one_of_several(aud: object) -> None:
    """A token for this gateway among others is valid until its expiry."""
    assert expiry(claims(aud=aud), MAPPING, NOW) == NOW + 60


@pytest.mark.parametrize(
    "aud", [None, "", "other", [], ["other"], {"ringmain": 1}, ["ringmain", 7], 7, "ringmain2"]
)
def test_other_audiences_are_refused(aud: object) -> None:
    """A token for somebody else, or for nobody, is refused."""
    with pytest.raises(ClaimsRefused, match="aud"):
        expiry(claims(aud=aud), MAPPING, NOW)


@pytest.mark.parametrize(
    ("times", "valid"),
    [
        ({"exp": NOW - 29}, True),
        ({"exp": NOW - 30}, False),
        ({"nbf": NOW + 30}, True),
        ({"nbf": NOW + 31}, False),
        ({"iat": NOW + 30}, True),
        ({"iat": NOW + 31}, False),
        ({"nbf": NOW - 5, "iat": NOW - 5}, True),
    ],
)
def test_clocks_may_differ_by_the_leeway(times: Claims, valid: bool) -> None:
    """Expiry and beginning are judged with the leeway, and not a second more."""
    if valid:
        expiry(claims(**times), MAPPING, NOW)
    else:
        with pytest.raises(ClaimsRefused):
            expiry(claims(**times), MAPPING, NOW)


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", ["1900000000", True, math.nan, math.inf, -1, 10**400, [NOW], {}])
def test_times_must_be_numbers(name: str, value: object) -> None:
    """A time that is no plain number refuses the token."""
    with pytest.raises(ClaimsRefused, match=name):
        expiry(claims(**{name: value}), MAPPING, NOW)


def test_expiry_is_required() -> None:
    """A token that never expires is refused."""
    with pytest.raises(ClaimsRefused, match="exp"):
        expiry(claims(exp=None), MAPPING, NOW)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(["sub", "aud", "exp", "nbf", "iat", "org", "realm_access", "scope", "models"])


@given(st.dictionaries(_NAMES, _JSON))
def test_any_claims_give_a_whole_principal_or_are_refused(token: dict[str, object]) -> None:
    """Whatever the claims are, the result is a principal with tenant, name and scope, or a refusal."""
    mapping = replace(ROLES, tenant="", tenant_path=("org",), models_path=("models",))
    try:
        expiry(token, mapping, NOW)
        found = principal_of(token, mapping)
    except ClaimsRefused:
        return
    assert found.tenant_id
    assert found.principal_id.startswith("jwt:idp:")
    assert found.scopes
    assert found.allowed_models is not None
