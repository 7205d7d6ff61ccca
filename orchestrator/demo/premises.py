"""Where the demo lives: a folder of its own under the data folder, emptied at each start, with a stack of its own."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from orchestrator.demo.processes import stop_leftovers
from orchestrator.local.ports import free_ports
from orchestrator.local.stack import Stack, down
from orchestrator.local.state import read_state
from orchestrator.settings import Settings, load_settings

PARTITIONS = 4
GROUP = "demo"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the demo's processes listen."""

    api: int
    worker_metrics: int
    sink_metrics: int


def clear(folder: Path) -> bool:
    """Stops an earlier demo in this folder and removes all it left, so that this one starts from nothing.

    Returns whether anything was still running. The broker's jars are kept elsewhere.

    Raises:
        StackError: something of it cannot be stopped.
    """
    was_running = stop_leftovers(folder)
    down(folder)
    if folder.exists():
        postgres = read_state(folder).postgres
        if postgres is not None and postgres.folder.exists():
            shutil.rmtree(postgres.folder)  # it may lie elsewhere: see local.postgres.place_for
        shutil.rmtree(folder)
    # The database's own user must be able to pass through.
    folder.mkdir(parents=True)
    return was_running


def choose_ports(wanted: int) -> Ports:
    """Free ports; the API's is the one wanted, unless that is 0."""
    api, worker_metrics, sink_metrics = free_ports(3)
    return Ports(wanted or api, worker_metrics, sink_metrics)


def settings_for(stack: Stack, folder: Path, ports: Ports) -> Settings:
    """The settings of everything in the demo; what the environment says about an installation does not matter here."""
    return load_settings(
        kafka=stack.kafka,
        postgres=stack.postgres,
        data_dir=folder / "workers",
        slot="worker-0",
        group=GROUP,
        sink_group=f"{GROUP}-sink",
        time="stream",
        topics_dir=None,
        topic_prefix="",
        replicas=1,
        partitions=PARTITIONS,
        metrics_port=0,
        api_host="127.0.0.1",
        api_port=ports.api,
        log_format="text",
        log_level="WARNING",
    )


def environment_for(settings: Settings, metrics_port: int = 0) -> dict[str, str]:
    """The same settings for a process of the demo."""
    return {
        "ORCHESTRATOR_KAFKA": settings.kafka,
        "ORCHESTRATOR_POSTGRES": settings.postgres.get_secret_value(),
        "ORCHESTRATOR_DATA_DIR": str(settings.data_dir),
        "ORCHESTRATOR_SLOT": settings.slot,
        "ORCHESTRATOR_GROUP": settings.group,
        "ORCHESTRATOR_SINK_GROUP": settings.sink_group,
        "ORCHESTRATOR_TIME": settings.time,
        "ORCHESTRATOR_REPLICAS": str(settings.replicas),
        "ORCHESTRATOR_PARTITIONS": str(settings.partitions),
        "ORCHESTRATOR_METRICS_PORT": str(metrics_port),
        "ORCHESTRATOR_API_HOST": settings.api_host,
        "ORCHESTRATOR_API_PORT": str(settings.api_port),
        "ORCHESTRATOR_LOG_FORMAT": settings.log_format,
        "ORCHESTRATOR_LOG_LEVEL": "INFO",
    }
