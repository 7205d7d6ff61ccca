"""Which views are exported as files, and how each is cut. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from orchestrator.errors import ConfigurationError
from orchestrator.store.view_rows import Cut


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """``order``: by which columns its rows stand in a file, so that the same rows give the same file.

    ``has_customers``: it has a row for each customer, or for what one of them did.
    """

    name: str
    cut: Cut
    order: tuple[str, ...]
    has_customers: bool = False

    @property
    def is_of_days(self) -> bool:
        """Whether each of its rows belongs to a day; else the file is of how things stand now."""
        return self.cut in ("day", "moment")


TABLES: Mapping[str, ExportedTable] = MappingProxyType(
    {
        table.name: table
        for table in (
            ExportedTable("journeys", "workspace", ("journey_id",)),
            ExportedTable("journey_versions", "workspace", ("journey_id", "version")),
            ExportedTable("results", "workspace", ("journey_id", "arm")),
            ExportedTable("journey_days", "day", ("journey_id",)),
            ExportedTable("journey_arm_days", "day", ("journey_id", "arm")),
            ExportedTable("journey_channel_days", "day", ("journey_id", "channel")),
            ExportedTable("journey_rule_days", "day", ("journey_id", "rule")),
            ExportedTable("journey_exit_days", "day", ("journey_id", "reason")),
            ExportedTable("journey_step_days", "day", ("journey_id", "step")),
            ExportedTable("variant_days", "day", ("journey_id", "step", "arm")),
            ExportedTable("activities", "moment", ("at", "id"), has_customers=True),
            ExportedTable("runs", "workspace", ("journey_id", "run_id"), has_customers=True),
            ExportedTable("participants", "journey", ("customer_id",), has_customers=True),
            ExportedTable("exposures", "journey", ("customer_id", "step"), has_customers=True),
        )
    }
)


def chosen_tables(names: Sequence[str], *, with_customers: bool) -> list[ExportedTable]:
    """The tables called ``names``, or all; without those that have rows of customers, unless they are wanted.

    Raises:
        ConfigurationError: there is no such table, or it has rows of customers, which are not wanted.
    """
    if unknown := [name for name in names if name not in TABLES]:
        raise ConfigurationError(
            f"exporting days: there is no table called {', '.join(unknown)}; there are {', '.join(TABLES)}"
        )
    if not with_customers and (refused := [name for name in names if TABLES[name].has_customers]):
        raise ConfigurationError(
            f"exporting days: {', '.join(refused)} has a row for each customer, which --without-customers leaves out"
        )
    wanted = dict.fromkeys(names) if names else TABLES
    return [TABLES[name] for name in wanted if with_customers or not TABLES[name].has_customers]
