"""A stand-in for a Docker engine: the few calls that testcontainers makes, over a socket, with servers of this machine.

What an image makes of its environment is done by its published rules: the broker of the tests' jars runs under exactly
the properties that the image of Apache Kafka would write, PostgreSQL has the user, password and database asked for.
"""

import asyncio
import json
import re
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg

from orchestrator.local.jars import find_java, kafka_jars
from orchestrator.local.kafka import HEAP, LOG_CONFIG, SHORT_RUN
from orchestrator.local.ports import LOOPBACK, free_ports
from orchestrator.local.postgres import await_postgres, start_postgres
from orchestrator.local.postgres_binaries import find_binaries
from orchestrator.local.process import spawn
from tests.image_rules import kafka_properties
from tests.stack import JARS

API = "1.44"
CLUSTER_ID = "c3RhbmQtaW4tZW5naW5lLTE"
STDOUT = 1


@dataclass
class Made:
    """A container as it was asked for."""

    image: str
    environment: dict[str, str]
    ports: dict[str, str]  # on the host, by the container's
    stop: Callable[[], object] = lambda: None
    log: Path | None = None
    is_removed: bool = False


@dataclass
class Engine:
    """What was asked of it."""

    folder: Path
    pulled: list[str] = field(default_factory=list)
    containers: dict[str, Made] = field(default_factory=dict)
    commands: dict[str, int] = field(default_factory=dict)  # exit codes

    def create(self, asked: dict[str, Any]) -> str:
        environment = dict(pair.split("=", 1) for pair in asked["Env"])
        bound = asked["HostConfig"].get("PortBindings") or {}
        ports = {}
        for port in asked["ExposedPorts"]:
            wanted = next((each["HostPort"] for each in bound.get(port) or () if each["HostPort"]), "")
            ports[port] = wanted or str(free_ports(1)[0])
        id_ = f"{len(self.containers) + 1:064x}"
        self.containers[id_] = Made(asked["Image"], environment, ports)
        return id_

    def start(self, id_: str) -> None:
        made = self.containers[id_]
        folder = self.folder / id_[-4:]
        if made.image.startswith("apache/kafka:"):
            self._start_kafka(made, folder)
        else:
            self._start_postgres(made, folder)

    def _start_kafka(self, made: Made, folder: Path) -> None:
        folder.mkdir()
        (controller,) = free_ports(1)
        properties = {"log.dirs": str(folder / "data"), **kafka_properties(made.environment)}
        inside, outside = (made.environment["KAFKA_LISTENERS"].split(",")[0].rsplit(":", 1)[1], made.ports["9092/tcp"])
        properties["listeners"] = properties["listeners"].replace(f":{inside},", f":{outside},")
        lines = [f"{name}={value.replace(':9093', f':{controller}')}" for name, value in properties.items()]
        file = folder / "server.properties"
        file.write_text("\n".join(lines))
        classpath = str(kafka_jars(JARS, print).absolute() / "*")
        java = [find_java(), f"-Dlog4j2.configurationFile={LOG_CONFIG}", "-cp", classpath]
        format_ = [
            java[0],
            *SHORT_RUN,
            *java[1:],
            "kafka.tools.StorageTool",
            "format",
            "-t",
            CLUSTER_ID,
            "-c",
            str(file),
        ]
        subprocess.run(format_, check=True, capture_output=True)
        made.log = folder / "kafka.log"
        made.stop = spawn([java[0], *HEAP, *java[1:], "kafka.Kafka", str(file)], mark=str(file), log=made.log).stop

    def _start_postgres(self, made: Made, folder: Path) -> None:
        binaries = find_binaries(None)
        server = start_postgres(folder, binaries, int(made.ports["5432/tcp"]), False, print)
        assert await_postgres(server, binaries)
        made.ports["5432/tcp"] = str(server.port)
        made.stop, made.log = server.stop, server.folder / "postgres.log"
        asyncio.run(_prepare(server.dsn, made.environment))

    def run(self, id_: str, command: list[str]) -> str:
        """Only what is asked of PostgreSQL: whether it answers to this user."""
        made = self.containers[id_]
        user, database = re.search(r"--username (\S+) --dbname (\S+)", command[-1]).groups()  # type: ignore[union-attr]
        password = re.search(r"PGPASSWORD='([^']*)'", command[-1])[1]  # type: ignore[index]
        url = f"postgresql://{user}:{password}@{LOOPBACK}:{made.ports['5432/tcp']}/{database}"
        number = f"command-{len(self.commands)}"
        self.commands[number] = asyncio.run(_answers(url))
        return number

    def remove(self, id_: str) -> None:
        self.containers[id_].stop()
        self.containers[id_].is_removed = True

    def inspected(self, id_: str) -> dict[str, Any]:
        made = self.containers[id_]
        ports = {port: [{"HostIp": "0.0.0.0", "HostPort": host}] for port, host in made.ports.items()}
        return {
            "Id": id_,
            "Name": "/stand-in",
            "Image": made.image,
            "Config": {"Image": made.image, "Env": [f"{name}={value}" for name, value in made.environment.items()]},
            "State": {"Status": "running", "Running": True, "ExitCode": 0},
            "HostConfig": {"NetworkMode": "bridge"},
            "NetworkSettings": {"Ports": ports, "Networks": {"bridge": {"Gateway": LOOPBACK, "IPAddress": LOOPBACK}}},
        }


async def _prepare(superuser: str, environment: dict[str, str]) -> None:
    """As the image of PostgreSQL does at its first start."""
    user, database = environment["POSTGRES_USER"], environment["POSTGRES_DB"]
    connection = await asyncpg.connect(superuser)
    try:
        await connection.execute(
            f"create role \"{user}\" superuser login password '{environment['POSTGRES_PASSWORD']}'"
        )
        await connection.execute(f'create database "{database}" owner "{user}"')
    finally:
        await connection.close()


async def _answers(url: str) -> int:
    try:
        connection = await asyncpg.connect(url)
    except (OSError, asyncpg.PostgresError):
        return 1
    await connection.close()
    return 0


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    engine: Engine


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        return "a socket"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        url = urlsplit(self.path)
        path = re.sub(r"^/v[\d.]+", "", url.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = json.loads(body) if body.strip() else {}
        engine = self.server.engine
        match method, *path.strip("/").split("/"):
            case "GET", "_ping":
                self._send(200, b"OK", "text/plain")
            case "GET", "version":
                self._json({"ApiVersion": API, "MinAPIVersion": "1.24", "Version": "28.2.2", "Os": "linux"})
            case "GET", "networks":
                self._json([])
            case "POST", "images", "create":
                name = parse_qs(url.query)
                engine.pulled.append(f"{name['fromImage'][0]}:{name['tag'][0]}")
                self._json({"status": "Pull complete"})
            case "GET", "images", *name, "json":
                image = "/".join(name)
                is_there = image in engine.pulled
                self._json({"Id": image, "RepoTags": [image], "message": "No such image"}, 200 if is_there else 404)
            case "POST", "containers", "create":
                is_there = asked["Image"] in engine.pulled
                answer = {"Id": engine.create(asked)} if is_there else {"message": f"No such image: {asked['Image']}"}
                self._json(answer, 201 if is_there else 404)
            case "POST", "containers", id_, "start":
                engine.start(id_)
                self._send(204)
            case "GET", "containers", "json":
                self._json([engine.inspected(id_) for id_ in engine.containers])
            case "GET", "containers", id_, "json":
                self._json(engine.inspected(id_))
            case "GET", "containers", id_, "logs":
                log = engine.containers[id_].log
                self._send(200, _frame(log.read_bytes() if log else b""), "application/vnd.docker.multiplexed-stream")
            case "POST", "containers", id_, "exec":
                self._json({"Id": engine.run(id_, asked["Cmd"])}, 201)
            case "POST", "exec", _, "start":
                self.close_connection = True  # its output is read from the bare connection, to the end
                self._send(200, _frame(b"done\n"), "application/vnd.docker.multiplexed-stream")
            case "GET", "exec", number, "json":
                self._json({"ID": number, "Running": False, "ExitCode": engine.commands[number]})
            case "DELETE", "containers", id_:
                engine.remove(id_)
                self._send(204)
            case _:
                self._json({"message": f"the stand-in does not know {method} {path}"}, 501)

    def _json(self, document: object, status: int = 200) -> None:
        self._send(status, json.dumps(document).encode(), "application/json")

    def _send(self, status: int, body: bytes = b"", kind: str = "") -> None:
        self.send_response(status)
        self.send_header("Api-Version", API)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def _frame(output: bytes) -> bytes:
    """As the engine sends output: which stream, how much, and it."""
    return struct.pack(">BxxxL", STDOUT, len(output)) + output


@contextmanager
def engine(folder: Path) -> Iterator[tuple[str, Engine]]:
    """A running one with its address; what it has started is stopped at the end of the block."""
    made = Engine(folder)
    with _Server(str(folder / "docker.sock"), _Handler) as server:
        server.engine = made
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"unix://{folder / 'docker.sock'}", made
        finally:
            server.shutdown()
            thread.join()
            for id_, container in made.containers.items():
                if not container.is_removed:
                    made.remove(id_)
