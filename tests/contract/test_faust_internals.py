"""The private parts of Faust, mode and aiokafka that ``streams/faust_*.py`` overrides or touches are as they were.

When this fails after an upgrade: read what changed in the parts named, see whether the override still says the same
with the one difference it is there for, run ``make test-faults``, and only then write the new fingerprint here.
"""

import hashlib
import inspect
import textwrap
from functools import reduce
from importlib import import_module
from importlib.metadata import version

import pytest
from faust.stores.rocksdb import RocksDBOptions, Store

from orchestrator.streams.rocksdb import SharedMemory
from orchestrator.streams.stored import OFFSET_KEY

VERSIONS = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}
# "module:Class.method": fingerprint of its source.
OVERRIDDEN = {
    "faust.stores.rocksdb:RocksDBOptions.as_options": "cd101a34108a",
    "faust.transport.consumer:Consumer._drain_messages": "282782a2a47c",
    "faust.transport.consumer:Consumer._filter_tps_with_pending_acks": "33431d56a34a",
    "faust.transport.consumer:Consumer._new_offset": "ced1529d534b",
    "faust.transport.consumer:Consumer.on_partitions_revoked": "986032b400d9",
    "faust.transport.consumer:Consumer.wait_empty": "fa78bbee94dd",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._create_worker_consumer": "056318d40ca4",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._fetch_records": "11b5e499b2ba",
    "aiokafka.consumer.fetcher:PartitionRecords._consumer_record": "e8fbcd6345ab",
    "mode.threads:ServiceThread.on_crash": "a6d4696f5460",
    "aiokafka.conn:AIOKafkaConnection.send": "151cd624ea62",
    "aiokafka.client:AIOKafkaClient.coordinator_lookup": "4335c62e172e",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.verify_event_path": "1574cf8a0487",
    "faust.tables.recovery:Recovery._restart_recovery": "8f9a9feedc16",
    "faust.tables.recovery:Recovery.on_recovery_completed": "14dc85bfd3d2",
    "faust.tables.recovery:Recovery._slurp_changelogs": "ced6cda3c6ab",
    "faust.tables.recovery:Recovery._publish_stats": "3c0f6b5a1e70",
    "faust.tables.recovery:Recovery.flush_buffers": "60d3d0bdc256",
    "faust.tables.manager:TableManager.on_start": "be2de4f72f5a",
    "faust.tables.manager:TableManager.recovery": "a0205df27706",
    "faust.transport.base:Transport.create_consumer": "7e12226b3b68",
}
RELIED_ON = {
    "faust.app.base:App._on_partitions_assigned": "72495c4a9a38",
    "faust.app.base:App._on_partitions_revoked": "05c6f8c5ce71",
    "faust.app.base:App._stop_consumer": "4c01aeb16ae3",
    "faust.app.base:App._consumer_wait_empty": "27b0f360bec4",
    "faust.transport.consumer:Consumer._commit_tps": "51e425cebaea",
    "faust.transport.consumer:Consumer._filter_committable_offsets": "809e85f68d29",
    "faust.transport.consumer:Consumer._commit_offsets": "6858c498fd96",
    "faust.transport.consumer:Consumer._should_commit": "f1fb356b0a4c",
    "faust.transport.consumer:Consumer._wait_next_records": "919d6540a869",
    "faust.transport.consumer:Consumer.perform_seek": "97b2ed6be388",
    "faust.transport.consumer:Consumer.resume_partitions": "9bd9e1d6853e",
    "faust.transport.consumer:ThreadDelegateConsumer._getmany": "2bb27f638f38",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._commit": "77d37ab92ecf",
    "faust.transport.consumer:Fetcher._fetcher": "3be25646ee27",
    "faust.transport.conductor:Conductor._update_tp_index": "bd192c33e367",
    "faust.tables.recovery:Recovery.on_rebalance": "ddb4d0d0f9a0",
    "faust.tables.recovery:Recovery._wait": "9b8cc0b92fbb",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.position": "dd3f204e36bc",
    "faust.assignor.partition_assignor:PartitionAssignor.assigned_standbys": "2d91f5b9b043",
    "aiokafka.consumer.fetcher:PartitionRecords._unpack_records": "dcd0856d7a71",
    "aiokafka.consumer.fetcher:FetchResult.getall": "775b7b9ceb3a",
    "aiokafka.consumer.fetcher:Fetcher._proc_fetch_request": "ed32ebe4beae",
    "aiokafka.record.memory_records:_MemoryRecordsPy.next_batch": "8245be4c9d33",
    "aiokafka.record.default_records:_DefaultRecordBatchPy.__iter__": "ae23a5f2089e",
    "aiokafka.record.default_records:_DefaultRecordBatchPy._read_msg": "ab6be9cc6199",
    "aiokafka.consumer.fetcher:Fetcher._get_actions_per_node": "b5dfda0c46e2",
    "aiokafka.consumer.fetcher:Fetcher.end_offsets": "328c66687437",
    "aiokafka.consumer.fetcher:Fetcher._proc_offset_request": "8483187017b4",
    "aiokafka.admin.client:AIOKafkaAdminClient._send_request_to_node": "aa60176d989f",
    "aiokafka.producer.transaction_manager:TransactionManager.maybe_add_partition_to_txn": "63c38868ddaa",
    "aiokafka.producer.sender:Sender._maybe_do_transactional_request": "25c395a6c2a0",
    "aiokafka.producer.sender:Sender._find_coordinator": "d2b3df8c8128",
    "faust.tables.manager:TableManager._update_channels": "b53da3b695c3",
    "faust.transport.conductor:Conductor._subscriber": "eb1d907408fd",
    "faust.tables.manager:TableManager.on_rebalance": "eadeb92327e2",
    "mode.utils.queues:FlowControlEvent.resume": "af0200721a5f",
    "mode.utils.queues:FlowControlQueue.force_put_nowait": "cec934c5d00a",
    "faust.stores.rocksdb:RocksDBOptions.open": "541dbf4b6d76",
    "faust.stores.rocksdb:Store._open_for_partition": "5c98615a7678",
    "faust.stores.rocksdb:Store._db_for_partition": "f24471d70b84",
    "faust.stores.rocksdb:Store.revoke_partitions": "a48d030e4bb1",
    "faust.stores.rocksdb:Store.assign_partitions": "da4dbc7f5223",
    "aiokafka.consumer.subscription_state:Assignment.state_value": "01a93c20dad8",
    "aiokafka.consumer.subscription_state:TopicPartitionState.__init__": "5872d6846d74",
    "aiokafka.consumer.subscription_state:TopicPartitionState.consumed_to": "a49b856e00a3",
    "aiokafka.producer.message_accumulator:MessageAccumulator.add_batch": "b80b4477952a",
    "aiokafka.producer.message_accumulator:MessageAccumulator._append_batch": "797e50d1b16b",
    "aiokafka.producer.message_accumulator:BatchBuilder.append": "2c6106152482",
    "aiokafka.producer.sender:AddPartitionsToTxnHandler.handle_response": "2fddbff7f1ec",
    "aiokafka.producer.sender:EndTxnHandler.handle_response": "cf7ccaa8b054",
    "aiokafka.producer.sender:SendProduceReqHandler.handle_response": "05f34d2a4dff",
}


def fingerprint(path: str) -> str:
    module, _, name = path.partition(":")
    part = reduce(getattr, name.split("."), import_module(module))
    part = getattr(part, "fun", None) or getattr(part, "fget", None) or part  # a mode task, a property, a method
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(part)))
    return hashlib.blake2b(source.encode(), digest_size=6).hexdigest()


@pytest.mark.parametrize(("package", "expected"), VERSIONS.items())
def test_the_versions_are_the_ones_the_overrides_were_written_for(package: str, expected: str) -> None:
    assert version(package) == expected


@pytest.mark.parametrize(("path", "expected"), OVERRIDDEN.items())
def test_what_is_overridden_has_not_changed(path: str, expected: str) -> None:
    assert fingerprint(path) == expected


@pytest.mark.parametrize(("path", "expected"), RELIED_ON.items())
def test_what_the_overrides_rely_on_has_not_changed(path: str, expected: str) -> None:
    assert fingerprint(path) == expected


def test_the_store_keeps_its_offset_where_recovery_looks_for_it() -> None:
    assert Store.offset_key == OFFSET_KEY


def test_the_store_opens_with_the_options_that_bound_its_memory() -> None:
    assert issubclass(SharedMemory, RocksDBOptions)
    assert "as_options" in SharedMemory.__dict__
