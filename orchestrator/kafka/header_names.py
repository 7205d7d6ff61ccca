"""Headers whose names are no UTF-8: aiokafka ends the reading of a partition at the first of them.

A header's name is text by Kafka's protocol, but brokers do not look, and librdkafka writes the bytes it is given. One
such record would end every worker that reads it, again and again. Here it is read with U+FFFD where its bytes are no
text, and is then used, or set aside, as any other.
"""

from collections.abc import Iterator
from itertools import islice
from struct import calcsize
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy

_MAGIC_AT = calcsize(">qii")  # base offset, length, leader's epoch
_WITH_HEADERS = 2  # the least magic of batches whose records have headers


def read_any_header_name() -> None:
    """From now on, a header's name that is no text ends no consumer, neither our own nor Faust's."""
    fetcher.MemoryRecords = _Records


class _Records(_MemoryRecordsPy):  # type: ignore[misc]  # aiokafka says that it is final
    """What a fetch has brought of one partition, batch by batch."""

    def next_batch(self, *args: Any) -> Any:  # noqa: ANN401 - as aiokafka has it
        data = self._next_slice
        batch = super().next_batch(*args)
        return batch if data is None or data[_MAGIC_AT] < _WITH_HEADERS else _Batch(data, batch)


class _Batch:
    """A batch as aiokafka reads it; from a record on that it cannot read, as it is read with any bytes for text."""

    def __init__(self, data: memoryview, batch: DefaultRecordBatch) -> None:
        self._data = data
        self._batch = batch

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else is asked of a batch
        return getattr(self._batch, name)

    def __next__(self) -> Any:  # noqa: ANN401 - a control batch has one record, without headers
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        read = 0
        try:
            for record in self._batch:
                yield record
                read += 1
        except (UnicodeDecodeError, CorruptRecordException):  # as its reader in C tells it, and that in Python
            # What is wrong with more than a name is refused here too, in the same words.
            yield from islice(_LenientBatch(self._data), read, None)


class _LenientBatch(_DefaultRecordBatchPy):  # type: ignore[misc]  # aiokafka says that it is final
    _buffer: bytearray

    def __iter__(self) -> "_LenientBatch":
        super().__iter__()
        self._buffer = _Lenient(self._buffer)
        return self


class _Lenient(bytearray):
    """Bytes of which whatever part is asked for as text is text."""

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401 - a number or a slice
        part = super().__getitem__(index)
        return _Lenient(part) if isinstance(index, slice) else part

    def decode(self, encoding: str = "utf-8", _errors: str = "strict") -> str:
        return super().decode(encoding, "replace")
