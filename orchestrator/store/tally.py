"""What a comparison with a reference reads: every activity's id."""

from orchestrator.store.faults import translated
from orchestrator.store.pool import Pool
from orchestrator.store.queries import load_queries


async def activity_ids(pool: Pool, workspace_id: str) -> set[str]:
    """The ids of all activities of the workspace; meant for thousands, not for millions.

    Raises:
        Unavailable: the database does not answer.
    """
    with translated("reading the ids of activities"):
        rows = await pool.fetch(load_queries("tally")["activity_ids"], workspace_id)
    return {str(row["id"]) for row in rows}


async def activity_count(pool: Pool, workspace_id: str) -> int:
    """How many activities the workspace has.

    Raises:
        Unavailable: the database does not answer.
    """
    with translated("counting activities"):
        count: int = await pool.fetchval(load_queries("tally")["activity_count"], workspace_id)
    return count
