"""Reports as a page to print or to keep: one file without scripts, images or anything from elsewhere. Pure.

Numbers are written for people; ``<data value>`` has each as it is. The page forbids itself everything but its own style
sheet, whose hash is in ``POLICY``.
"""

from base64 import b64encode
from collections.abc import Iterator
from datetime import date, datetime
from hashlib import sha256
from html import escape

from orchestrator.api.figure_meanings import Kind
from orchestrator.api.report_chart import chart_of
from orchestrator.api.report_tables import Cell, Report, Row, Table, meaning_rows, written

MEDIA_TYPE = "text/html; charset=utf-8"
STYLE = """
:root { color-scheme: light; }
body { font: 14px/1.45 system-ui, sans-serif; color: #1a1f24; background: #fff; margin: 2rem auto; max-width: 80rem;
       padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
.headline { font-size: 1.15rem; border-left: 4px solid #0b5cad; padding-left: .75rem; margin: .75rem 0 1rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .25rem; break-after: avoid; }
p { margin: .25rem 0 .5rem; max-width: 60rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0; }
dt { color: #57606a; }
dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
table.list { width: auto; min-width: 24rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem; border-bottom: 1px solid #d0d7de; }
thead th { border-bottom: 2px solid #57606a; font-weight: 600; }
th.n, td.n { text-align: right; }
td.n, td.d { white-space: nowrap; }
.list th { width: 14rem; }
.list td.n { text-align: left; }
td { overflow-wrap: anywhere; }
.none { color: #57606a; }
@page { size: A4 landscape; margin: 14mm; }
@media print {
  body { font-size: 9pt; margin: 0; max-width: none; padding: 0; }
  .scroll { overflow: visible; }
  h2 { margin-top: 1.4rem; }
  th, td { padding-block: .12rem; }
  #trend { break-inside: avoid; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  #by_day, #by_week, #by_month, #meanings { break-before: page; }
}
"""
STYLE_HASH = f"'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
POLICY = f"default-src 'none'; style-src {STYLE_HASH}; base-uri 'none'; form-action 'none'"
_NOTHING = '<td class="none">–</td>'


def html_of(report: Report) -> str:
    """The page."""
    title = escape(report.title)
    return "".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n",
            f'<p class="headline">{escape(report.headline)}</p>\n' if report.headline else "",
            f"<p>{escape(_of(report))}</p>\n",
            *(part for table in report.told[:1] for part in _table(table)),
            *_trend(report),
            *(part for table in report.told[1:] for part in _table(table)),
            '<section id="about">\n<h2>About this report</h2>\n<dl>\n',
            *(f"<dt>{escape(what.replace('_', ' '))}</dt><dd>{escape(which)}</dd>\n" for what, which in report.about),
            "</dl>\n</section>\n",
            *_meanings(report),
            "</body>\n</html>\n",
        )
    )


def _table(table: Table) -> Iterator[str]:
    yield f'<section id="{escape(table.key)}">\n<h2>{escape(table.title)}</h2>\n'
    if table.about:
        yield f"<p>{escape(table.about)}</p>\n"
    yield f'<div class="scroll"><table{" class=list" * table.is_list}>\n'
    if table.is_list:
        yield "<tbody>\n"
        for row in table.rows:
            meaning = table.meaning(row, 1)
            yield f'<tr><th scope="row">{escape(meaning.title)}</th>{_cell(row[1], meaning.kind)}</tr>\n'
    else:
        heads = "".join(_head(table, place) for place in range(len(table.columns)))
        yield f"<thead><tr>{heads}</tr></thead>\n<tbody>\n"
        for row in table.rows:
            yield f"<tr>{''.join(_cells(table, row))}</tr>\n"
    yield "</tbody>\n</table></div>\n</section>\n"


def _of(report: Report) -> str:
    """Of what it is, in a line."""
    about = dict(report.about)
    return f"{about['from']} to {about['to']} ({about['zone']} days), made {about['made_at']}"


def _trend(report: Report) -> Iterator[str]:
    """The lines over time, right after the result; the numbers that they are drawn from stand last."""
    for table in report.told:
        if chart := _chart(table):
            yield f'<section id="trend">\n<h2>Over time</h2>\n<p>{escape(_drawn(table))}</p>\n{chart}</section>\n'


def _drawn(table: Table) -> str:
    return f"The numbers stand at the end, under “{table.title}”."


def _chart(table: Table) -> str:
    days = [row[0] for row in table.rows if isinstance(row[0], date)]
    lines = [
        (
            table.meaning((), place).title,
            [float(cell) for row in table.rows if isinstance(cell := row[place], int | float)],
        )
        for place in map(table.columns.index, table.drawn)
    ]
    return chart_of(days, lines)


def _meanings(report: Report) -> Iterator[str]:
    titles = {table.key: table.title for table in report.told}
    yield '<section id="meanings">\n<h2>What the figures mean</h2>\n<div class="scroll"><table>\n'
    yield '<thead><tr><th scope="col">Figure</th><th scope="col">Unit</th><th scope="col">Meaning</th>'
    yield '<th scope="col">In</th></tr></thead>\n<tbody>\n'
    where: dict[tuple[str, str, str], list[str]] = {}  # many tables have figures of the same meaning
    for table, _, title, unit, text in meaning_rows(report.told):
        where.setdefault((title, unit, text), []).append(titles[table])
    for said, tables in where.items():
        yield f"<tr>{''.join(f'<td>{escape(part)}</td>' for part in (*said, ', '.join(tables)))}</tr>\n"
    yield "</tbody>\n</table></div>\n</section>\n"


def _head(table: Table, place: int) -> str:
    meaning = table.meaning((), place)
    is_number = meaning.kind not in ("text", "yes_no", "day", "moment")
    return f'<th scope="col"{" class=n" * is_number}>{escape(meaning.title)}</th>'


def _cells(table: Table, row: Row) -> Iterator[str]:
    for place, cell in enumerate(row):
        yield _cell(cell, table.meaning(row, place).kind)


def _cell(cell: Cell, kind: Kind) -> str:
    match cell:
        case None | "":
            return _NOTHING
        case bool():
            return f"<td>{'yes' if cell else 'no'}</td>"
        case int() | float():
            return f'<td class=n><data value="{cell!r}">{_number(cell, kind)}</data></td>'
        case datetime():
            return f"<td class=d>{written(cell)}</td>"
        case date():
            return f"<td class=d>{cell.isoformat()}</td>"
        case str():
            return f"<td>{escape(cell)}</td>"


def _number(number: int | float, kind: Kind) -> str:
    match kind:
        case "money":
            return f"{number:,.2f}"
        case "share":
            return f"{number * 100:,.1f} %"
        case "estimate":
            return f"{number:,.1f}"
        case "percent":
            return f"{number:,.1f} %"
        case _:
            return f"{number:,}" if isinstance(number, int) else f"{number:,.4f}".rstrip("0").rstrip(".")
