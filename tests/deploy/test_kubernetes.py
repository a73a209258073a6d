"""The manifests of Kubernetes as they are written, before kustomize puts them together."""

from pathlib import Path

import pytest
import yaml
from ringmain_server.edge.health import LIVENESS, READINESS

from tests.deploy.files import (
    DEPLOY,
    OVERLAYS,
    VERSIONS,
    Manifest,
    container,
    manifests,
    pod,
    raw,
    settings,
    started,
    variables,
)
from tests.deploy.validity import validate

BASE = [each for path, each in raw() if path.parent.name == "base"]
PRODUCTION = [each for path, each in raw() if path.parent.name == "production"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("path", "manifest"), list(raw()), ids=lambda value: getattr(value, "stem", ""))
def test_manifests_are_valid(path: Path, manifest: Manifest, version: str) -> None:
    """Every object is what its schema says, no more, in the oldest Kubernetes and the newest."""
    validate(manifest, version)


@pytest.mark.parametrize("folder", sorted((DEPLOY / "kubernetes").rglob("kustomization.yaml")), ids=str)
def test_kustomizations_name_what_is_there(folder: Path) -> None:
    """Resources, patches and the configuration's file exist, and no file is forgotten."""
    said = yaml.safe_load(folder.read_text())
    named = {*said["resources"], *(patch["path"] for patch in said.get("patches", []))}
    named |= {name for made in said.get("configMapGenerator", []) for name in made["files"]}
    there = {path.name for path in folder.parent.iterdir() if path.is_file() and path != folder}
    assert {name for name in named if not name.startswith("..")} == there


@pytest.mark.parametrize("overlay", [path.name for path in sorted(OVERLAYS.iterdir())])
def test_every_overlay_starts(overlay: str, tmp_path: Path) -> None:
    """The service accepts what the container starts it with: arguments, variables and configuration."""
    folder = OVERLAYS / overlay
    patch = folder / "deployment.yaml"
    changed = container(manifests(patch.read_text())) if patch.exists() else {}
    config = folder / "ringmain.yaml"
    config = config if config.exists() else OVERLAYS / "production/ringmain.yaml"
    started(changed.get("args", container(BASE)["args"]), config, **variables(changed))


def test_probes_ask_the_health_services_of_the_callers_port() -> None:
    """Startup and readiness ask `readiness`, liveness asks `liveness`: the names that the service has."""
    found = container(BASE)
    (port,) = [port["containerPort"] for port in found["ports"] if port["name"] == "grpc"]
    assert f"--listen=0.0.0.0:{port}" in found["args"]
    for probe, service in (("startup", READINESS), ("readiness", READINESS), ("liveness", LIVENESS)):
        assert found[f"{probe}Probe"]["grpc"] == {"port": port, "service": service}


@pytest.mark.parametrize("overlay", ["dev", "production", "tls"])
def test_the_grace_holds_the_whole_drain(overlay: str, tmp_path: Path) -> None:
    """Kubernetes kills later than preStop, the drain delay and the grace of streams have passed."""
    server = settings((OVERLAYS / overlay / "ringmain.yaml").read_text(), tmp_path).server
    pause = container(BASE)["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod(BASE)["terminationGracePeriodSeconds"] > pause + server.drain_delay + server.stream_grace


def test_production_takes_calls_until_its_end_is_known(tmp_path: Path) -> None:
    """The drain delay is longer than readiness needs to be seen to have ended."""
    server = settings((OVERLAYS / "production/ringmain.yaml").read_text(), tmp_path).server
    probe = container(BASE)["readinessProbe"]
    assert server.drain_delay > probe["periodSeconds"] * probe["failureThreshold"] + probe["timeoutSeconds"]


def test_pods_have_no_rights() -> None:
    """Not root, nothing writable but /tmp, no capability, the default seccomp profile, no token."""
    whole, inner = pod(BASE), container(BASE)["securityContext"]
    assert whole["securityContext"]["runAsNonRoot"] is True
    assert whole["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert whole["automountServiceAccountToken"] is False
    assert inner["readOnlyRootFilesystem"] is True
    assert inner["allowPrivilegeEscalation"] is False
    assert inner["capabilities"] == {"drop": ["ALL"]}
    writable = [mount["mountPath"] for mount in container(BASE)["volumeMounts"] if not mount.get("readOnly")]
    assert writable == ["/tmp"]


def test_the_user_is_the_images() -> None:
    """The number in the manifests is the one in the Dockerfile."""
    user = pod(BASE)["securityContext"]["runAsUser"]
    assert f"USER {user}:{user}" in (DEPLOY / "Dockerfile").read_text()


def test_who_may_call_without_credentials_is_restricted() -> None:
    """Where callers need no credentials, a policy lets in labelled pods alone, to the callers' port."""
    assert "--allow-unauthenticated" in container(BASE)["args"]
    (policy,) = [each["spec"] for each in BASE if each["kind"] == "NetworkPolicy"]
    assert "Ingress" in policy["policyTypes"]
    for rule in policy["ingress"]:
        assert rule["ports"] == [{"protocol": "TCP", "port": "grpc"}]
        assert all(peer["podSelector"]["matchLabels"] for peer in rule["from"])


def test_production_patches_keep_the_bases_callers() -> None:
    """A patch replaces the list of rules, so it repeats those of the base."""
    (base,) = [each["spec"] for each in BASE if each["kind"] == "NetworkPolicy"]
    (patch,) = manifests((OVERLAYS / "production/networkpolicy.yaml").read_text())
    assert patch["spec"]["ingress"][0] == base["ingress"][0]


def test_callers_find_every_pod_by_dns() -> None:
    """One Service is headless, and both lead to the same ready pods."""
    services = {each["metadata"]["name"]: each["spec"] for each in BASE if each["kind"] == "Service"}
    assert services["ringmain-headless"]["clusterIP"] == "None"
    assert "clusterIP" not in services["ringmain"]
    assert services["ringmain"]["selector"] == services["ringmain-headless"]["selector"]


def test_disruptions_and_load_are_provided_for() -> None:
    """Production has three pods at least, loses one at a time, and counts CPU against a request."""
    kinds = {each["kind"]: each["spec"] for each in PRODUCTION if "spec" in each}
    assert kinds["HorizontalPodAutoscaler"]["minReplicas"] == 3
    assert kinds["PodDisruptionBudget"]["maxUnavailable"] == 1
    (patch,) = manifests((OVERLAYS / "production/deployment.yaml").read_text())
    assert container([patch])["resources"]["requests"]["cpu"]
    assert "replicas" not in patch["spec"]


def test_secrets_are_referred_to() -> None:
    """Every ${NAME} of production's configuration comes from a Secret, and no key stands in a file."""
    (patch,) = manifests((OVERLAYS / "production/deployment.yaml").read_text())
    named = {entry["name"] for entry in container([patch])["env"] if "secretKeyRef" in entry["valueFrom"]}
    text = (OVERLAYS / "production/ringmain.yaml").read_text()
    assert named == {part.partition("}")[0] for part in text.split("${")[1:]}
    assert not [each for _, each in raw() if each["kind"] == "Secret"]
