"""What a person types before the first start, on a real Kafka and a real PostgreSQL."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestrator.settings import Settings
from orchestrator.store.keys import digest_of, find_key
from orchestrator.store.pool import open_pool
from tests.command_line import run_command
from tests.worker_process import unconfigured

pytestmark = pytest.mark.integration

WAITING = re.compile("does not answer.*trying again")


def orchestrator(settings: Settings, *arguments: str, partitions: int = 2) -> tuple[int, str]:
    environment = {
        **unconfigured(),
        "ORCHESTRATOR_KAFKA": settings.kafka,
        "ORCHESTRATOR_POSTGRES": settings.postgres.get_secret_value(),
        "ORCHESTRATOR_GROUP": settings.group,
        "ORCHESTRATOR_TOPIC_PREFIX": settings.topic_prefix,
        "ORCHESTRATOR_DATA_DIR": str(settings.data_dir),
        "ORCHESTRATOR_REPLICAS": "1",
        "ORCHESTRATOR_PARTITIONS": str(partitions),
    }
    ended = run_command(arguments, environment, Path.cwd())
    return ended.code, ended.out + ended.err


def test_topics_are_planned_applied_once_and_then_as_declared(settings: Settings) -> None:
    code, said = orchestrator(settings, "topics", "plan")
    assert code == 1
    assert f"create {settings.topic_prefix}engagement.events.v1: 2 partitions, 1 replicas" in said
    assert orchestrator(settings, "topics", "apply")[0] == 0
    assert orchestrator(settings, "topics", "plan") == (0, "nothing to do: the cluster is as declared\n")


async def test_a_database_is_made_ready_and_a_key_is_printed_once(settings: Settings) -> None:
    code, said = orchestrator(settings, "db", "migrate")
    assert code == 0
    assert "applied 0001_initial" in said
    assert orchestrator(settings, "db", "migrate")[1] == "nothing to do: the tables are up to date\n"

    code, key = orchestrator(settings, "keys", "create", "acme", "--role", "viewer")
    assert code == 0
    pool = await open_pool(settings)
    try:
        holder = await find_key(pool, digest_of(key.strip()))
    finally:
        await pool.close()
    assert holder is not None
    assert (holder.workspace_id, holder.role) == ("acme", "viewer")


async def test_a_check_says_what_is_missing_and_how_to_mend_it_and_leaves_nothing_behind(settings: Settings) -> None:
    code, said = orchestrator(settings, "config", "check")
    assert code == 1
    assert "ok: Kafka: 1 broker at" in said
    assert re.search(r"not ok: topics: create .* and \d+ more; run `orchestrator topics apply`", said)
    assert re.search(r"not ok: tables: \d+ migrations are missing, from 0001_initial.sql on; run", said)
    assert "transactions" not in said  # there is no topic to try one in
    orchestrator(settings, "topics", "apply")
    orchestrator(settings, "db", "migrate")

    code, said = orchestrator(settings, "config", "check", "--json")
    document = json.loads(said)
    assert (code, document["ok"]) == (0, True)
    tried = ["variables", "settings", "files", "data folder", "outgoing hosts"]
    tried += ["Kafka", "topics", "transactions", "clock of the broker", "sealing keys"]
    assert [each["what"] for each in document["findings"]] == [*tried, "PostgreSQL", "clock of PostgreSQL", "tables"]
    assert "no dead letters" in orchestrator(settings, "dead-letters", "list")[1]


def test_a_workspace_that_is_no_workspace_is_refused_in_one_line(settings: Settings) -> None:
    code, said = orchestrator(settings, "keys", "create", "no workspace")
    assert code == 2
    assert said.startswith("orchestrator: creating an API key: the workspace id is 'no workspace'")
    assert said.count("\n") == 1


def test_a_command_started_from_nothing_says_what_one_says_whose_program_was_loaded_before(settings: Settings) -> None:
    words = ("journeys", "check", "no such file.json")
    program = Path(sys.executable).with_name("orchestrator")
    done = subprocess.run([program, *words], env=unconfigured(), capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout + done.stderr) == orchestrator(settings, *words)


@pytest.mark.parametrize("process", ["worker", "sink", "api"])
def test_a_process_waits_for_what_is_away_in_clear_lines_and_stops_when_asked(process: str, tmp_path: Path) -> None:
    environment = {
        **unconfigured(),
        "ORCHESTRATOR_KAFKA": "127.0.0.1:1",
        "ORCHESTRATOR_POSTGRES": "postgresql://nobody@127.0.0.1:1/nothing",
        "ORCHESTRATOR_API_PORT": "0",
    }
    log = tmp_path / "log"
    with log.open("wb") as output:
        running = subprocess.Popen(
            [sys.executable, "-m", "orchestrator", process], env=environment, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + 60
        while not WAITING.search(log.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0
    finally:
        running.kill()
    said = log.read_text()
    assert WAITING.search(said)
    assert "Traceback" not in said
