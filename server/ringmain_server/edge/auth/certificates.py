"""Room 1: the rules about callers' certificates, made from the configuration."""

from ringmain_server.config.auth import CertificateRule, CertificateSettings
from ringmain_server.identity.certificates import CertificateRules, Rule
from ringmain_server.identity.principal import Allowed, Scope


def certificate_rules(settings: CertificateSettings) -> CertificateRules | None:
    """Returns what identifies callers by their certificates; None where no rule is configured."""
    return CertificateRules([_rule(rule) for rule in settings.rules]) if settings.rules else None


def _rule(settings: CertificateRule) -> Rule:
    return Rule(
        match=settings.match,
        field=settings.field,
        tenant=settings.tenant or "",
        principal=settings.principal or "",
        scopes=frozenset(map(Scope, settings.scopes)),
        allowed_models=Allowed.of(settings.allowed_models),
    )
