"""The settings of who may call, and of tenants."""

from collections.abc import Mapping
from typing import get_args

import pytest
from pydantic import SecretStr, ValidationError
from ringmain.admin.v1 import admin_service_pb2 as admin_pb2
from ringmain_server.config import Settings, load, secrets, show
from ringmain_server.config.auth import ScopeName
from ringmain_server.config.changes import changed_paths, reloadable
from ringmain_server.identity.principal import Scope

ISSUER = {"issuer": "https://id.example.com/", "audience": ["ringmain"], "tenant": "acme"}


def loaded(auth: Mapping[str, object], tenants: Mapping[str, object] | None = None) -> Settings:
    """Loads a configuration with these sections."""
    return load(environ={}, overrides={"auth": auth, "tenants": tenants or {}})


def test_scopes_are_those_of_the_contract() -> None:
    """Configuration, callers and contract know the same scopes."""
    prefix = "API_KEY_SCOPE_"
    of_contract = {name.removeprefix(prefix).lower() for name in dict(admin_pb2.ApiKeyScope.items())}
    assert set(get_args(ScopeName)) == {scope.value for scope in Scope} == of_contract - {"unspecified"}


@pytest.mark.parametrize(
    ("auth", "configured", "required"),
    [
        ({}, False, False),
        ({"keys": {"enabled": True}}, True, True),
        ({"keys": {"pepper": "salt"}}, True, True),
        ({"keys": {"enabled": False, "pepper": "salt"}}, False, False),
        ({"issuers": {"corp": ISSUER}}, True, True),
        ({"certificates": {"rules": [{"match": "spiffe://corp/*"}]}}, True, True),
        ({"keys": {"enabled": True}, "required": False}, True, False),
        ({"required": False}, False, False),
    ],
)
def test_credentials_are_required_where_any_method_is_configured(
    auth: Mapping[str, object], configured: bool, required: bool
) -> None:
    """Any method is enough, unless the operator says that callers may come without credentials."""
    settings = Settings.model_validate({"auth": auth})
    assert (settings.auth_configured, settings.auth_required) == (configured, required)


@pytest.mark.parametrize(
    "auth",
    [
        {"issuers": {"Corp": ISSUER}},
        {"issuers": {"a:b": ISSUER}},
        {"issuers": {"a": ISSUER, "b": ISSUER}},
        {"issuers": {"a": {**ISSUER, "claims": {"tenant": "tid"}}}},
        {"issuers": {"a": {"issuer": "x", "audience": ["y"]}}},
        {"issuers": {"a": {**ISSUER, "audience": []}}},
        {"issuers": {"a": {**ISSUER, "algorithms": ["HS256"]}}},
        {"issuers": {"a": {**ISSUER, "algorithms": ["none"]}}},
        {"issuers": {"a": {**ISSUER, "leeway": "6m"}}},
        {"issuers": {"a": {**ISSUER, "jwks_url": "http://id.example.com/keys"}}},
        {"issuers": {"a": {**ISSUER, "jwks_url": "https://u:p@id.example.com/keys"}}},
        {"issuers": {"a": {**ISSUER, "scopes": {"role": "everything"}}}},
        {"certificates": {"rules": [{"match": "*", "scopes": []}]}},
        {"certificates": {"rules": [{"match": "*", "field": "serial"}]}},
        {"certificates": {"rules": [{"match": "*", "allowed_models": ["a*b"]}]}},
        {"keys": {"pepper": ""}},
        {"unknown": True},
    ],
)
def test_wrong_settings(auth: Mapping[str, object]) -> None:
    """Methods that would let in the wrong callers, or nobody, are refused."""
    with pytest.raises(ValidationError):
        Settings.model_validate({"auth": auth})


@pytest.mark.parametrize(
    "tenant",
    [
        {"allowed_networks": ["10.0.0.1/8"]},
        {"allowed_networks": ["nowhere"]},
        {"allowed_models": [""]},
        {"allowed_models": ["*/gpt-4o"]},
        {"models": ["smart"]},
    ],
)
def test_wrong_tenants(tenant: Mapping[str, object]) -> None:
    """A limit that cannot take effect is refused."""
    with pytest.raises(ValidationError):
        Settings.model_validate({"tenants": {"acme": tenant}})


def test_an_issuer_is_kept_to_the_letter() -> None:
    """Tokens have the issuer exactly so, with a slash at its end where there is one."""
    assert loaded({"issuers": {"corp": ISSUER}}).auth.issuers["corp"].issuer == "https://id.example.com/"


def test_the_pepper_is_a_secret() -> None:
    """It is masked where settings are shown, and known to whatever masks logs."""
    settings = loaded({"keys": {"pepper": "a-secret-pepper"}})
    assert isinstance(settings.auth.keys.pepper, SecretStr)
    assert "a-secret-pepper" not in show(settings) + repr(settings)
    assert "a-secret-pepper" in secrets(settings)


def test_a_reload_changes_all_but_keys() -> None:
    """Issuers, rules, tenants and demands apply at once; keys keep store and pepper until the next start."""
    running = loaded({"keys": {"enabled": True}})
    changed = loaded(
        {"required": False, "keys": {"pepper": "salt"}, "issuers": {"corp": ISSUER}}, {"acme": {}}
    )
    merged = reloadable(running, changed)
    assert set(changed_paths(running, merged)) == {"auth.required", "auth.issuers.corp", "tenants.acme"}
    assert set(changed_paths(merged, changed)) == {"auth.keys.enabled", "auth.keys.pepper"}
