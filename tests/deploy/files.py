"""Deploy: what `deploy/` says, as data."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ringmain_server.cli.flag import parsed
from ringmain_server.cli.serve import ServeFlags, overrides
from ringmain_server.config import Settings, load

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm/ringmain"
OVERLAYS = DEPLOY / "kubernetes/overlays"
VERSIONS = ("1.30", "1.37")
"""The oldest Kubernetes that is promised, and the newest that is checked."""
KEYS = {"OPENAI_API_KEY": "sk-test", "ANTHROPIC_API_KEY": "sk-test"}
"""What the Secret of production would hold."""

SECRETS = {"RINGMAIN_STORAGE__URL": "postgresql://u:p@db/r", "RINGMAIN_AUTH__KEYS__PEPPER": "pepper", **KEYS}
"""The environment variables that the Secrets of a container stand for, with their values."""

Manifest = Mapping[str, Any]


def manifests(text: str) -> list[Manifest]:
    """The objects of a stream of YAML documents."""
    return [document for document in yaml.safe_load_all(text) if document is not None]


def of_kind(objects: Sequence[Manifest], kind: str) -> list[Manifest]:
    """Those objects that are of a kind."""
    return [each for each in objects if each["kind"] == kind]


def one(objects: Sequence[Manifest], kind: str) -> Manifest:
    """The only object of a kind."""
    (found,) = of_kind(objects, kind)
    return found


def pod(objects: Sequence[Manifest]) -> Manifest:
    """What the Deployment says of its pods."""
    spec: Manifest = one(objects, "Deployment")["spec"]["template"]["spec"]
    return spec


def container(objects: Sequence[Manifest]) -> Manifest:
    """The only container of a pod."""
    (found,) = pod(objects)["containers"]
    return dict(found)


def settings(text: str, folder: Path) -> Settings:
    """The configuration in a ringmain.yaml, checked as the service checks it."""
    path = folder / "ringmain.yaml"
    path.write_text(text)
    return load(str(path), environ=KEYS)


def started(arguments: Sequence[str], config: Path | None = None, **environ: str) -> Settings:
    """The settings with which a container starts the service. It fails as the service would.

    Args:
        arguments: Those of `ringmain`, `serve` included.
        config: The file that is mounted where `--config` says.
        environ: The container's variables.
    """
    program, *flags = arguments
    assert program == "serve"
    given = overrides(parsed(ServeFlags, flags, program="ringmain serve"))
    return load(None if config is None else str(config), environ={**KEYS, **environ}, overrides=given)


def variables(found: Manifest) -> dict[str, str]:
    """A container's variables, those of Secrets with a value that fits."""
    return {each["name"]: each.get("value", SECRETS.get(each["name"], "x")) for each in found.get("env", ())}


def raw() -> Iterator[tuple[Path, Manifest]]:
    """Every whole manifest below deploy/kubernetes, as it is written; patches are none."""
    for path in sorted((DEPLOY / "kubernetes").rglob("*.yaml")):
        is_patch = path.parent.parent == OVERLAYS and path.stem in ("deployment", "networkpolicy")
        if path.stem not in ("kustomization", "ringmain") and not is_patch:
            for each in manifests(path.read_text()):
                yield path, each
