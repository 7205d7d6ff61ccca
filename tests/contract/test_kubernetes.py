"""deploy/kubernetes: each rendered manifest is one that Kubernetes takes, and says what the program does."""

import re
from typing import Any

import kubernetes_validate
import pytest
from typer.main import get_command

from orchestrator import __version__
from orchestrator.api.app import GRACE_S
from orchestrator.catalog import DEFAULT_GROUP, EVENTS, Catalog
from orchestrator.cli.commands import app
from orchestrator.configuration.variables import unknown
from orchestrator.settings import Settings, load_settings
from orchestrator.streams.app import STOP_S
from tests import composition
from tests.container import USER
from tests.kustomization import FOLDER, Document, containers, one, overlay, pod_specs, read, rendered

OVERLAYS = {name: overlay(name) for name in ("single", "production")}
OF_OTHERS = {"ScaledObject", "PodMonitor"}  # kinds that are not Kubernetes' own
VERSIONS = ("1.32", "1.34", "1.37")
BASE = rendered(FOLDER / "base")
# Where each process answers: the port that its probes ask.
ANSWERS_AT = {"worker": "telemetry", "sink": "telemetry", "api": "http"}


def every(kind: str, documents: list[Document] = BASE) -> list[Document]:
    return [each for each in documents if each["kind"] == kind]


def labels_of(document: Document) -> dict[str, str]:
    found: dict[str, str] = document["spec"]["template"]["metadata"]["labels"]
    return found


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()


def container_of(document: Document) -> dict[str, Any]:
    (found,) = document["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def environment_of(document: Document, documents: list[Document]) -> dict[str, Any]:
    data = one(documents, "ConfigMap", "orchestrator")["data"]
    return {**data, **{each["name"]: each.get("value") for each in container_of(document).get("env", ())}}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", OVERLAYS)
def test_every_manifest_is_what_kubernetes_takes(name: str, version: str) -> None:
    checked = [each for each in OVERLAYS[name] if each["kind"] not in OF_OTHERS]
    assert len(checked) > 10
    for document in checked:
        kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("name", OVERLAYS)
def test_everything_has_a_name_of_its_own_and_is_in_one_namespace(name: str) -> None:
    names = [(each["kind"], each["metadata"]["name"]) for each in OVERLAYS[name]]
    assert len(names) == len(set(names))
    assert {each["metadata"]["namespace"] for each in OVERLAYS[name]} == {"journeys"}


def test_every_file_is_part_of_an_installation() -> None:
    used = {str(each) for documents in OVERLAYS.values() for each in documents}
    for file in FOLDER.rglob("*.yaml"):
        if file.name != "kustomization.yaml":
            for document in read(file):
                assert any(f"'name': '{document['metadata']['name']}'" in each for each in used), file


@pytest.mark.parametrize("document", pod_specs(BASE), ids=lambda each: each[0]["metadata"]["name"])
def test_a_selector_finds_its_own_pods(document: tuple[Document, Document]) -> None:
    workload, template = document
    if workload["kind"] != "Job":  # whose selector is made
        assert workload["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"]
    for constraint in template["spec"].get("topologySpreadConstraints", ()):
        assert selects(constraint["labelSelector"]["matchLabels"], template["metadata"]["labels"])


def test_services_budgets_and_rules_of_the_network_are_about_pods_that_there_are() -> None:
    pods = [labels_of(workload) for workload, _ in pod_specs(BASE)]
    selectors = [each["spec"]["selector"] for each in every("Service")]
    selectors += [each["spec"]["selector"]["matchLabels"] for each in every("PodDisruptionBudget")]
    assert len(selectors) == 5
    for selector in selectors:
        assert sum(selects(selector, labels) for labels in pods) == 1
    for policy in every("NetworkPolicy"):
        asked = policy["spec"]["podSelector"]
        assert any(selects(asked["matchLabels"], labels) for labels in pods)
        for expression in asked.get("matchExpressions", ()):
            assert set(expression["values"]) <= {labels["app.kubernetes.io/component"] for labels in pods}


@pytest.mark.parametrize("name", OVERLAYS)
def test_one_pod_of_each_may_be_taken_away_and_where_there_are_several_the_others_stay(name: str) -> None:
    budgets = every("PodDisruptionBudget", OVERLAYS[name])
    assert {each["metadata"]["name"] for each in budgets} == {f"orchestrator-{process}" for process in ANSWERS_AT}
    for budget in budgets:
        assert budget["spec"]["maxUnavailable"] == 1
        assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


@pytest.mark.parametrize(("process", "port"), ANSWERS_AT.items())
def test_probes_ask_where_the_program_answers(process: str, port: str) -> None:
    (workload,) = [each for each, _ in pod_specs(BASE) if labels_of(each)["app.kubernetes.io/component"] == process]
    container = container_of(workload)
    assert container["args"] == [process]
    numbers = {each["name"]: str(each["containerPort"]) for each in container["ports"]}
    environment = environment_of(workload, BASE)
    assert numbers["telemetry"] == environment["ORCHESTRATOR_METRICS_PORT"]
    assert numbers.get("http") == environment.get("ORCHESTRATOR_API_PORT")
    paths = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    assert {each: container[each]["httpGet"] for each in paths} == {
        each: {"path": path, "port": port} for each, path in paths.items()
    }
    annotations = workload["spec"]["template"]["metadata"]["annotations"]
    assert annotations == {"prometheus.io/scrape": "true", "prometheus.io/port": numbers["telemetry"]}


def test_services_lead_to_ports_that_are_open() -> None:
    named = {port["name"] for container in containers(BASE) for port in container.get("ports", ())}
    assert {port["targetPort"] for each in every("Service") for port in each["spec"]["ports"]} <= named


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_variable_is_a_setting_with_a_value_it_can_have(name: str) -> None:
    for workload, _ in pod_specs(OVERLAYS[name]):
        environment = environment_of(workload, OVERLAYS[name])
        assert unknown(environment) == []
        given = {key.removeprefix("ORCHESTRATOR_").lower(): value for key, value in environment.items() if value}
        settings = {key: value for key, value in given.items() if key in Settings.model_fields}
        load_settings(**settings, kafka_password="from a file", slot="orchestrator-worker-11")


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_command_is_one_of_the_program(name: str) -> None:
    for container in containers(OVERLAYS[name]):
        found: Any = get_command(app)
        for word in container["args"]:
            found = found.commands[word]
        assert found.callback


@pytest.mark.parametrize("document", pod_specs(BASE), ids=lambda each: each[0]["metadata"]["name"])
def test_a_pod_has_no_rights_it_does_not_need(document: tuple[Document, Document]) -> None:
    pod = document[1]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] == USER
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    assert set(container["resources"]["limits"]) == {"memory"}


@pytest.mark.parametrize("document", pod_specs(BASE), ids=lambda each: each[0]["metadata"]["name"])
def test_a_service_beside_them_sets_nothing_up(document: tuple[Document, Document]) -> None:
    """Kubernetes would put ORCHESTRATOR_API_PORT=tcp://… into every pod, because of the Service orchestrator-api."""
    assert document[1]["spec"]["enableServiceLinks"] is False


def secrets_of(template: Document) -> set[str]:
    (volume,) = [each["projected"] for each in template["spec"]["volumes"] if "projected" in each]
    return {source["secret"]["name"] for source in volume["sources"]}


def test_workers_and_topics_are_not_given_what_only_the_others_need() -> None:
    given = {labels_of(workload)["app.kubernetes.io/component"]: secrets_of(pod) for workload, pod in pod_specs(BASE)}
    both = {"orchestrator-kafka", "orchestrator-postgres"}
    only_kafka = {"orchestrator-kafka"}
    assert given == {"worker": only_kafka, "topics": only_kafka, "sink": both, "api": both, "migrate": both}


def test_secrets_are_files_that_the_settings_are_read_from() -> None:
    folder = one(BASE, "ConfigMap", "orchestrator")["data"]["ORCHESTRATOR_SECRETS_DIR"]
    for container in containers(BASE):
        (mount,) = [each for each in container["volumeMounts"] if each["name"] == "secrets"]
        assert mount == {"name": "secrets", "mountPath": folder, "readOnly": True}


def test_a_worker_finds_its_slot_and_its_disk_again_and_has_time_to_end() -> None:
    worker = one(BASE, "StatefulSet", "orchestrator-worker")
    container = container_of(worker)
    assert container["env"] == [
        {"name": "ORCHESTRATOR_SLOT", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    ]
    places = {each["mountPath"] for each in container["volumeMounts"] if each["name"] == "state"}
    assert places == {composition.image_environment()["ORCHESTRATOR_DATA_DIR"]}
    assert [claim["metadata"]["name"] for claim in worker["spec"]["volumeClaimTemplates"]] == ["state"]
    assert one(BASE, "Service", worker["spec"]["serviceName"])["spec"]["clusterIP"] == "None"
    assert worker["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > STOP_S


def test_the_api_has_time_for_requests_under_way_after_nobody_is_sent_to_it_any_more() -> None:
    pod = one(BASE, "Deployment", "orchestrator-api")["spec"]["template"]["spec"]
    pause_s = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] > pause_s + GRACE_S


def test_a_change_of_the_settings_is_applied_with_what_prepares_a_release() -> None:
    first = [each for each in BASE if each["metadata"]["labels"].get("orchestrator/stage") == "prepare"]
    assert {each["kind"] for each in first} == {"ServiceAccount", "ConfigMap", "Job"}


def test_workers_follow_the_lag_of_the_events_up_to_one_for_each_partition() -> None:
    documents = OVERLAYS["production"]
    scaled = one(documents, "ScaledObject", "orchestrator-worker")["spec"]
    worker = one(documents, scaled["scaleTargetRef"]["kind"], scaled["scaleTargetRef"]["name"])
    assert "replicas" not in worker["spec"]
    (trigger,) = scaled["triggers"]
    assert trigger["metadata"]["topic"] == EVENTS
    assert trigger["metadata"]["consumerGroup"] == DEFAULT_GROUP == Settings.model_fields["group"].default
    settings = environment_of(worker, documents)
    assert trigger["metadata"]["bootstrapServers"] == settings["ORCHESTRATOR_KAFKA"]
    assert {"ORCHESTRATOR_GROUP", "ORCHESTRATOR_TOPIC_PREFIX", "ORCHESTRATOR_PARTITIONS"} & set(settings) == set()
    assert 1 <= scaled["minReplicaCount"] < scaled["maxReplicaCount"] == Catalog(load_settings()).customer_partitions
    assert all(re.fullmatch(r"\w[\w.:,-]*", value) for value in trigger["metadata"].values())  # all of them texts


def test_the_prometheus_operator_asks_every_process() -> None:
    monitor = one(OVERLAYS["production"], "PodMonitor", "orchestrator")["spec"]
    running = [each for each, _ in pod_specs(BASE) if each["kind"] != "Job"]
    assert all(selects(monitor["selector"]["matchLabels"], labels_of(each)) for each in running)
    (endpoint,) = monitor["podMetricsEndpoints"]
    assert all(endpoint["port"] in {port["name"] for port in container_of(each)["ports"]} for each in running)


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_pod_runs_the_image_of_this_version(name: str) -> None:
    images = {container["image"] for container in containers(OVERLAYS[name])}
    assert len(images) == 1
    assert images.pop().endswith(f"omnichannel-journey-orchestrator:{__version__}")
