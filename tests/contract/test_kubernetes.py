"""deploy/kubernetes: each rendered manifest is one that Kubernetes takes, and says what the program does."""

import re
from typing import Any

import kubernetes_validate
import pytest
from typer.main import get_command

from orchestrator import __version__
from orchestrator.adapters.loop import STOP_PATIENCE_S
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
COMMANDS_OF_EMAIL = Catalog(load_settings()).commands("email")
VERSIONS = ("1.32", "1.34", "1.37")
BASE = rendered(FOLDER / "base")
EVERYTHING = OVERLAYS["production"]  # the base with every component
PODS = pod_specs(EVERYTHING)
# Where each process answers: the port that its probes ask.
ANSWERS_AT = {"worker": "telemetry", "sink": "telemetry", "api": "http", "email": "telemetry"}
ARGUMENTS = {"email": ["adapter", "smtp", "--channel", "email"]}  # of the others: the process


def every(kind: str, documents: list[Document] = EVERYTHING) -> list[Document]:
    return [each for each in documents if each["kind"] == kind]


def template_of(document: Document) -> Document:
    ((_, found),) = pod_specs([document])
    return found


def labels_of(document: Document) -> dict[str, str]:
    found: dict[str, str] = template_of(document)["metadata"]["labels"]
    return found


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()


def container_of(document: Document) -> dict[str, Any]:
    (found,) = template_of(document)["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def environment_of(document: Document, documents: list[Document]) -> dict[str, Any]:
    container = container_of(document)
    found: dict[str, Any] = {}
    for source in container.get("envFrom", ()):
        found |= one(documents, "ConfigMap", source["configMapRef"]["name"])["data"]
    return found | {each["name"]: each.get("value") for each in container.get("env", ())}


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


@pytest.mark.parametrize("document", PODS, ids=lambda each: each[0]["metadata"]["name"])
def test_a_selector_finds_its_own_pods(document: tuple[Document, Document]) -> None:
    workload, template = document
    if workload["kind"] not in ("Job", "CronJob"):  # whose selector is made
        assert workload["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"]
    for constraint in template["spec"].get("topologySpreadConstraints", ()):
        assert selects(constraint["labelSelector"]["matchLabels"], template["metadata"]["labels"])


def test_services_budgets_and_rules_of_the_network_are_about_pods_that_there_are() -> None:
    pods = [labels_of(workload) for workload, _ in PODS]
    selectors = [each["spec"]["selector"] for each in every("Service")]
    selectors += [each["spec"]["selector"]["matchLabels"] for each in every("PodDisruptionBudget")]
    assert len(selectors) == 6
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
    lasting = [each for each, _ in pod_specs(OVERLAYS[name]) if each["kind"] in ("Deployment", "StatefulSet")]
    assert {each["metadata"]["name"] for each in budgets} == {each["metadata"]["name"] for each in lasting}
    for budget in budgets:
        assert budget["spec"]["maxUnavailable"] == 1
        assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


@pytest.mark.parametrize(("process", "port"), ANSWERS_AT.items())
def test_probes_ask_where_the_program_answers(process: str, port: str) -> None:
    (workload,) = [each for each, _ in PODS if labels_of(each)["app.kubernetes.io/component"] == process]
    container = container_of(workload)
    assert container["args"] == ARGUMENTS.get(process, [process])
    numbers = {each["name"]: str(each["containerPort"]) for each in container["ports"]}
    environment = environment_of(workload, EVERYTHING)
    assert numbers["telemetry"] == environment["ORCHESTRATOR_METRICS_PORT"]
    assert numbers.get("http") == environment.get("ORCHESTRATOR_API_PORT")
    paths = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    assert {each: container[each]["httpGet"] for each in paths} == {
        each: {"path": path, "port": port} for each, path in paths.items()
    }
    annotations = workload["spec"]["template"]["metadata"]["annotations"]
    assert annotations == {"prometheus.io/scrape": "true", "prometheus.io/port": numbers["telemetry"]}


def test_services_lead_to_ports_that_are_open() -> None:
    named = {port["name"] for container in containers(EVERYTHING) for port in container.get("ports", ())}
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
        words = list(container["args"])
        while hasattr(found, "commands"):
            found = found.commands[words.pop(0)]
        found.make_context(found.name, words)  # refuses an option that there is not, or a value it cannot have


@pytest.mark.parametrize("document", PODS, ids=lambda each: each[0]["metadata"]["name"])
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


@pytest.mark.parametrize("document", PODS, ids=lambda each: each[0]["metadata"]["name"])
def test_a_service_beside_them_sets_nothing_up(document: tuple[Document, Document]) -> None:
    """Kubernetes would put ORCHESTRATOR_API_PORT=tcp://… into every pod, because of the Service orchestrator-api."""
    assert document[1]["spec"]["enableServiceLinks"] is False


def secrets_of(template: Document) -> set[str]:
    (volume,) = [each["projected"] for each in template["spec"]["volumes"] if "projected" in each]
    return {source["secret"]["name"] for source in volume["sources"]}


def test_a_pod_is_not_given_what_only_others_need() -> None:
    given = {labels_of(workload)["app.kubernetes.io/component"]: secrets_of(pod) for workload, pod in PODS}
    both = {"orchestrator-kafka", "orchestrator-postgres"}
    only_kafka = {"orchestrator-kafka"}
    assert given == {
        **{"worker": only_kafka, "topics": only_kafka, "sink": both, "api": both, "migrate": both},
        "email": {"orchestrator-kafka", "orchestrator-smtp"},
        "daily-export": {"orchestrator-export"},
    }


def test_only_who_has_a_login_to_the_database_may_reach_it() -> None:
    with_login = {
        labels_of(workload)["app.kubernetes.io/component"]
        for workload, pod in PODS
        if secrets_of(pod) & {"orchestrator-postgres", "orchestrator-export"}
    }
    allowed = set()
    for policy in every("NetworkPolicy"):
        if {"port": 5432} in [port for rule in policy["spec"].get("egress", ()) for port in rule["ports"]]:
            asked = policy["spec"]["podSelector"]
            for workload, _ in PODS:
                labels = labels_of(workload)
                wanted = asked.get("matchExpressions", ())
                if selects(asked["matchLabels"], labels) and all(labels[e["key"]] in e["values"] for e in wanted):
                    allowed.add(labels["app.kubernetes.io/component"])
    assert allowed == with_login


def test_secrets_are_files_that_the_settings_are_read_from() -> None:
    for workload, _ in PODS:
        folder = environment_of(workload, EVERYTHING)["ORCHESTRATOR_SECRETS_DIR"]
        container = container_of(workload)
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


def test_an_adapter_finds_its_templates_and_has_time_for_what_is_on_its_way() -> None:
    adapter = one(EVERYTHING, "Deployment", "orchestrator-email")
    container = container_of(adapter)
    places = [each["mountPath"] for each in container["volumeMounts"] if each["name"] == "templates"]
    assert places == [environment_of(adapter, EVERYTHING)["ORCHESTRATOR_ADAPTER_TEMPLATES_DIR"]]
    assert template_of(adapter)["spec"]["terminationGracePeriodSeconds"] > STOP_PATIENCE_S
    smtp = int(environment_of(adapter, EVERYTHING)["ORCHESTRATOR_SMTP_PORT"])
    policy = one(EVERYTHING, "NetworkPolicy", "orchestrator-email")["spec"]
    assert {"port": smtp} in policy["egress"][0]["ports"]


def test_days_are_exported_by_one_run_at_a_time_to_a_volume_that_stays() -> None:
    job = one(EVERYTHING, "CronJob", "orchestrator-daily-export")
    assert (job["spec"]["concurrencyPolicy"], job["spec"]["timeZone"]) == ("Forbid", "Etc/UTC")
    container = container_of(job)
    folder = container["args"][container["args"].index("--output") + 1]
    (mount,) = [each for each in container["volumeMounts"] if each["mountPath"] == folder]
    (volume,) = [each for each in template_of(job)["spec"]["volumes"] if each["name"] == mount["name"]]
    assert one(EVERYTHING, "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])


def test_a_change_of_the_settings_is_applied_with_what_prepares_a_release() -> None:
    first = [each for each in BASE if each["metadata"]["labels"].get("orchestrator/stage") == "prepare"]
    assert {each["kind"] for each in first} == {"ServiceAccount", "ConfigMap", "Job"}


@pytest.mark.parametrize(
    ("name", "topic", "group"),
    [
        ("orchestrator-worker", EVENTS, DEFAULT_GROUP),
        ("orchestrator-email", COMMANDS_OF_EMAIL, f"{Settings.model_fields['adapter_group'].default}-email"),
    ],
)
def test_workers_and_adapters_follow_the_lag_of_their_input_up_to_one_for_each_partition(
    name: str, topic: str, group: str
) -> None:
    scaled = one(EVERYTHING, "ScaledObject", name)["spec"]
    workload = one(EVERYTHING, scaled["scaleTargetRef"]["kind"], scaled["scaleTargetRef"]["name"])
    assert "replicas" not in workload["spec"]
    (trigger,) = scaled["triggers"]
    assert trigger["metadata"]["topic"] == topic
    assert trigger["metadata"]["consumerGroup"] == group
    settings = environment_of(workload, EVERYTHING)
    assert trigger["metadata"]["bootstrapServers"] == settings["ORCHESTRATOR_KAFKA"]
    groups = {"ORCHESTRATOR_GROUP", "ORCHESTRATOR_ADAPTER_GROUP"}
    assert {*groups, "ORCHESTRATOR_TOPIC_PREFIX", "ORCHESTRATOR_PARTITIONS"} & set(settings) == set()
    partitions = Catalog(load_settings()).spec(topic).partitions
    assert 1 <= scaled["minReplicaCount"] < scaled["maxReplicaCount"] == partitions
    assert all(re.fullmatch(r"\w[\w.:,-]*", value) for value in trigger["metadata"].values())  # all of them texts


def test_the_prometheus_operator_asks_every_process() -> None:
    monitor = one(EVERYTHING, "PodMonitor", "orchestrator")["spec"]
    running = [each for each, _ in PODS if each["kind"] not in ("Job", "CronJob")]
    assert all(selects(monitor["selector"]["matchLabels"], labels_of(each)) for each in running)
    (endpoint,) = monitor["podMetricsEndpoints"]
    assert all(endpoint["port"] in {port["name"] for port in container_of(each)["ports"]} for each in running)


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_pod_runs_the_image_of_this_version(name: str) -> None:
    images = {container["image"] for container in containers(OVERLAYS[name])}
    assert len(images) == 1
    assert images.pop().endswith(f"omnichannel-journey-orchestrator:{__version__}")
