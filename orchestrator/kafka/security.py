"""How clients and brokers trust each other: TLS, and a name and a password (SASL), as the settings say."""

import ssl
from functools import lru_cache
from pathlib import Path

from orchestrator.errors import ConfigurationError
from orchestrator.settings import Settings


def security(settings: Settings) -> dict[str, object]:
    """The keyword arguments for any aiokafka client.

    Raises:
        ConfigurationError: a file of the settings cannot be read, or is not what it should be.
    """
    if settings.kafka_security == "PLAINTEXT":
        return {}
    found: dict[str, object] = {"security_protocol": settings.kafka_security, "ssl_context": tls_of(settings)}
    if settings.kafka_security.startswith("SASL"):
        found |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    return found


def tls_of(settings: Settings) -> ssl.SSLContext | None:
    """The TLS of the settings, which names the brokers' authority and perhaps our own certificate; None: none.

    Raises:
        ConfigurationError: as ``security``.
    """
    if not settings.kafka_security.endswith("SSL"):
        return None
    return _context(
        settings.kafka_ca_file,
        settings.kafka_cert_file,
        settings.kafka_key_file,
        settings.kafka_key_password.get_secret_value(),
    )


@lru_cache(maxsize=4)  # reading the authorities of a system takes 20 ms, and a worker has dozens of clients
def _context(ca: Path | None, cert: Path | None, key: Path | None, key_password: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
        if cert is not None:
            context.load_cert_chain(cert, key, key_password or None)
    except (OSError, ssl.SSLError) as error:
        named = ", ".join(str(file) for file in (ca, cert, key) if file is not None)
        raise ConfigurationError(f"reading the certificates for Kafka ({named}): {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
