"""Addresses that other machines can reach, and who may call there."""

from collections.abc import Mapping

import pytest
from ringmain_server.config import Settings
from ringmain_server.config.exposure import exposed, plain
from ringmain_server.config.problems import dotted

ISSUER = {"issuer": "https://id.example.com", "audience": ["ringmain"], "tenant": "acme"}
METHODS: Mapping[str, Mapping[str, object]] = {
    "keys": {"keys": {"enabled": True}},
    "pepper": {"keys": {"pepper": "salt"}},
    "issuers": {"issuers": {"corp": ISSUER}},
    "certificates": {"certificates": {"rules": [{"match": "spiffe://corp/*"}]}},
}
"""Every way to configure a method by which callers say who they are."""
OPEN = "0.0.0.0:9"


def mistakes(tree: Mapping[str, object]) -> list[str]:
    """The paths of the mistakes, which are the same for a tree and for the settings made of it."""
    found = [dotted(one.keys) for one in exposed(tree)]
    assert found == [dotted(one.keys) for one in exposed(plain(Settings.model_validate(tree)))]
    return found


@pytest.mark.parametrize("field", ["listen", "admin_listen", "metrics_listen"])
@pytest.mark.parametrize("address", [OPEN, "[::]:9", "gateway.example.com:9", "10.0.0.1:9"])
def test_open_addresses_need_a_word(field: str, address: str) -> None:
    """An address that other machines reach is refused unless that is allowed."""
    assert mistakes({"server": {field: address}}) == [f"server.{field}"]
    assert mistakes({"server": {field: address, "allow_unauthenticated": True}}) == []


@pytest.mark.parametrize("field", ["listen", "admin_listen", "metrics_listen"])
@pytest.mark.parametrize("address", ["127.0.0.1:9", "[::1]:9", "localhost:9"])
def test_loopback_needs_no_word(field: str, address: str) -> None:
    """Addresses of this machine are allowed, whoever may call."""
    assert mistakes({"server": {field: address}}) == []


@pytest.mark.parametrize("method", METHODS)
def test_credentials_open_the_apis(method: str) -> None:
    """Where callers must show credentials, both APIs may be reached from elsewhere; metrics have none."""
    everywhere = {"listen": OPEN, "admin_listen": "0.0.0.0:8", "metrics_listen": "0.0.0.0:7"}
    assert mistakes({"server": everywhere, "auth": METHODS[method]}) == ["server.metrics_listen"]


@pytest.mark.parametrize("method", METHODS)
def test_optional_credentials_open_the_admin_api_alone(method: str) -> None:
    """Where callers may come without credentials, operators still must not."""
    tree = {
        "server": {"listen": OPEN, "admin_listen": "0.0.0.0:8"},
        "auth": {**METHODS[method], "required": False},
    }
    assert mistakes(tree) == ["server.listen"]


def test_credentials_that_nobody_could_have_are_a_mistake() -> None:
    """Credentials cannot be required while there is no way to show any."""
    assert mistakes({"auth": {"required": True}}) == ["auth.required"]
    assert mistakes({"auth": {"required": True, "keys": {"enabled": False, "pepper": "salt"}}}) == [
        "auth.required"
    ]


@pytest.mark.parametrize("value", [None, 7, "nonsense", ["0.0.0.0:9"]])
def test_wrong_types_are_left_to_others(value: object) -> None:
    """What is no address, or no section, is reported elsewhere and hides nothing."""
    assert [*exposed({"server": {"listen": value, "admin_listen": OPEN}, "auth": value})] != []
    assert [*exposed({"server": value})] == []
