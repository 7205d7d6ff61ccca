"""The parts of docker-compose.yml, run: each service of ours as a process with exactly what the file gives it.

There is no Docker engine here. The broker is that of the tests' jars under the file's own configuration; addresses
are replaced by those of the test, nothing else is.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from orchestrator.kafka.clients import wait_for_broker
from orchestrator.local.jars import find_java, kafka_jars
from orchestrator.local.kafka import HEAP, LOG_CONFIG, SHORT_RUN
from orchestrator.local.ports import LOOPBACK, free_ports
from orchestrator.local.process import spawn, tail
from orchestrator.settings import load_settings
from tests import composition
from tests.adapter_process import a_command, answered, command, times_written
from tests.composition import Service
from tests.container import Container
from tests.image_rules import kafka_properties
from tests.kustomization import containers, one, overlay
from tests.mail_server import Mailbox, serving
from tests.stack import JARS
from tests.worker_process import ROOT

pytestmark = pytest.mark.integration

PASSWORD = "chosen"
SERVICES = composition.services({"POSTGRES_PASSWORD": PASSWORD})
OURS = [
    (name, each) for name, each in composition.in_order(SERVICES) if composition.is_ours(each) and "command" in each
]
START_S = 120.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker under the configuration that the image makes of the service's environment; its address for clients."""
    folder = tmp_path_factory.mktemp("kafka")
    given = SERVICES["kafka"]["environment"]
    ports = dict(zip(("19092", "9092", "29093"), map(str, free_ports(3)), strict=True))
    properties = folder / "server.properties"
    lines = []
    for name, value in kafka_properties(given).items():
        for port, free in ports.items():
            value = value.replace(f":{port}", f":{free}")
        value = value.replace("kafka:", f"{LOOPBACK}:").replace("localhost:", f"{LOOPBACK}:")
        lines.append(f"{name}={value.replace(given['KAFKA_LOG_DIRS'], str(folder / 'data'))}")
    properties.write_text("\n".join(lines))
    java = [find_java(), *SHORT_RUN, f"-Dlog4j2.configurationFile={LOG_CONFIG}"]
    java += ["-cp", str(kafka_jars(JARS, print).absolute() / "*")]
    format_ = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={given['CLUSTER_ID']}", "-c", str(properties)]
    subprocess.run(format_, check=True, capture_output=True)
    run = [java[0], *HEAP, *java[1 + len(SHORT_RUN) :], "kafka.Kafka", str(properties)]
    server = spawn(run, mark=str(properties), log=folder / "kafka.log")
    try:
        address = f"{LOOPBACK}:{ports['19092']}"
        assert wait_for_broker(address, START_S, server.is_running), tail(folder / "kafka.log", 40)
        yield address
    finally:
        server.stop()


class Composition:
    """The services of ours as processes."""

    def __init__(self, folder: Path, kafka: str, postgres: str) -> None:
        self._folder, self._kafka, self._postgres = folder, kafka, postgres
        self._ports: dict[tuple[str, str], str] = {}

    def environment(self, name: str, service: Service) -> dict[str, str]:
        """Exactly what the container gets, with the addresses of the test."""
        given = {**composition.image_environment(), **service["environment"]}
        for variable in ("ORCHESTRATOR_METRICS_PORT", "ORCHESTRATOR_API_PORT"):
            if variable in given:
                self._ports[name, given[variable]] = given[variable] = str(free_ports(1)[0])
        theirs = f"postgresql://orchestrator:{PASSWORD}@postgres:5432/orchestrator"
        addresses = {SERVICES["topics"]["environment"]["ORCHESTRATOR_KAFKA"]: self._kafka, theirs: self._postgres}
        addresses |= {place: source for place, source in composition.mounted(service).items() if source[0] == "."}
        given = {variable: addresses.get(value, value) for variable, value in given.items()}
        return {"PATH": os.environ["PATH"], "HOME": given["ORCHESTRATOR_DATA_DIR"], **given}

    def start(self, name: str, service: Service) -> Container:
        """``ENTRYPOINT`` and ``command``, as the image's user with a root that cannot be written to."""
        environment = self.environment(name, service)
        place = environment["ORCHESTRATOR_DATA_DIR"]
        command = [sys.executable, "-m", "orchestrator", *service["command"]]
        return Container(command, environment, self._folder / name, place, self._folder / f"{name}.log", ROOT)

    def is_healthy(self, name: str, service: Service) -> bool:
        """The service's own check, at the port of the test."""
        kind, program, *arguments = service["healthcheck"]["test"]
        assert (kind, program) == ("CMD", "python")
        for (owner, port), free in self._ports.items():
            if owner == name:
                arguments = [each.replace(f":{port}/", f":{free}/") for each in arguments]
        return subprocess.run([sys.executable, *arguments], capture_output=True, check=False).returncode == 0


def becomes_healthy(running: Composition, name: str, service: Service, container: Container) -> None:
    deadline = time.monotonic() + START_S
    while not running.is_healthy(name, service):
        assert time.monotonic() < deadline, container.said()
        assert container.process.poll() is None, container.said()
        time.sleep(0.2)


def test_every_service_does_its_part_in_order_becomes_healthy_and_ends_in_order_when_told(
    broker: str, database: str, tmp_path: Path
) -> None:
    running = Composition(tmp_path, broker, database)
    with ExitStack() as stack:
        kept: dict[str, Container] = {}
        for name, service in OURS:
            container = running.start(name, service)
            stack.callback(container.kill)
            if "healthcheck" in service:
                becomes_healthy(running, name, service, container)
                kept[name] = container
            else:
                assert container.process.wait(START_S) == 0, container.said()
        assert list(kept) == ["worker-0", "worker-1", "sink", "api", "email"]
        answers_by_files(broker, tmp_path / "email")
        ended = {
            name: container.stop(composition.seconds(SERVICES[name]["stop_grace_period"]))
            for name, container in kept.items()
        }
        assert ended == dict.fromkeys(kept, 0), "\n".join(each.said() for each in kept.values())
        asyncio.run(answers_by_a_mail_server(running, broker, stack))
    days_are_exported(database, tmp_path)


def answers_by_files(kafka: str, folder: Path) -> None:
    """A command is written to the volume of the service, and a report says so."""
    settings = load_settings(kafka=kafka, replicas=1)
    asyncio.run(command(settings, [a_command(1, "email")]))
    asyncio.run(answered(settings, 1))
    assert list(times_written(folder)) == ["command-1"]


def days_are_exported(postgres: str, folder: Path) -> None:
    """The CronJob of deploy/kubernetes, which no composition has: its arguments with a login of the database alone."""
    (container,) = containers([one(overlay("production"), "CronJob", "orchestrator-daily-export")])
    place = composition.image_environment()["ORCHESTRATOR_DATA_DIR"]
    volume = folder / "exports"
    volume.mkdir()
    (volume / "ORCHESTRATOR_POSTGRES").write_text(postgres)
    assert [each["name"] for each in container["env"]] == ["ORCHESTRATOR_SECRETS_DIR"]
    words = [place if each == "/exports" else each for each in container["args"]]
    environment = {"PATH": os.environ["PATH"], "ORCHESTRATOR_SECRETS_DIR": place}
    program = [sys.executable, "-m", "orchestrator", *words]
    run = Container(program, environment, volume, place, folder / "exports.log", ROOT)
    assert run.process.wait(START_S) == 0, run.said()
    assert (volume / "_manifest.json").exists()


async def answers_by_a_mail_server(running: Composition, kafka: str, stack: ExitStack) -> None:
    """The same service with the variables that name a mail server takes over, and sends what is new."""
    settings = load_settings(kafka=kafka, replicas=1)
    mailbox = Mailbox()
    async with serving(mailbox) as port:
        chosen = {"POSTGRES_PASSWORD": PASSWORD, "EMAIL_ADAPTER": "smtp", "EMAIL_TEMPLATES": "./deploy/templates"}
        chosen |= {"SMTP_HOST": LOOPBACK, "SMTP_PORT": str(port), "SMTP_SECURITY": "none"}
        service = composition.services({**chosen, "SMTP_FROM": "Shop <news@shop.example>"})["email"]
        container = running.start("email", service)
        stack.callback(container.kill)
        await asyncio.to_thread(becomes_healthy, running, "email", service, container)
        mail = a_command(2, "email", template="conformance", variables={"email": "ana@example.org"})
        await command(settings, [mail])
        await answered(settings, 2)
        assert [recipients for _, recipients in mailbox.envelopes] == [["ana@example.org"]]
        assert await asyncio.to_thread(container.stop, composition.seconds(service["stop_grace_period"])) == 0


async def test_the_broker_takes_every_property_and_creates_no_topic_by_itself(broker: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        found = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.BROKER, SERVICES["kafka"]["environment"]["KAFKA_NODE_ID"])]
        )
    finally:
        await admin.close()
    in_force = {entry[0]: entry[1] for response in found for resource in response.resources for entry in resource[4]}
    wanted = {
        name: value
        for name, value in kafka_properties(SERVICES["kafka"]["environment"]).items()
        if "listeners" not in name and name not in ("controller.quorum.voters", "log.dirs")
    }
    assert {name: in_force.get(name) for name in wanted} == wanted


def test_a_process_in_it_is_nobody_can_write_nowhere_else_and_ends_when_told_while_it_is_still_loading(
    tmp_path: Path,
) -> None:
    """Process 1 of a container gets no signal that it does not take itself."""
    probe = (
        "import os\n"
        "for place in ('/', '/tmp', os.getcwd(), '/usr'):\n"
        "    try: open(os.path.join(place, 'probe'), 'w')\n"
        "    except OSError as error: print(place, error.strerror)\n"
        "open('/var/lib/orchestrator/probe', 'w').close()\n"
        "print(os.getuid(), os.getpid(), [line for line in open('/proc/self/status') if line.startswith('CapEff')])\n"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
    log = tmp_path / "log"
    python = Container([sys.executable, "-c", probe], environment, tmp_path / "a", "/var/lib/orchestrator", log, ROOT)
    assert python.process.wait(START_S) == 0, python.said()
    assert python.said().count("Read-only file system") == 4
    assert f"10001 1 ['CapEff:\\t{0:016x}\\n']" in python.said()
    assert (tmp_path / "a" / "probe").exists()

    nobody = {**environment, "ORCHESTRATOR_KAFKA": "127.0.0.1:1", "ORCHESTRATOR_LOG_FORMAT": "text"}
    command = [sys.executable, "-m", "orchestrator", "topics", "apply"]
    waiting = Container(command, nobody, tmp_path / "b", "/var/lib/orchestrator", tmp_path / "waiting", ROOT)
    deadline = time.monotonic() + START_S
    while "does not answer" not in waiting.said():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert waiting.stop(10) == 143
