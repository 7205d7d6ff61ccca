"""Kafka and PostgreSQL behind TLS, Kafka with a name and a password: every client gets in, and no stranger does."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from orchestrator.errors import ConfigurationError, Unavailable
from orchestrator.kafka.clients import open_admin
from orchestrator.kafka.topics import apply_topics
from orchestrator.local.jars import find_java, kafka_jars
from orchestrator.local.kafka import SHORT_RUN
from orchestrator.local.ports import LOOPBACK, free_ports
from orchestrator.local.postgres import await_postgres, start_postgres
from orchestrator.local.postgres_binaries import find_binaries
from orchestrator.settings import Settings, load_settings
from orchestrator.store.pool import open_pool
from tests.faults.own_broker import OwnCluster
from tests.stack import JARS
from tests.worker_process import WorkerProcess, assert_counted_once, counted, produce_events

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

NAME, PASSWORD = "orchestrator", "let me in"


@dataclass(frozen=True)
class Authority:
    """Whoever trusts ``ca`` trusts the server that has ``cert`` and ``key``, at the loopback address."""

    ca: Path
    cert: Path
    key: Path


def authority_in(folder: Path) -> Authority:
    """An authority and one certificate of it, made for this test."""
    folder.mkdir(parents=True)
    now = datetime.now(UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
    may_sign = x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )

    def certificate(of: ec.EllipticCurvePrivateKey, name: x509.Name, *extensions: Any) -> x509.Certificate:
        """With who signed and what the key may be used for: Python 3.13 and later want to be told."""
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(root_name)
            .public_key(of.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(of.public_key()), critical=False)
            .add_extension(signer, critical=False)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        return builder.sign(root_key, hashes.SHA256())

    root = certificate(root_key, root_name, x509.BasicConstraints(ca=True, path_length=None), may_sign)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "server")])
    leaf = certificate(key, name, x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]))
    made = Authority(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    made.ca.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    made.cert.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority_in(tmp_path_factory.mktemp("authority") / "ours")


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority_in(tmp_path_factory.mktemp("authority") / "theirs")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def secured(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Settings]:
    """Settings for a broker whose only door for clients is SASL_SSL with SCRAM."""
    cluster = OwnCluster(tmp_path_factory.mktemp("broker"))
    (node,) = cluster.nodes
    (port,) = free_ports(1)
    keystore = authority.key.with_name("keystore.pem")
    keystore.write_bytes(authority.key.read_bytes() + authority.cert.read_bytes())
    node.more = "\n".join(
        [
            f"listeners=DIRECT://{LOOPBACK}:{node.direct},SECURE://{LOOPBACK}:{port},"
            f"CONTROLLER://{LOOPBACK}:{node.controller}",
            f"advertised.listeners=DIRECT://{LOOPBACK}:{node.direct},SECURE://{LOOPBACK}:{port}",
            "listener.security.protocol.map=DIRECT:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT",
            "sasl.enabled.mechanisms=SCRAM-SHA-512",
            "listener.name.secure.scram-sha-512.sasl.jaas.config="
            "org.apache.kafka.common.security.scram.ScramLoginModule required;",
            "ssl.keystore.type=PEM",
            f"ssl.keystore.location={keystore}",
            "ssl.truststore.type=PEM",
            f"ssl.truststore.location={authority.ca}",
        ]
    )
    await cluster.start()
    try:
        classpath = str(kafka_jars(JARS, lambda line: None).absolute() / "*")
        run = [find_java(), *SHORT_RUN, "-cp", classpath, "kafka.admin.ConfigCommand"]
        change = ["--alter", "--add-config", f"SCRAM-SHA-512=[password={PASSWORD}]"]
        user = ["--entity-type", "users", "--entity-name", NAME]
        command = [*run, "--bootstrap-server", cluster.direct, *change, *user]
        await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
        yield load_settings(
            kafka=f"{LOOPBACK}:{port}",
            kafka_security="SASL_SSL",
            kafka_username=NAME,
            kafka_password=PASSWORD,
            kafka_ca_file=authority.ca,
            data_dir=tmp_path_factory.mktemp("secured"),
            replicas=1,
            partitions=1,
        )
    finally:
        await cluster.stop()


async def test_every_client_works_through_tls_with_a_name_and_a_password(secured: Settings) -> None:
    await apply_topics(secured)
    worker = WorkerProcess(
        secured,
        ORCHESTRATOR_KAFKA_SECURITY="SASL_SSL",
        ORCHESTRATOR_KAFKA_USERNAME=NAME,
        ORCHESTRATOR_KAFKA_PASSWORD=PASSWORD,
        ORCHESTRATOR_KAFKA_CA_FILE=str(secured.kafka_ca_file),
    )
    try:
        await worker.start().takes_over()
        await produce_events(secured, 40, customers=4)
        await counted(secured, 40, worker)
        assert await worker.stop() == 0
        await assert_counted_once(secured, 40, customers=4)
    finally:
        worker.close()
    assert PASSWORD not in worker.log.read_text()


async def test_a_wrong_password_and_a_broker_of_strangers_are_told_as_what_they_are(
    secured: Settings, strangers: Authority
) -> None:
    wrong = secured.model_copy(update={"kafka_password": SecretStr("guessed")})
    with pytest.raises(Unavailable, match=r"(?i)authenticat|credential"):
        await open_admin(wrong, patience_s=3)
    with pytest.raises(Unavailable, match=r"(?i)certificate|ssl|connection"):
        await open_admin(secured.model_copy(update={"kafka_ca_file": strangers.ca}), patience_s=3)
    with pytest.raises(ConfigurationError, match=r"nowhere\.pem"):
        await open_admin(secured.model_copy(update={"kafka_ca_file": Path("nowhere.pem")}), patience_s=3)


@pytest.fixture(scope="module")
def encrypted(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL that takes connections by TLS only."""
    binaries = find_binaries(None)
    server = start_postgres(tmp_path_factory.mktemp("server") / "postgres", binaries, None, False, lambda _: None)
    try:
        assert await_postgres(server, binaries)
        data = server.folder / "data"
        owner = data.stat()
        for source, name in ((authority.cert, "server.crt"), (authority.key, "server.key")):
            shutil.copy(source, data / name)
            os.chown(data / name, owner.st_uid, owner.st_gid)
            (data / name).chmod(0o600)
        hba = data / "pg_hba.conf"
        hba.write_text(hba.read_text().replace("host ", "hostssl "))
        asyncio.run(_switch_tls_on(server.dsn))
        yield server.dsn
    finally:
        server.stop()


async def _switch_tls_on(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("alter system set ssl = on")
    await connection.execute("select pg_reload_conf()")
    await connection.close()


async def test_postgresql_is_reached_by_tls_and_only_if_it_is_the_one_that_is_meant(
    encrypted: str, authority: Authority, strangers: Authority
) -> None:
    def settings(ca: Path) -> Settings:
        return Settings(postgres=SecretStr(f"{encrypted}?sslmode=verify-full&sslrootcert={ca}"))

    pool = await open_pool(settings(authority.ca), patience_s=10)
    try:
        assert await pool.fetchval("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
    finally:
        await pool.close()
    with pytest.raises(Unavailable, match=r"(?i)certificate"):
        await open_pool(settings(strangers.ca), patience_s=0)
    with pytest.raises(ConfigurationError, match=r"no pg_hba\.conf entry|no encryption"):
        await open_pool(Settings(postgres=SecretStr(f"{encrypted}?sslmode=disable")), patience_s=0)
