"""Figures by day as a small picture in SVG: lines that can be told apart in print as well. Pure."""

from collections.abc import Sequence
from datetime import date
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 960, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 28, 24
_COLOURS = ("#0b5cad", "#b3410e", "#1a7f37", "#6639ba")
_DASHES = ("none", "6 3", "2 3", "8 3 2 3")


def chart_of(days: Sequence[date], lines: Sequence[tuple[str, Sequence[float]]]) -> str:
    """The lines over the days, each (title, an amount for each day); empty when there is nothing to see."""
    most = max((amount for _, amounts in lines for amount in amounts), default=0)
    if len(days) < 2 or most <= 0:
        return ""
    top = _round_up(most)
    titles = ", ".join(title for title, _ in lines)
    label = escape(f"{titles}, by day from {days[0]} to {days[-1]}; up to {most:,.0f} a day")
    parts = [f'<svg role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {HEIGHT}" width="100%">']
    for share in (0.0, 0.5, 1.0):
        y = _y(share * top, top)
        parts.append(f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="#d0d7de"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end" font-size="12">{share * top:,.10g}</text>')
    for place, anchor in ((0, "start"), (len(days) - 1, "end")):
        x = _x(place, len(days))
        parts.append(f'<text x="{x}" y="{HEIGHT - 6}" text-anchor="{anchor}" font-size="12">{days[place]}</text>')
    for number, (title, amounts) in enumerate(lines):
        style = f'stroke="{_COLOURS[number % 4]}" stroke-width="2" stroke-dasharray="{_DASHES[number % 4]}" fill="none"'
        points = " ".join(f"{_x(place, len(days))},{_y(amount, top)}" for place, amount in enumerate(amounts))
        parts.append(f'<polyline {style} points="{points}"/>')
        x = _LEFT + number * 220
        parts.append(f'<path {style} d="M{x} 12h28"/>')
        parts.append(f'<text x="{x + 34}" y="16" font-size="12">{escape(title)}</text>')
    return "".join(parts) + "</svg>\n"


def _x(place: int, count: int) -> float:
    return round(_LEFT + place * (WIDTH - _LEFT - _RIGHT) / (count - 1), 1)


def _y(amount: float, top: float) -> float:
    return round(HEIGHT - _BOTTOM - amount / top * (HEIGHT - _TOP - _BOTTOM), 1)


def _round_up(most: float) -> float:
    """The next number of one digit, or twice a half of it: 7 to 8, 123 to 200."""
    unit = 10.0 ** floor(log10(most))
    return float(2 * ceil(most / unit / 2) * unit)
