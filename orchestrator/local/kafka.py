"""A Kafka broker without Docker: one KRaft node on the loopback address, its data in one folder.

Layout of the folder: ``data/`` (the log), ``server.properties`` (written at each start), ``kafka.log``.
"""

import shutil
import subprocess
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from string import Template
from uuid import uuid4

from orchestrator.errors import StackError
from orchestrator.kafka.clients import wait_for_broker
from orchestrator.local.jars import Progress, find_java, kafka_jars
from orchestrator.local.ports import LOOPBACK, free_ports, is_free
from orchestrator.local.process import ServerProcess, spawn, tail

TEMPLATE = Path(__file__).with_name("server.properties")
LOG_CONFIG = Path(__file__).with_name("log4j2.xml")
LOG = "kafka.log"
START_DEADLINE_S = 60.0
HEAP = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC")
# Formatting is over before a compiler for long-running code pays.
SHORT_RUN = ("-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


@dataclass(frozen=True, slots=True)
class KafkaServer:
    """A started broker: its process and its two ports (clients, controller)."""

    process: ServerProcess
    port: int
    controller_port: int

    @property
    def bootstrap(self) -> str:
        """The address for clients, ``host:port``."""
        return f"{LOOPBACK}:{self.port}"


def start_kafka(folder: Path, jars: Path, ports: tuple[int, int] | None, progress: Progress) -> KafkaServer:
    """Starts the broker on what the folder holds, formatting it first when it is new; does not wait until it answers.

    ``ports`` (clients, controller) of the last run are used again when they are free.

    Raises:
        StackError: when Java, Maven or the folder make it impossible.
    """
    java = find_java()
    classpath = str(kafka_jars(jars, progress).absolute() / "*")
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if ports is None or not all(is_free(port) for port in ports):
        first, second = free_ports(2)
        ports = first, second
    properties = folder / "server.properties"
    text = Template(TEMPLATE.read_text())
    properties.write_text(text.substitute(port=ports[0], controller_port=ports[1], log_dir=folder / "data"))
    if not (folder / "data" / "meta.properties").exists():
        _format(java, classpath, properties, folder / "data")
    progress(f"Starting Kafka on port {ports[0]}")
    command = [
        java,
        *HEAP,
        f"-Dlog4j2.configurationFile={LOG_CONFIG}",
        "-cp",
        classpath,
        "kafka.Kafka",
        str(properties),
    ]
    return KafkaServer(spawn(command, mark=str(properties), log=folder / LOG), *ports)


def await_kafka(server: KafkaServer, folder: Path) -> bool:
    """Waits until the broker answers requests for metadata; False when it ends instead.

    Raises:
        StackError: when it runs but does not answer in time; with the last lines of its log.
    """
    answers = wait_for_broker(server.bootstrap, START_DEADLINE_S, server.process.is_running)
    if not answers and server.process.is_running():
        raise StackError(
            f"waiting for Kafka on {server.bootstrap}: no answer within {START_DEADLINE_S:.0f} s; {kafka_log(folder)}"
        )
    return answers


def kafka_log(folder: Path) -> str:
    """The end of the broker's log, for an error message."""
    return tail(folder / LOG)


def _format(java: str, classpath: str, properties: Path, data: Path) -> None:
    """Writes the cluster id; a folder left by a format that was cut short holds nothing yet and is made anew."""
    shutil.rmtree(data, ignore_errors=True)
    command = [
        java, *SHORT_RUN, f"-Dlog4j2.configurationFile={LOG_CONFIG}", "-cp", classpath, "kafka.tools.StorageTool",
        "format", "-t", _cluster_id(), "-c", str(properties),
    ]  # fmt: skip
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise StackError(f"formatting {data}: {(answer.stderr or answer.stdout).strip()[-1_000:]}")


def _cluster_id() -> str:
    """A random id in the form Kafka wants: 16 bytes in URL-safe base64 without padding, not starting with a dash."""
    return urlsafe_b64encode(uuid4().bytes).decode().rstrip("=").replace("-", "x")
