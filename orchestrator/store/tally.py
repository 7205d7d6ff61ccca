"""What a comparison with a reference reads: every activity's id."""

from orchestrator.store.faults import translated
from orchestrator.store.queries import load_queries
from orchestrator.store.tenant import Tenant


async def activity_ids(tenant: Tenant) -> set[str]:
    """The ids of all activities of the workspace; meant for thousands, not for millions.

    Raises:
        Unavailable: the database does not answer.
    """
    with translated("reading the ids of activities"):
        rows = await tenant.fetch(load_queries("tally")["activity_ids"], tenant.workspace_id)
    return {str(row["id"]) for row in rows}


async def activity_count(tenant: Tenant) -> int:
    """How many activities the workspace has.

    Raises:
        Unavailable: the database does not answer.
    """
    with translated("counting activities"):
        count: int = await tenant.fetchval(load_queries("tally")["activity_count"], tenant.workspace_id)
    return count
