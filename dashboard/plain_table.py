"""Small tables as HTML: read by a screen reader cell by cell, and scrolled within themselves on a phone."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.display import shown

_STYLE = """<style>
.qy-scroll {overflow-x: auto}
.qy-table {border-collapse: collapse; width: 100%; font-size: .9rem; line-height: 1.35}
.qy-table caption {text-align: left; font-size: .86rem; opacity: .8; padding: .2rem 0}
.qy-table th, .qy-table td {border-bottom: 1px solid rgba(128,140,146,.28); padding: .25rem .6rem .25rem 0; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; min-width: 3.2em}
.qy-table th {font-weight: 600; white-space: nowrap} .qy-table .n {text-align: right; font-variant-numeric: tabular-nums}
</style>"""


def html_of(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    name: str,
    right: Sequence[int] = (),
    links: Sequence[str] = (),
) -> str:
    """The table as HTML, every cell text. name: what it is, above it; right: places of columns of numbers; links: addresses of
    this site that the first cells lead to, one for each row, empty for none."""

    def cell(tag: str, place: int, text: str, more: str = "") -> str:
        css = ' class="n"' if place in right else ""
        return f"<{tag}{css}{more}>{shown(text)}</{tag}>"

    def line(n: int, row: Sequence[str]) -> str:
        cells = [cell("td", place, text) for place, text in enumerate(row)]
        if links:
            cells[0] = f'<td><a href="{shown(links[n])}" target="_self">{shown(row[0])}</a></td>'
        return "<tr>" + "".join(cells) + "</tr>"

    head = "".join(cell("th", n, text, ' scope="col"') for n, text in enumerate(heads))
    body = "".join(line(n, row) for n, row in enumerate(rows))
    return (
        f'{_STYLE}<div class="qy-scroll" tabindex="0" role="region" aria-label="{shown(name)}"><table class="qy-table">'
        f"<caption>{shown(name)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def show(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    name: str,
    right: Sequence[int] = (),
    links: Sequence[str] = (),
) -> None:
    """Show it."""
    st.html(html_of(heads, rows, name=name, right=right, links=links))
