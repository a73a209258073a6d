"""What kustomize, Helm and the reference implementation of compose make of `deploy/`."""

import tomllib
from pathlib import Path

import pytest
import yaml
from ringmain_server.config import Settings

from tests.deploy.files import (
    CHART,
    DEPLOY,
    ROOT,
    SECRETS,
    VERSIONS,
    Manifest,
    container,
    manifests,
    of_kind,
    one,
    pod,
    settings,
    started,
    variables,
)
from tests.deploy.rendered import essentials, helm, kustomized, notes, templated
from tests.deploy.validity import validate
from tests.tools.tools import run, tool

PRODUCTION = f"--values={CHART / 'ci/production-values.yaml'}"
TLS = f"--values={CHART / 'ci/tls-values.yaml'}"
STORED_KEYS = f"--values={CHART / 'ci/keys-values.yaml'}"

pytestmark = pytest.mark.slow


def _valid(objects: list[Manifest]) -> None:
    for version in VERSIONS:
        for each in objects:
            validate(each, version)


def _configuration(objects: list[Manifest]) -> str:
    return str(one(objects, "ConfigMap")["data"]["ringmain.yaml"])


def _drains_in_time(objects: list[Manifest], folder: Path) -> bool:
    server = settings(_configuration(objects), folder).server
    pause = container(objects)["lifecycle"]["preStop"]["sleep"]["seconds"]
    return bool(
        pod(objects)["terminationGracePeriodSeconds"] > pause + server.drain_delay + server.stream_grace
    )


@pytest.mark.parametrize("overlay", ["dev", "production", "tls", "keys"])
def test_overlays_are_valid_and_drain_in_time(overlay: str, tmp_path: Path) -> None:
    """Every object is valid, the configuration is the one that is mounted, and the grace holds the drain."""
    objects = kustomized(overlay)
    _valid(objects)
    assert _drains_in_time(objects, tmp_path)
    (mounted,) = [each["configMap"]["name"] for each in pod(objects)["volumes"] if "configMap" in each]
    assert mounted == one(objects, "ConfigMap")["metadata"]["name"]
    assert mounted.startswith("ringmain-config-")


def test_dev_needs_no_key_and_is_one_pod() -> None:
    """The sandbox answers; nothing refers to a Secret."""
    objects = kustomized("dev")
    assert one(objects, "Deployment")["spec"]["replicas"] == 1
    assert "env" not in container(objects)
    assert of_kind(objects, "NetworkPolicy")


def test_production_has_a_namespace_that_refuses_less() -> None:
    """The namespace enforces the strictest of the standards for pods, and all objects are in it."""
    objects = kustomized("production")
    labels = one(objects, "Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    inside = [each["metadata"]["namespace"] for each in objects if each["kind"] != "Namespace"]
    assert set(inside) == {"ringmain"}


def test_the_chart_gives_what_production_gives() -> None:
    """Helm with the values of production and kustomize give the same objects."""
    assert essentials(templated(PRODUCTION)) == essentials(kustomized("production"))


def test_the_chart_gives_what_the_overlay_with_tls_gives() -> None:
    """Helm with the values of production and of TLS, and kustomize, give the same objects."""
    assert essentials(templated(PRODUCTION, TLS)) == essentials(kustomized("tls"))


def test_the_chart_gives_what_the_overlay_with_keys_gives() -> None:
    """Helm with the values of production and of keys, and kustomize, give the same objects."""
    assert essentials(templated(PRODUCTION, STORED_KEYS)) == essentials(kustomized("keys"))


def test_with_keys_nobody_calls_without_one(tmp_path: Path) -> None:
    """The database's address and the pepper come from the Secret; the schema is migrated first."""
    objects = kustomized("keys")
    gateway = container(objects)
    (migrating,) = pod(objects)["initContainers"]
    assert migrating["args"] == ["db", "migrate"]
    assert migrating["image"] == gateway["image"]
    assert SECRETS.keys() <= {each["name"] for each in gateway["env"]}
    found = _started(objects, tmp_path)
    assert found.keys_enabled
    assert found.auth_required


def _started(objects: list[Manifest], folder: Path) -> Settings:
    """Returns the settings with which the container starts the service."""
    path = folder / "ringmain.yaml"
    path.write_text(_configuration(objects))
    return started(container(objects)["args"], path, **variables(container(objects)))


@pytest.mark.parametrize(
    "values",
    [
        (),
        (PRODUCTION,),
        (PRODUCTION, TLS),
        (PRODUCTION, STORED_KEYS),
        (PRODUCTION, TLS, STORED_KEYS),
        (PRODUCTION, STORED_KEYS, "--set=tls.enabled=true"),
        (STORED_KEYS, "--set=keys.hasPepper=false"),
    ],
)
def test_the_chart_starts_with_all_kinds_of_values(values: tuple[str, ...], tmp_path: Path) -> None:
    """The service accepts what the container starts it with, and demands what callers have."""
    found = _started(templated(*values), tmp_path)
    assert found.auth_required == bool({TLS, STORED_KEYS} & {*values})


def test_tls_without_certificates_of_callers(tmp_path: Path) -> None:
    """A Secret by another tool, without an authority, is mounted; cert-manager is asked for nothing."""
    values = {"tls": {"enabled": True, "secretName": "public", "hasCa": False, "name": "gateway.example"}}
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(values))
    objects = templated(f"--values={tmp_path / 'values.yaml'}")
    _valid(objects)
    assert not of_kind(objects, "Certificate")
    assert pod(objects)["volumes"][0]["secret"]["secretName"] == "public"
    tls = settings(_configuration(objects), tmp_path).server.tls
    assert tls is not None
    assert tls.client_ca is None
    assert container(objects)["readinessProbe"]["grpc"]["port"] == 50053
    variables = {each["name"]: each["value"] for each in container(objects)["env"]}
    assert variables == {"RINGMAIN_TLS": "true", "RINGMAIN_TLS_NAME": "gateway.example"}


def test_the_chart_is_without_reproach() -> None:
    """`helm lint` is strict and finds nothing, with either values."""
    for values in ((), (PRODUCTION,), (PRODUCTION, TLS), (PRODUCTION, STORED_KEYS)):
        assert "0 chart(s) failed" in helm("lint", "--strict", str(CHART), *values)


def test_the_charts_defaults_serve_the_sandbox(tmp_path: Path) -> None:
    """Without values the objects are valid, need no Secret and drain in time."""
    objects = templated()
    _valid(objects)
    assert _drains_in_time(objects, tmp_path)
    assert "env" not in container(objects)
    assert of_kind(objects, "NetworkPolicy")


def test_every_value_has_its_place(tmp_path: Path) -> None:
    """What the defaults leave empty is valid too, and a longer drain gets a longer grace."""
    values = {
        "imagePullSecrets": [{"name": "registry"}],
        "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
        "secretEnv": [{"name": "OPENAI_API_KEY", "secret": "keys", "key": "openai"}],
        "config": {"server": {"workers": 2}, "log": {"level": "debug"}},
        "drain": {"preStop": 3, "delay": 20, "streamGrace": 600, "reserve": 7},
        "serviceAccount": {"annotations": {"example.com/identity": "us"}},
        "podAnnotations": {"sidecar.istio.io/inject": "true"},
        "podLabels": {"team": "us"},
        "networkPolicy": {
            "egress": {
                "enabled": True,
                "extra": [{"to": [{"podSelector": {"matchLabels": {"app": "vllm"}}}]}],
            }
        },
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "tolerations": [{"key": "spot", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "topologySpread": False,
    }
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump(values))
    objects = templated(f"--values={path}", release="other")
    _valid(objects)
    assert _drains_in_time(objects, tmp_path)
    assert pod(objects)["terminationGracePeriodSeconds"] == 630
    assert settings(_configuration(objects), tmp_path).server.workers == 2
    assert {
        each["metadata"]["name"].removesuffix("-config").removesuffix("-headless") for each in objects
    } == {"other-ringmain"}
    assert "topologySpreadConstraints" not in pod(objects)
    assert [entry["name"] for entry in container(objects)["env"]] == ["OPENAI_API_KEY", "HTTPS_PROXY"]


@pytest.mark.parametrize(
    "mistake",
    [
        "replicaCounts=3",
        "drain.delay=10s",
        "config.server.drain_delay=1s",
        "networkPolicy.enabled=maybe",
        "tls.clientCa=true",
        "tls.enabled=true,tls.clientCa=true,tls.hasCa=false",
        "config.server.tls.cert=a",
        "keys.enabled=true,keys.database.port=0",
        "image.repository=",
    ],
)
def test_mistakes_in_values_are_refused(mistake: str) -> None:
    """Unknown names, wrong types and what the chart sets itself are refused before anything is made."""
    assert "values don't meet the specifications" in helm("template", str(CHART), "--set", mistake, code=1)


def test_notes_tell_where_callers_go_and_who_may(tmp_path: Path) -> None:
    """After an installation one reads the address for round_robin and the label, or the warning."""
    said = notes(tmp_path / "default")
    assert "dns:///ringmain-headless.ringmain.svc:50051" in said
    assert "ringmain-client=true" in said
    assert "WARNING" not in said
    assert "WARNING" in notes(tmp_path / "open", "--set=networkPolicy.enabled=false")


def test_the_compose_file_is_one(tmp_path: Path) -> None:
    """The specification's own implementation loads it, and would not load one with a mistake."""
    load = [tool("compose-go"), str(DEPLOY / "compose.yaml")]
    assert set(yaml.safe_load(run(*load))["services"]) >= {"sandbox"}
    mistaken = tmp_path / "compose.yaml"
    mistaken.write_text((DEPLOY / "compose.yaml").read_text().replace("cap_drop", "cap_dropp"))
    assert "cap_dropp" in run(load[0], str(mistaken), code=1)


def test_the_chart_is_of_the_packages_version() -> None:
    """Chart, image tag and package have one version."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    (chart,) = manifests((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == version
    assert container(kustomized("production"))["image"].endswith(f":{version}")
