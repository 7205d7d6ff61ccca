"""Requests that may come again: the header ``Idempotency-Key`` names one, and its answer is kept for a day.

A key belongs to one caller. Who asks again under it gets the same answer, and nothing more happens; while the first is
being answered the second is told to wait. A request whose process died is made anew after a minute: what it creates
has an id that follows from the key, so it is found and not created twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from orchestrator.errors import Conflict, RequestError
from orchestrator.store.faults import translated
from orchestrator.store.queries import load_queries
from orchestrator.store.tenant import Tenant

KEPT = timedelta(days=1)
LONGEST = timedelta(minutes=1)  # a request takes no longer: the server's time-outs see to it


class KeyReused(RequestError):
    """The Idempotency-Key was used for another request; give every request a key of its own."""

    status_hint = 422


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it was given."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request of ``holder_id`` under ``key``; ``fingerprint`` (32 bytes) stands for all that it asks."""

    tenant: Tenant
    holder_id: str
    key: str
    fingerprint: bytes

    async def claim(self) -> Answered | None:
        """The answer that was given before; None: there is none, and this request is now the one that makes it.

        Raises:
            KeyReused: under this key something else was asked.
            Conflict: another process is answering it just now.
            Unavailable: the database does not answer.
        """
        sql = load_queries("requests")
        with translated("looking for an earlier answer"):
            async with self.tenant.transaction() as connection:
                if await connection.fetchval(sql["claim"], *self._name, self.fingerprint, LONGEST, KEPT):
                    return None
                row = await connection.fetchrow(sql["find"], *self._name)
        if row is None or (row["status"] is None and row["fingerprint"] == self.fingerprint):
            raise Conflict("a request with this Idempotency-Key is being answered; wait a moment and ask again")
        if row["fingerprint"] != self.fingerprint:
            raise KeyReused
        return Answered(row["status"], row["headers"], row["body"])

    async def keep(self, answer: Answered) -> None:
        """Keeps the answer for those who ask again."""
        with translated("keeping an answer"):
            sql = load_queries("requests")["keep"]
            await self.tenant.execute(sql, *self._name, answer.status, dict(answer.headers), answer.body)

    async def let_go(self) -> None:
        """Nothing was done: the key may be used again."""
        with translated("letting a request go"):
            await self.tenant.execute(load_queries("requests")["let_go"], *self._name)

    @property
    def _name(self) -> tuple[str, str, str]:
        return self.tenant.workspace_id, self.holder_id, self.key
