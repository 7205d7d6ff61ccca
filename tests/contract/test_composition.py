"""docker-compose.yml keeps the rules of the house: pinned, closed, limited, and its parts fit each other."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from orchestrator import __version__
from orchestrator.adapters.loop import STOP_PATIENCE_S
from orchestrator.adapters.templates import read_templates
from orchestrator.api.app import GRACE_S
from orchestrator.configuration.variables import unknown
from orchestrator.local.jars import POM
from orchestrator.streams.app import STOP_S
from tests import composition, stack
from tests.composition import Service

SERVICES = composition.services({"POSTGRES_PASSWORD": "x"})
RAW = composition.raw()
OURS = {name: each for name, each in SERVICES.items() if composition.is_ours(each)}
RUNNING = {name: each for name, each in OURS.items() if "healthcheck" in each}
SECRET = re.compile("PASSWORD|SECRET|TOKEN|SEALING")
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+(\.\d+)?")


def yaml_of(path: str) -> Any:
    return YAML(typ="safe").load(Path(path).read_text(encoding="utf-8"))


def test_every_image_is_pinned_and_the_broker_and_the_database_are_those_of_the_tests() -> None:
    assert [each["image"] for each in SERVICES.values() if not PINNED.fullmatch(each["image"])] == []
    assert SERVICES["kafka"]["image"] == stack.KAFKA_IMAGE
    assert SERVICES["postgres"]["image"] == stack.POSTGRES_IMAGE
    assert f"<version>{stack.KAFKA_IMAGE.partition(':')[2]}</version>" in POM.read_text()
    assert {each["image"].partition(":")[2] for each in OURS.values()} == {__version__}


def test_no_secret_has_a_value_that_nobody_chose() -> None:
    """Asked for, or empty: then what needs it does not work and says so."""
    with pytest.raises(KeyError, match="POSTGRES_PASSWORD"):
        composition.services({})
    for service in RAW["services"].values():
        for name, value in service.get("environment", {}).items():
            if SECRET.search(name) or "PASSWORD" in str(value):
                assert re.search(r"\$\{\w+:\?[^}]+\}", value) or re.fullmatch(r"\$\{\w+:-\}", value), name
    assert SERVICES["grafana"]["environment"]["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"


def test_workers_and_adapters_are_not_given_what_only_the_others_need() -> None:
    for name in ("worker-0", "worker-1", "topics", "email"):
        assert {"ORCHESTRATOR_POSTGRES", "ORCHESTRATOR_SEALING_KEYS"} & set(OURS[name]["environment"]) == set()


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting(name: str) -> None:
    assert unknown([*OURS[name]["environment"], *composition.image_environment()]) == []


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_has_no_rights_it_does_not_need(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["pids_limit"] > 0


def test_nothing_is_reachable_from_another_machine() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_each_worker_has_a_slot_and_a_disk_of_its_own() -> None:
    workers = [each for each in OURS.values() if each.get("command") == ["worker"]]
    folder = composition.image_environment()["ORCHESTRATOR_DATA_DIR"]
    assert len({each["environment"]["ORCHESTRATOR_SLOT"] for each in workers}) == len(workers) == 2
    assert len({composition.mounted(each)[folder] for each in workers}) == 2


@pytest.mark.parametrize(
    ("name", "longest_s"),
    [("worker-0", STOP_S), ("worker-1", STOP_S), ("api", GRACE_S), ("email", STOP_PATIENCE_S)],
)
def test_a_process_is_given_longer_to_end_than_it_gives_itself(name: str, longest_s: float) -> None:
    assert composition.seconds(RUNNING[name]["stop_grace_period"]) > longest_s


def test_no_service_can_fill_the_memory_or_the_disk_of_the_machine() -> None:
    for service in SERVICES.values():
        assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
        assert {"max-size", "max-file"} <= set(service["logging"]["options"])


def test_what_keeps_data_is_given_time_to_write_it_down() -> None:
    """Ten seconds, which is what Docker gives, are too few for a broker with partitions or a checkpoint."""
    for name in ("kafka", "postgres"):
        assert composition.seconds(SERVICES[name]["stop_grace_period"]) >= 60


def test_without_its_profile_nothing_pretends_to_send_and_with_it_messages_go_to_files_at_first() -> None:
    assert SERVICES["email"]["profiles"] == ["email"]
    assert SERVICES["email"]["command"] == ["adapter", "file", "--channel", "email"]
    chosen = {"POSTGRES_PASSWORD": "x", "EMAIL_ADAPTER": "smtp", "EMAIL_TEMPLATES": "./mine"}
    service = composition.services(chosen)["email"]
    assert service["command"] == ["adapter", "smtp", "--channel", "email"]
    place = service["environment"]["ORCHESTRATOR_ADAPTER_TEMPLATES_DIR"]
    assert composition.mounted(service)[place] == "./mine"


def test_the_templates_that_are_shipped_can_be_used() -> None:
    found = read_templates(Path("deploy/templates"))
    assert found.problems == []
    assert {"cart-reminder", "conformance"} <= set(found.templates)


@pytest.mark.parametrize("name", RUNNING)
def test_a_health_check_asks_the_port_that_the_settings_open(name: str) -> None:
    variable = "ORCHESTRATOR_API_PORT" if name == "api" else "ORCHESTRATOR_METRICS_PORT"
    assert f":{RUNNING[name]['environment'][variable]}/readyz" in RUNNING[name]["healthcheck"]["test"][-1]


def test_what_is_kept_lies_in_a_volume() -> None:
    kafka = SERVICES["kafka"]
    assert kafka["environment"]["KAFKA_LOG_DIRS"] in composition.mounted(kafka)
    named = {source for each in SERVICES.values() for source in composition.mounted(each).values() if source[0] != "."}
    assert named == set(RAW["volumes"])


def test_what_is_mounted_from_the_repository_is_there_and_cannot_be_written_to() -> None:
    for service in SERVICES.values():
        for each in service.get("volumes", ()):
            if each.startswith("."):
                assert Path(each.split(":")[0]).is_dir()
                assert each.endswith(":ro")


def test_prometheus_asks_every_process_and_grafana_finds_prometheus_and_the_dashboards() -> None:
    jobs = yaml_of("deploy/prometheus/prometheus.yml")["scrape_configs"]
    asked = {target for job in jobs for each in job["static_configs"] for target in each["targets"]}
    by_name = [each for job in jobs for each in job["dns_sd_configs"]]
    asked |= {f"{name}:{each['port']}" for each in by_name for name in each["names"]}
    assert asked >= {f"{name}:{each['environment']['ORCHESTRATOR_METRICS_PORT']}" for name, each in RUNNING.items()}
    grafana = composition.mounted(SERVICES["grafana"])
    (provider,) = yaml_of("deploy/grafana/provisioning/dashboards/orchestrator.yml")["providers"]
    assert list(Path(grafana[provider["options"]["path"]]).glob("*.json"))
    (source,) = yaml_of("deploy/grafana/provisioning/datasources/prometheus.yml")["datasources"]
    host, port = source["url"].removeprefix("http://").split(":")
    assert f"127.0.0.1:{port}:{port}" in SERVICES[host]["ports"]


def test_the_image_has_the_version_of_the_program_and_a_python_that_it_supports() -> None:
    text = composition.DOCKERFILE.read_text()
    assert f'org.opencontainers.image.version="{__version__}"' in text
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    (minor,) = re.findall(r"^ARG PYTHON=3\.(\d+)\.\d+-slim-\w+$", text, re.MULTILINE)
    least, below = map(int, re.findall(r"3\.(\d+)", project["requires-python"]))
    assert least <= int(minor) < below


def test_the_image_is_made_of_nothing_that_docker_is_not_given() -> None:
    given = {line[1:] for line in Path(".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", composition.DOCKERFILE.read_text(), re.MULTILINE)
    assert {name for line in copied for name in line.split()} <= given


def depends_on(service: Service) -> dict[str, str]:
    return {name: each["condition"] for name, each in service.get("depends_on", {}).items()}


def test_who_writes_to_a_server_waits_for_what_prepares_it() -> None:
    done = "service_completed_successfully"
    for name in RUNNING:
        has_tables = "ORCHESTRATOR_POSTGRES" in OURS[name]["environment"]
        wanted = {"topics": done, "migrate": done} if has_tables else {"topics": done}
        assert depends_on(OURS[name]) == wanted
    assert depends_on(OURS["topics"]) == {"kafka": "service_healthy"}
    assert depends_on(OURS["migrate"]) == {"postgres": "service_healthy"}
