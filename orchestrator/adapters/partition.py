"""One partition of a channel's commands at work: the cycle of ``desk.py`` with a Kafka transaction in its middle.

Order of what happens, with a point to die at between each two:

1. *Take over*: the former owner is fenced, the ledger of the partition is read to its end, and tries without a known
   end are looked for at the transport.
2. Commands are taken up and decided.
3. One transaction: the reports of what is over, ``done`` in the ledger, dead letters, the input's offset, and
   ``attempting`` of the tries that begin now.
4. Those tries are made, several at once; what comes of them goes into the next transaction.

A death between 3 and 4 leaves tries that never were; one after 4, tries that nobody knows of. Both look the same to the
next owner: ``attempting``. What it does then is said by the transport (``decision.py``, rule 2).
"""

import asyncio
import contextlib
import logging
import time
from collections import deque

from orchestrator.adapters.crash import (
    AFTER_ANSWER,
    AFTER_INTENT,
    AFTER_SEND,
    AFTER_TAKE,
    BEFORE_ANSWER,
    DURING_TAKE_OVER,
)
from orchestrator.adapters.desk import Desk, Draft, Piece
from orchestrator.adapters.ledger import KEPT_MS, Memory, decode_entry
from orchestrator.adapters.post import Post
from orchestrator.adapters.records import letter, outgoing, read_command
from orchestrator.adapters.result import Later, Result, Unknown
from orchestrator.errors import DecodeError
from orchestrator.kafka.outgoing import Outgoing, Source, Writer
from orchestrator.kafka.settled import read_settled
from orchestrator.kafka.tail import TailRecord
from orchestrator.messages.trace import read_trace
from orchestrator.telemetry.metrics import (
    ADAPTER_COMMANDS,
    ADAPTER_DELAY_SECONDS,
    ADAPTER_SEND_SECONDS,
    ADAPTER_TRIES,
    ADAPTER_WRITE_SECONDS,
    DEAD_LETTERS,
)

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 5.0
FORGET_EVERY_S = 3_600.0


def clock_ms() -> int:
    """The time, in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


class Partition:
    """Works one partition off until it is closed. ``failed`` is what ended it, if anything did."""

    def __init__(self, post: Post, number: int) -> None:
        self.number = number
        self._post = post
        self._desk = Desk(post.rules, Memory(), post.most_tries_at_once)
        self._writer: Writer | None = None
        self._inbox: deque[TailRecord] = deque()
        self._letters: deque[tuple[int, Outgoing]] = deque()  # with the offset of what is set aside
        self._news = asyncio.Event()
        self._tries: set[asyncio.Task[None]] = set()
        self._is_resting = False
        self._is_writing = False
        self._forgotten_s = time.monotonic()
        self._work = asyncio.create_task(self._run())

    @property
    def failure(self) -> BaseException | None:
        """What ended the work; None: it goes on, or was ended in order."""
        return self._work.exception() if self._work.done() and not self._work.cancelled() else None

    @property
    def is_ready(self) -> bool:
        """Whether it has been taken over."""
        return self._writer is not None

    @property
    def has_room(self) -> bool:
        """Whether more may be read."""
        return self.is_ready and self._desk.span() + len(self._inbox) < self._post.window

    @property
    def desk(self) -> Desk:
        """What is in hand."""
        return self._desk

    def give(self, records: list[TailRecord]) -> None:
        """Records that were read, in order."""
        self._inbox.extend(records)
        self._news.set()

    def wake(self) -> None:
        """Something may have changed."""
        self._news.set()

    async def rest(self, patience_s: float) -> None:
        """Begins no more tries, and waits until those at work have ended and are written down, or patience is over."""
        self._is_resting = True
        self._news.set()
        deadline = time.monotonic() + patience_s
        while self.is_ready and self.failure is None and time.monotonic() < deadline:
            if not self._tries and not self._is_writing and not self._news.is_set():
                return
            await asyncio.sleep(0.01)

    def go_on(self) -> None:
        """The rest is over: the partition is still ours."""
        self._is_resting = False
        self._news.set()

    async def close(self) -> None:
        """Ends the work. What was not written down is not answered; the next owner finds it as it stands."""
        self._work.cancel()
        for task in self._tries:
            task.cancel()
        await asyncio.gather(self._work, *self._tries, return_exceptions=True)
        if self._writer is not None:
            await self._writer.stop()

    async def _run(self) -> None:
        await self._take_over()
        while True:
            self._news.clear()
            self._take()
            await self._turn()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._pause_s())

    async def _take_over(self) -> None:
        post, catalog = self._post, self._post.catalog
        source = Source(post.group, post.topic, self.number)
        outputs = [(catalog.ledger, self.number)]
        outputs += [(catalog.deliveries, number) for number in range(catalog.spec(catalog.deliveries).partitions)]
        role = f"adapter-{post.channel}-{self.number}"
        writer = await Writer.take_over(post.settings, role, f"{post.group}-{self.number}", source, outputs)
        try:
            await self._recall(role)
        except BaseException:
            await writer.stop()
            raise
        self._writer = writer
        extra = {"action": "partition_taken_over", "partition": self.number, "known": len(self._desk.memory)}
        log.info("Partition %d of %s is taken over", self.number, post.topic, extra=extra)

    async def _recall(self, role: str) -> None:
        post, memory = self._post, self._desk.memory
        prefix = f"{post.channel}:"
        async for records in read_settled(post.settings, role, post.catalog.ledger, self.number):
            for each in records:
                key = (each.key or b"").decode(errors="replace")
                if key.startswith(prefix) and each.value is not None:
                    memory.learn(key.removeprefix(prefix), decode_entry(each.value), each.timestamp)
            post.crash.at(DURING_TAKE_OVER)
        memory.find(await post.transport.found(self.number, list(memory.attempted())))

    def _take(self) -> None:
        post = self._post
        while self._inbox:
            record = self._inbox.popleft()
            if not self._desk.is_new(record.offset):
                continue
            try:
                self._desk.take(record.offset, read_command(post.channel, record), read_trace(record.headers))
            except DecodeError as error:
                self._desk.skip(record.offset)
                self._letters.append((record.offset, letter(post.catalog, record, error)))
                DEAD_LETTERS.labels(post.topic, error.reason).inc()
                ADAPTER_COMMANDS.labels(post.channel, "dead_letter").inc()
                log.warning(
                    "Partition %d: the record at %d is no command of this channel (%s); it is set aside",
                    *(self.number, record.offset, error.reason),
                    extra={"action": "command_set_aside", "reason": error.reason, "partition": self.number},
                )
        post.crash.at(AFTER_TAKE)

    async def _turn(self) -> None:
        """Steps 2 to 4 once."""
        post, writer = self._post, self._writer
        now_ms = clock_ms()
        self._forget(now_ms)
        draft = self._desk.draft(now_ms, post.nothing if self._is_resting else post.allowance)
        if draft is None or writer is None:
            return
        records = outgoing(post.catalog, post.channel, self.number, draft)
        # A letter goes with the offset that passes its record: else it would be written again after a crash.
        while draft.next_offset is not None and self._letters and self._letters[0][0] < draft.next_offset:
            records.append(self._letters.popleft()[1])
        if draft.answered:
            post.crash.at(BEFORE_ANSWER)
        self._is_writing = True
        began = time.perf_counter()
        await writer.write(records, draft.next_offset)
        ADAPTER_WRITE_SECONDS.observe(time.perf_counter() - began)
        self._is_writing = False
        if draft.answered:
            post.crash.at(AFTER_ANSWER)
        if draft.tries:
            post.crash.at(AFTER_INTENT)
        for piece in draft.tries:
            task = asyncio.create_task(self._try(piece))
            self._tries.add(task)
            task.add_done_callback(self._tries.discard)
        self._count(draft)

    async def _try(self, piece: Piece) -> None:
        post = self._post
        async with post.sending:
            result: Result | None = self._desk.may_go(piece, clock_ms())
            if result is None:
                began = time.perf_counter()
                try:
                    result = await post.transport.send(self.number, piece.command, piece.trace)
                except Exception as error:
                    # A fault of ours, and nobody knows how far it got. It must not end all other work of the channel.
                    log.exception("Sending failed in a way it should not", extra={"action": "send_failed"})
                    result = Unknown(f"adapter: {type(error).__name__}")
                ADAPTER_SEND_SECONDS.labels(post.channel).observe(time.perf_counter() - began)
                post.crash.at(AFTER_SEND)
        ADAPTER_TRIES.labels(post.channel, type(result).__name__.lower()).inc()
        if isinstance(result, Later | Unknown):
            log.info(
                "A try did not succeed: %s",
                result.reason,
                extra={"action": "try_failed", "channel": post.channel, "reason": result.reason},
            )
        self._desk.ended(piece, result, clock_ms())
        self._news.set()

    def _count(self, draft: Draft) -> None:
        for each in draft.answered:
            outcome = "repeated" if each.answer is None else each.answer.outcome
            ADAPTER_COMMANDS.labels(self._post.channel, outcome).inc()
            if each.answer is not None:
                delay_s = max(0, each.at_ms - each.command.decided_at_ms) / 1_000
                ADAPTER_DELAY_SECONDS.labels(self._post.channel).observe(delay_s)

    def _pause_s(self) -> float:
        if self._is_resting:
            return LONGEST_PAUSE_S
        now_ms = clock_ms()
        next_ms = self._desk.next_ms(now_ms, self._post.allowance)
        return LONGEST_PAUSE_S if next_ms is None else min(LONGEST_PAUSE_S, max(0.001, (next_ms - now_ms) / 1_000))

    def _forget(self, now_ms: int) -> None:
        if time.monotonic() - self._forgotten_s > FORGET_EVERY_S:
            self._forgotten_s = time.monotonic()
            self._desk.memory.forget_before(now_ms - KEPT_MS)
