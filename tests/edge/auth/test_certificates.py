"""Rules about certificates, from the configuration."""

from pathlib import Path

import pytest
from ringmain_server.config import ConfigError, load
from ringmain_server.edge.auth.certificates import certificate_rules
from ringmain_server.identity.principal import Allowed, Principal, Scope

RULES = """\
server: {tls: {cert: c, key: k, client_ca: ca}}
auth:
  certificates:
    rules:
      - match: spiffe://corp/ns/*/sa/*
        tenant: "{1}"
        principal: "{2}"
        scopes: [inference, usage]
        allowed_models: [smart, "gpt-*"]
      - {match: operator, field: common_name, scopes: [admin]}
"""


def _written(folder: Path, text: str) -> str:
    path = folder / "ringmain.yaml"
    path.write_text(text)
    return str(path)


def test_rules_are_those_of_the_configuration(tmp_path: Path) -> None:
    """Each setting of a rule reaches the caller that it describes."""
    settings = load(_written(tmp_path, RULES), environ={})
    rules = certificate_rules(settings.auth.certificates)
    assert rules is not None
    found = rules.identify({"x509_pem_cert": [b""], "peer_uri": [b"spiffe://corp/ns/shop/sa/web"]})
    scopes = frozenset({Scope.INFERENCE, Scope.USAGE})
    assert found == Principal("shop", "cert:web", scopes, Allowed.of(["smart", "gpt-*"]))
    context = {"x509_pem_cert": [b""], "x509_subject": [b"CN=operator"], "x509_common_name": [b"operator"]}
    assert rules.identify(context) == Principal("", "cert:operator", frozenset({Scope.ADMIN}))


def test_without_rules_there_is_no_verifier(tmp_path: Path) -> None:
    """Certificates that no rule is about identify nobody."""
    assert certificate_rules(load(_written(tmp_path, "auth: {}"), environ={}).auth.certificates) is None


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            "{match: 'a*', tenant: '{2}'}",
            "must not have more placeholders in tenant or principal than match has *",
        ),
        ("{match: 'a', principal: '{1}'}", "must not have more placeholders"),
        ("{match: 'a*', principal: '{0}'}", "must not have more placeholders"),
        ("{match: 'a**b'}", "must not have two * in a row in match"),
        ("{match: 'a', field: ip}", "must be one of 'uri', 'dns', 'common_name' or 'email'"),
        ("{match: 'a', scopes: []}", "must not be empty"),
    ],
)
def test_rules_that_make_no_sense_are_refused(tmp_path: Path, rule: str, message: str) -> None:
    """A placeholder without its star, an unknown kind of name and a rule without a scope are mistakes."""
    with pytest.raises(ConfigError) as caught:
        load(_written(tmp_path, f"auth: {{certificates: {{rules: [{rule}]}}}}"), environ={})
    assert message in str(caught.value)


@pytest.mark.parametrize("tls", ["null", "{cert: c, key: k}"])
def test_rules_need_certificates(tmp_path: Path, tls: str) -> None:
    """Rules about certificates that nobody is asked for are a mistake."""
    text = f"server: {{tls: {tls}}}\nauth: {{certificates: {{rules: [{{match: a}}]}}}}"
    with pytest.raises(ConfigError) as caught:
        load(_written(tmp_path, text), environ={})
    assert "auth.certificates.rules: need server.tls.client_ca" in str(caught.value)
    load(_written(tmp_path, RULES.replace("{tls:", "{admin_tls:")), environ={})
