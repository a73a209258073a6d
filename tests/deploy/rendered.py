"""Deploy: what kustomize and Helm give, and the same without what may differ between them."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.files import CHART, OVERLAYS, VERSIONS, Manifest, manifests, one
from tests.tools.tools import run, tool

_HELMS_OWN = {
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/version",
    "helm.sh/chart",
    "checksum/config",
    "app.kubernetes.io/part-of",
}
_HASH = re.compile(r"(ringmain-config)-[a-z0-9]{10}")


def kustomized(overlay: str) -> list[Manifest]:
    """What an overlay gives."""
    folder = str(OVERLAYS / overlay)
    built = shutil.which("kubectl") and run("kubectl", "kustomize", folder)
    alone = run(tool("kustomize"), "build", folder)
    # Where kubectl is there, it must not see it differently.
    assert not built or manifests(built) == manifests(alone)
    return manifests(alone)


def templated(*arguments: str, release: str = "ringmain", chart: Path = CHART) -> list[Manifest]:
    """What the chart gives in the namespace `ringmain`."""
    # A Helm that was built without its makefile knows of an old Kubernetes alone.
    place = ("--namespace=ringmain", f"--kube-version={VERSIONS[-1]}")
    return manifests(helm("template", release, str(chart), *place, *arguments))


def notes(copy: Path, *arguments: str) -> str:
    """What the chart says after an installation, which Helm shows for a real cluster only.

    Args:
        copy: A folder that is not there yet; gets the chart, with the notes as an object.
        arguments: Of `helm template`.
    """
    shutil.copytree(CHART, copy)
    (copy / "templates/NOTES.txt").rename(copy / "notes")
    (copy / "templates/notes.yaml").write_text(
        'kind: Notes\nsaid: {{ tpl (.Files.Get "notes") . | toJson }}\n'
    )
    return str(one(templated(*arguments, chart=copy), "Notes")["said"])


def helm(*arguments: str, code: int = 0) -> str:
    """What Helm writes, once it has ended with this code."""
    return run(tool("helm"), *arguments, code=code)


def essentials(objects: Sequence[Manifest]) -> dict[tuple[str, str], object]:
    """The objects by kind and name, without what only one of both tools adds.

    Those are labels of Helm's own, the hash in a ConfigMap's name, and the namespace, which Helm neither
    makes nor writes down. The configuration is compared by what it says.
    """
    found: dict[tuple[str, str], object] = {}
    for each in objects:
        if each["kind"] != "Namespace":
            plain = _plain(each)
            found[plain["kind"], plain["metadata"]["name"]] = plain
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        plain = {name: _plain(item) for name, item in value.items() if name not in _HELMS_OWN}
        if "ringmain.yaml" in plain:
            plain["ringmain.yaml"] = yaml.safe_load(plain["ringmain.yaml"])
        for absent in ("namespace", "imagePullPolicy"):
            plain.pop(absent, None)
        return {name: item for name, item in plain.items() if not (name == "labels" and _nothing(item))}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return _HASH.sub(r"\1", value) if isinstance(value, str) else value


def _nothing(labels: object) -> bool:
    """Whether labels say no more than the name that every object has."""
    return isinstance(labels, dict) and labels.keys() <= {"app.kubernetes.io/name"}
