"""The files for containers name settings, addresses and files that exist."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from playground.files import CHECKOUT
from playground.settings import Settings

from ..support.openapi import document
from ..test_settings import variables_of

DEPLOY = CHECKOUT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "playground.yaml").read_text(encoding="utf-8")))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
VARIABLES = {variable for field in Settings.model_fields for variable in variables_of(field)}
[STATEFUL_SET] = [manifest for manifest in MANIFESTS if manifest["kind"] == "StatefulSet"]
[CONTAINER] = STATEFUL_SET["spec"]["template"]["spec"]["containers"]


def probes() -> Iterator[dict[str, Any]]:
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        yield CONTAINER[name]["httpGet"]


def test_every_variable_of_the_service_is_a_setting() -> None:
    in_image = set(re.findall(r"^(?:ENV|   ) *([A-Z_]+)=", DOCKERFILE, re.MULTILINE)) - {"PATH", "LANG", "PYTHONDONTWRITEBYTECODE"}
    in_compose = set(COMPOSE["services"]["playground"]["environment"])
    in_pods = {each["name"] for each in CONTAINER["env"]} | set(
        re.findall(r"--from-literal=([A-Z_]+)=", (DEPLOY / "kubernetes" / "playground.yaml").read_text(encoding="utf-8"))
    )
    for names in (in_image - {"PIP_DISABLE_PIP_VERSION_CHECK"}, in_compose, in_pods):
        assert len(names) >= 3
        assert names - VARIABLES == set()


def test_all_that_compose_asks_for_is_in_its_example() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    offered = set(re.findall(r"^([A-Z_]+)=", (DEPLOY / "compose.env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert asked == offered


def test_the_files_that_compose_mounts_and_builds_from_exist() -> None:
    build = COMPOSE["services"]["playground"]["build"]
    assert ((DEPLOY / build["context"]).resolve() / build["dockerfile"]).is_file()
    mounts = [mount.partition(":")[0] for service in COMPOSE["services"].values() for mount in service.get("volumes", ())]
    assert [mount for mount in mounts if mount.startswith(".") and not (DEPLOY / mount).exists()] == []
    assert {mount for mount in mounts if not mount.startswith(".")} == set(COMPOSE["volumes"])


def test_probes_ask_addresses_that_exist_at_the_ports_name() -> None:
    assert {probe["path"] for probe in probes()} <= set(document()["paths"])
    assert {probe["port"] for probe in probes()} == {port["name"] for port in CONTAINER["ports"]}
    assert f"EXPOSE {CONTAINER['ports'][0]['containerPort']}" in DOCKERFILE
    assert "/health/ready" in DOCKERFILE


def test_whatever_stops_the_service_waits_longer_than_its_runs_may_take() -> None:
    grace = Settings.model_fields["shutdown_grace_seconds"].default
    assert STATEFUL_SET["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= grace + 10
    assert int(COMPOSE["services"]["playground"]["stop_grace_period"].removesuffix("s")) >= grace + 10


def test_containers_run_without_root_on_a_read_only_root() -> None:
    user = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)[-1]
    context = STATEFUL_SET["spec"]["template"]["spec"]["securityContext"]
    assert (str(context["runAsUser"]), str(context["runAsGroup"])) == user
    assert context["runAsNonRoot"]
    assert CONTAINER["securityContext"]["readOnlyRootFilesystem"]
    assert COMPOSE["services"]["playground"]["read_only"]
