"""What a partition's store and its changelog hold: one value per customer, and one record about the partition itself.

The key of a customer is the key of its records (``workspace_id:customer_id``), the value its encoded state. Beside them
stands one :class:`PartitionRecord`, written in the same transaction and the same write batch as the states it belongs
to. It is what makes a record count once: everything below ``next_offsets[topic]`` is already in the states.
"""

import msgspec

from orchestrator.guardrails.budget import Spent
from orchestrator.guardrails.grants import Pool

# No customer key can begin with a NUL: see messages.key.
PARTITION_KEY = b"\x00partition"
# Where Faust's store keeps the changelog offset its content corresponds to (faust.stores.rocksdb.Store.offset_key).
OFFSET_KEY = b"__faust\0offset__"


class PartitionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How far a partition has come.

    ``next_offsets``: by input topic, the first offset whose effect is not in the states yet.
    ``clock_ms``: the greatest event time seen (stream mode only; 0: none yet).
    ``spent``: of limits over all customers, what was used of this partition's part. ``pools``: what it keeps for all.
    ``occasions``: by journey, the last moment of its schedule at which all customers are looked at.
    """

    next_offsets: dict[str, int] = {}
    clock_ms: int = 0
    occasions: dict[str, int] = {}
    spent: dict[str, Spent] = {}
    pools: dict[str, Pool] = {}


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(PartitionRecord)


def encode_partition_record(record: PartitionRecord) -> bytes:
    """JSON, so that a person can read it on the changelog; there is one a batch."""
    return _ENCODER.encode(record)


def decode_partition_record(raw: bytes | None) -> PartitionRecord:
    """The record in ``raw``, or that of a partition nothing was done in yet."""
    return PartitionRecord() if raw is None else _DECODER.decode(raw)


def encode_offset(offset: int) -> bytes:
    """The changelog offset as Faust's store writes it: the last one applied, in decimal digits."""
    return str(offset).encode()


def decode_offset(raw: bytes | None) -> int | None:
    """The last changelog offset applied to this store; None: nothing was."""
    return None if raw is None else int(raw)
