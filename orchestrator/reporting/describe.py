"""The views as a chapter of the documentation, in Markdown. Pure."""

from collections.abc import Iterable

from orchestrator.store.views import View


def described(views: Iterable[View]) -> str:
    """Every view with its columns, their types and meanings."""
    return "\n\n".join(_chapter(view) for view in views)


def _chapter(view: View) -> str:
    rows = [f"| `{column.name}` | {column.type} | {column.about} |" for column in view.columns]
    return "\n".join(
        [f"### reporting.{view.name}", view.about, "", "| column | type | meaning |", "|---|---|---|", *rows]
    )
