"""Deploy: whether an object is what its schema says, no more."""

from typing import Any, Final

import kubernetes_validate
from jsonschema import Draft202012Validator

from tests.deploy.files import Manifest

_TEXT: Final = {"type": "string", "minLength": 1}
_SPAN: Final = {"type": "string", "pattern": "^([0-9]+[hms])+$"}


def _only(required: tuple[str, ...], **properties: object) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


CERTIFICATE: Final = _only(
    ("apiVersion", "kind", "metadata", "spec"),
    apiVersion={"const": "cert-manager.io/v1"},
    kind={"const": "Certificate"},
    metadata={"type": "object", "required": ["name"]},
    spec=_only(
        ("secretName", "issuerRef", "dnsNames"),
        secretName=_TEXT,
        issuerRef=_only(("name",), group=_TEXT, kind={"enum": ["Issuer", "ClusterIssuer"]}, name=_TEXT),
        duration=_SPAN,
        renewBefore=_SPAN,
        privateKey=_only(
            (),
            algorithm={"enum": ["RSA", "ECDSA", "Ed25519"]},
            size={"enum": [256, 384, 521, 2048, 4096, 8192]},
            rotationPolicy={"enum": ["Never", "Always"]},
        ),
        usages={"type": "array", "items": {"enum": ["digital signature", "server auth", "client auth"]}},
        dnsNames={"type": "array", "items": _TEXT, "minItems": 1},
    ),
)
"""What of cert-manager's Certificate we use, which no schema of Kubernetes knows.

https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.CertificateSpec
"""


def validate(manifest: Manifest, version: str) -> None:
    """Fails unless an object is valid in a version of Kubernetes."""
    if manifest["apiVersion"].startswith("cert-manager.io/"):
        Draft202012Validator(CERTIFICATE).validate(manifest)
    else:
        kubernetes_validate.validate(manifest, version, strict=True)
