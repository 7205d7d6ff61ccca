"""What the brokers know about transactions: by their coordinator, and by the partitions that were written to.

The two can differ. A transaction whose commit was confirmed may lack its marker in a partition (a broker that is killed
loses what it had not sent yet, and its successor may skip what it cannot place); the partition then shows nothing that
follows to readers of committed records. Kafka calls it a hanging transaction (KIP-664). The two requests of that KIP
are not part of aiokafka, and are defined here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields

_TRANSACTION = 1  # the kind of coordinator, in the protocol
_ID_NOT_FOUND = 105

CONFIRMED_STATES = ("PrepareCommit", "CompleteCommit")


class _TransactionsAnswer(Response):  # type: ignore[misc]  # aiokafka is untyped here
    API_KEY = 65
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "transactions",
            CompactArray(
                ("error_code", Int16),
                ("transactional_id", CompactString("utf-8")),
                ("state", CompactString("utf-8")),
                ("timeout_ms", Int32),
                ("start_ms", Int64),
                ("producer_id", Int64),
                ("producer_epoch", Int16),
                (
                    "topics",
                    CompactArray(
                        ("topic", CompactString("utf-8")), ("partitions", CompactArray(Int32)), ("tags", TaggedFields)
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _TransactionsQuestionV0(RequestStruct):  # type: ignore[misc]
    API_KEY = 65
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _TransactionsAnswer
    SCHEMA = Schema(("transactional_ids", CompactArray(CompactString("utf-8"))), ("tags", TaggedFields))


class _TransactionsQuestion(Request[_TransactionsQuestionV0]):  # type: ignore[misc]
    API_KEY = 65

    def __init__(self, ids: list[str]) -> None:
        self._ids = ids

    def build(self, request_struct_class: type[_TransactionsQuestionV0]) -> _TransactionsQuestionV0:
        return request_struct_class(self._ids, {})


class _ProducersAnswer(Response):  # type: ignore[misc]
    API_KEY = 61
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "topics",
            CompactArray(
                ("topic", CompactString("utf-8")),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("error_code", Int16),
                        ("error_message", CompactString("utf-8")),
                        (
                            "producers",
                            CompactArray(
                                ("producer_id", Int64),
                                ("producer_epoch", Int32),
                                ("last_sequence", Int32),
                                ("last_ms", Int64),
                                ("coordinator_epoch", Int32),
                                ("transaction_start", Int64),
                                ("tags", TaggedFields),
                            ),
                        ),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _ProducersQuestionV0(RequestStruct):  # type: ignore[misc]
    API_KEY = 61
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _ProducersAnswer
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(
                ("topic", CompactString("utf-8")), ("partitions", CompactArray(Int32)), ("tags", TaggedFields)
            ),
        ),
        ("tags", TaggedFields),
    )


class _ProducersQuestion(Request[_ProducersQuestionV0]):  # type: ignore[misc]
    API_KEY = 61

    def __init__(self, partitions: dict[str, list[int]]) -> None:
        self._partitions = partitions

    def build(self, request_struct_class: type[_ProducersQuestionV0]) -> _ProducersQuestionV0:
        return request_struct_class([(topic, numbers, {}) for topic, numbers in self._partitions.items()], {})


class TransactionState(NamedTuple):
    """What the coordinator knows of the last transaction of a transactional id."""

    state: str  # "Empty", "Ongoing", "PrepareCommit", "CompleteCommit", "PrepareAbort", "CompleteAbort", …
    producer_id: int

    @property
    def is_confirmed(self) -> bool:
        """Whether the last transaction was committed, wherever its markers are by now."""
        return self.state in CONFIRMED_STATES


async def transaction_state(admin: AIOKafkaAdminClient, transactional_id: str) -> TransactionState | None:
    """Asks the coordinator of ``transactional_id``; None: it was never used, or long ago.

    Raises:
        KafkaError: the coordinator does not answer, or refuses; retriable when it is just moving.
    """
    node = await admin.find_coordinator(transactional_id, _TRANSACTION)
    answer = await admin._send_request_to_node(node, _TransactionsQuestion([transactional_id]))
    error_code, _, state, _, _, producer_id, *_ = answer.transactions[0]
    if error_code == _ID_NOT_FOUND:
        return None
    if error_code:
        raise for_code(error_code)(f"describing the transaction of {transactional_id}")
    return TransactionState(state, producer_id)


async def open_transactions(
    admin: AIOKafkaAdminClient, partitions: Iterable[TopicPartition]
) -> dict[TopicPartition, set[int]]:
    """By partition, the ids of the producers that have a transaction open in it; only where there are any.

    Raises:
        KafkaError: a broker does not answer, or refuses; retriable when a leader is just moving.
    """
    cluster = await admin._client.fetch_all_metadata()
    by_node: defaultdict[int, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place in partitions:
        leader = cluster.leader_for_partition(place)
        if leader is None or leader < 0:
            raise KafkaError(f"asking for open transactions: {place.topic}/{place.partition} has no leader just now")
        by_node[leader][place.topic].append(place.partition)
    found: dict[TopicPartition, set[int]] = {}
    for node, topics in by_node.items():
        answer = await admin._send_request_to_node(node, _ProducersQuestion(topics))
        for topic, of_partitions, _ in answer.topics:
            for number, error_code, message, producers, _ in of_partitions:
                if error_code:
                    raise for_code(error_code)(f"asking for open transactions of {topic}/{number}: {message}")
                if producer_ids := {producer_id for producer_id, _, _, _, _, start, _ in producers if start >= 0}:
                    found[TopicPartition(topic, number)] = producer_ids
    return found


async def still_open(reader: AIOKafkaConsumer, written: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
    """What of ``written`` (offsets) readers of committed records do not get past yet. ``reader`` is one of those.

    Raises:
        KafkaError: a broker does not answer.
    """
    ends = await reader.end_offsets(list(written))
    return {place: offset for place, offset in written.items() if ends[place] <= offset}


async def end_hanging(producer: AIOKafkaProducer, partitions: Iterable[TopicPartition], *, commit: bool) -> None:
    """Puts a marker into these partitions, by a transaction of ``producer`` that writes nothing else.

    It ends what the same producer id has open there. To be called between two transactions.

    Raises:
        KafkaError: as any transaction may; ``ProducerFenced`` for a former owner.
    """
    await producer.begin_transaction()
    for place in partitions:
        producer._txn_manager.maybe_add_partition_to_txn(place)
    if commit:
        await producer.commit_transaction()
    else:
        await producer.abort_transaction()
