"""Kafka nodes of a test's own, to be killed, halted and cut off: one or several, and a proxy in front of each.

A node has two listeners. Test code uses the direct one; workers are given the one behind the proxy, so that their
connections can be cut, stalled or slowed down without anything else noticing.
"""

import asyncio
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from orchestrator.kafka.clients import closing, open_admin, wait_for_broker
from orchestrator.local.jars import find_java, kafka_jars
from orchestrator.local.kafka import HEAP, LOG_CONFIG, SHORT_RUN
from orchestrator.local.ports import LOOPBACK, free_ports
from orchestrator.local.process import ServerProcess, spawn, tail
from orchestrator.settings import Settings
from tests.stack import JARS

CLUSTER_ID = "Zm9yLXRlc3RzLW9mLWZhdWx0cw"
START_S = 90.0
MOST_COPIES = 3
CHUNK_BYTES = 64 * 1024

PROPERTIES = Template("""\
process.roles=broker,controller
node.id=${node}
controller.quorum.voters=${voters}
listeners=DIRECT://127.0.0.1:${direct},PROXIED://127.0.0.1:${proxied},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=DIRECT://127.0.0.1:${direct},PROXIED://127.0.0.1:${proxy}
controller.listener.names=CONTROLLER
listener.security.protocol.map=DIRECT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=DIRECT
log.dirs=${data}
auto.create.topics.enable=false
offsets.topic.replication.factor=${copies}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=${copies}
transaction.state.log.min.isr=${in_sync}
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=${copies}
share.coordinator.state.topic.min.isr=${in_sync}
share.coordinator.state.topic.num.partitions=1
min.insync.replicas=${in_sync}
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=6000
num.network.threads=2
num.io.threads=2
log.cleaner.dedupe.buffer.size=16777216
controlled.shutdown.enable=${hand_over}
replica.lag.time.max.ms=5000
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
${more}
""")


class Proxy:
    """Passes bytes on, in both directions, as long as it is told to."""

    def __init__(self, port: int, target_port: int) -> None:
        self.port = port
        self.delay_s = 0.0  # in front of every chunk, each way
        self._target_port = target_port
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begins to listen."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)

    async def stop(self) -> None:
        """Ends everything."""
        self.cut()
        self._open.set()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def cut(self) -> None:
        """Resets every connection there is; new ones are taken."""
        for writer in list(self._writers):
            writer.transport.abort()

    def unplug(self) -> None:
        """From now on nothing passes, and nobody is told: as when a cable is pulled."""
        self._open.clear()

    def plug_in(self) -> None:
        """What waited passes on."""
        self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection(LOOPBACK, self._target_port)
        except OSError:  # the broker is down: so is the way to it
            writer.transport.abort()
            return
        self._writers |= {writer, there_writer}
        try:
            await asyncio.gather(self._pass(reader, there_writer), self._pass(there_reader, writer))
        finally:
            self._writers -= {writer, there_writer}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(CHUNK_BYTES):
                await self._open.wait()
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                writer.write(chunk)
                await writer.drain()
        except OSError:
            pass  # one side is gone; so the other goes
        finally:
            writer.transport.abort()


@dataclass
class Node:
    """One broker and controller. Its data outlives its process."""

    number: int
    folder: Path
    direct: int
    proxied: int
    controller: int
    proxy: Proxy
    more: str = ""
    process: ServerProcess | None = field(default=None)

    @property
    def log(self) -> Path:
        return self.folder / "kafka.log"

    def start(self, voters: str, copies: int) -> None:
        """Starts the process; does not wait until it answers."""
        java, classpath = find_java(), str(kafka_jars(JARS, lambda line: None).absolute() / "*")
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = self.folder / "server.properties"
        values = {
            "node": self.number, "voters": voters, "direct": self.direct, "proxied": self.proxied,
            "controller": self.controller, "proxy": self.proxy.port, "data": self.folder / "data", "copies": copies,
            "in_sync": max(1, copies - 1), "hand_over": "true" if copies > 1 else "false", "more": self.more,
        }  # fmt: skip
        properties.write_text(PROPERTIES.substitute(values))
        run = [java, f"-Dlog4j2.configurationFile={LOG_CONFIG}", "-cp", classpath]
        if not (self.folder / "data" / "meta.properties").exists():
            shutil.rmtree(self.folder / "data", ignore_errors=True)
            format_ = [*run[:1], *SHORT_RUN, *run[1:], "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID]
            subprocess.run([*format_, "-c", str(properties)], check=True, capture_output=True)
        command = [*run[:1], *HEAP, *run[1:], "kafka.Kafka", str(properties)]
        self.process = spawn(command, mark=str(properties), log=self.log)

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the process; after SIGKILL waits until it is gone."""
        if self.process is None:
            raise AssertionError(f"node {self.number} was not started")
        if number is signal.SIGKILL:
            self.process.stop(signal.SIGKILL)
        else:
            subprocess.run(["kill", f"-{number.value}", str(self.process.pid)], check=True)

    def answers(self, deadline_s: float = START_S) -> None:
        """Waits until it serves clients."""
        process = self.process
        if process is None or not wait_for_broker(f"{LOOPBACK}:{self.direct}", deadline_s, process.is_running):
            raise AssertionError(f"node {self.number} does not answer; {tail(self.log)}")


class OwnCluster:
    """Some nodes. ``direct`` and ``proxied`` are addresses for clients; ``more`` are lines for their properties."""

    def __init__(self, folder: Path, count: int = 1, more: str = "") -> None:
        ports = iter(free_ports(4 * count))
        self.nodes: list[Node] = []
        for number in range(1, count + 1):
            direct, proxied, controller, proxy = (next(ports) for _ in range(4))
            self.nodes.append(
                Node(number, folder / f"node-{number}", direct, proxied, controller, Proxy(proxy, proxied), more)
            )
        self._voters = ",".join(f"{node.number}@{LOOPBACK}:{node.controller}" for node in self.nodes)
        self.copies = min(MOST_COPIES, count)

    @property
    def direct(self) -> str:
        return ",".join(f"{LOOPBACK}:{node.direct}" for node in self.nodes)

    @property
    def proxied(self) -> str:
        return ",".join(f"{LOOPBACK}:{node.proxy.port}" for node in self.nodes)

    async def start(self) -> None:
        """Starts everything and waits until it answers."""
        for node in self.nodes:
            await node.proxy.start()
        await asyncio.to_thread(self.start_nodes)

    def start_nodes(self) -> None:
        """Starts the nodes without their proxies, and waits until they answer."""
        for node in self.nodes:
            node.start(self._voters, self.copies)
        for node in self.nodes:
            node.answers()

    async def restart(self, node: Node) -> float:
        """Starts a node that was killed, on the data it left; returns how long it took to answer, seconds."""
        began = time.monotonic()
        await asyncio.to_thread(node.start, self._voters, self.copies)
        await asyncio.to_thread(node.answers)
        return time.monotonic() - began

    async def in_sync(self, settings: Settings) -> None:
        """Waits until every partition has all its copies up to date again."""
        deadline = time.monotonic() + START_S
        async with closing(await open_admin(settings)) as admin:
            while lacking := [
                f"{topic['topic']}/{partition['partition']}"
                for topic in await admin.describe_topics()
                for partition in topic["partitions"]
                if len(partition["isr"]) < len(partition["replicas"])
            ]:
                if time.monotonic() > deadline:
                    raise AssertionError(f"not in sync after {START_S:.0f} s: {', '.join(lacking)}\n{self.logs()}")
                await asyncio.sleep(0.2)

    async def stop(self) -> None:
        """Ends everything."""
        await asyncio.to_thread(self.stop_nodes)
        for node in self.nodes:
            await node.proxy.stop()

    def stop_nodes(self) -> None:
        """Ends the nodes."""
        for node in self.nodes:
            if node.process is not None:
                _end(node.process)

    def logs(self, lines: int = 20) -> str:
        """The ends of the brokers' logs, for a failure."""
        return "\n".join(tail(node.log, lines) for node in self.nodes)


def _end(process: ServerProcess) -> None:
    if process.is_running():
        subprocess.run(["kill", f"-{signal.SIGCONT.value}", str(process.pid)], check=False)
        process.stop(signal.SIGKILL)
