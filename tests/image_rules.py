"""What the image of Apache Kafka makes of its environment (its KafkaDockerWrapper; the names that it leaves out)."""

from collections.abc import Mapping

_NOT_THE_BROKERS = {
    "KAFKA_VERSION", "KAFKA_HEAP_OPTS", "KAFKA_LOG4J_OPTS", "KAFKA_OPTS", "KAFKA_JMX_OPTS", "KAFKA_GC_LOG_OPTS",
    "KAFKA_JVM_PERFORMANCE_OPTS", "KAFKA_LOG4J_ROOT_LOGLEVEL", "KAFKA_LOG4J_LOGGERS", "KAFKA_TOOLS_LOG4J_LOGLEVEL",
    "KAFKA_JMX_HOSTNAME",
}  # fmt: skip


def kafka_properties(environment: Mapping[str, str]) -> dict[str, str]:
    """``server.properties`` as the image writes it: ``KAFKA_A_B`` is ``a.b``; two underscores are one, three a dash."""
    return {
        name.removeprefix("KAFKA_").lower().replace("_", ".").replace("...", "-").replace("..", "_"): value
        for name, value in environment.items()
        if name.startswith("KAFKA_") and name not in _NOT_THE_BROKERS
    }
