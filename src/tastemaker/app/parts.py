"""Pieces that pages share: a chart with its data, a table, an empty place that says what to do next."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from tastemaker.app import words
from tastemaker.app.data.plot import Plot, Rows, as_csv

FEW = 40  # rows that are shown all at once
SHORT, LONG = 18, 40  # characters that stay on one line; that want room


def chart(plot: Plot | None, empty: str = "", height: int = 280) -> None:
    """The picture and its data; where there is nothing to draw, what to do about that."""
    if plot is None or not plot.rows:
        if empty:
            nothing(empty)
        return
    from tastemaker.app.charts import draw  # with Altair, which the first page does without

    with st.container(border=True, height="stretch"):
        st.markdown(f"**{plot.title}**")
        st.altair_chart(draw(plot, height), alt=plot.described, key=f"chart {plot.name}")
        download(plot.name, lambda: plot.rows)


def charts(plots: Sequence[Plot | None], empty: str = "") -> None:
    """Two beside each other, as high as each other; one alone is as wide as the page."""
    found = [plot for plot in plots if plot is not None and plot.rows]
    if not found:
        chart(None, empty)
    for k in range(0, len(found), 2):
        pair = found[k : k + 2]
        for place, plot in zip(st.columns(2) if k or len(pair) == 2 else [st.container()], pair, strict=False):
            with place:
                chart(plot)


def download(name: str, rows: Callable[[], Rows]) -> None:
    """The file is written when somebody asks for it."""
    st.download_button(
        words.CSV, lambda: as_csv(rows()), f"{name}.csv", "text/csv", key=f"csv {name}", icon=":material/download:",
        type="tertiary", on_click="ignore", help=words.CSV_HELP.format(name=name),
    )  # fmt: skip


def table(rows: Rows, empty: str = "", alt: str = "") -> None:
    """Few rows wrap and are read aloud; many scroll. A column of which nothing is known is left out."""
    if not rows:
        if empty:
            st.caption(empty)
        return
    said = [name for name in rows[0] if any(row.get(name) not in (None, "") for row in rows)]
    if len(rows) <= FEW:
        st.html(table_html(said, rows, alt or said[0]))
        return
    st.dataframe(
        [{name: row.get(name) for name in said} for row in rows], hide_index=True, width="stretch", alt=alt or None
    )


def table_html(names: Sequence[str], rows: Rows, label: str) -> str:
    """A table that the keyboard can scroll where the screen is narrow."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    cells = ("".join(_cell(row.get(name)) for name in names) for row in rows)
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return (
        f'<div class="tastemaker-table" tabindex="0" role="region" aria-label="{escape(label)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(value: Any) -> str:
    """A number with as many digits as say something; nothing for None."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f'<td class="n">{value:,.4g}</td>' if isinstance(value, float) else f'<td class="n">{value:,}</td>'
    text = "" if value is None else str(value)
    kind = "s" if len(text) <= SHORT else "l" if len(text) > LONG else "m"
    return f'<td class="{kind}">{escape(text)}</td>'


def sparkline(values: Sequence[float], label: str) -> None:
    """A line without axes, under a figure."""
    low, high = min(values), max(values)
    span, step = (high - low) or 1.0, 100 / max(len(values) - 1, 1)
    points = " ".join(f"{k * step:.1f},{28 - 26 * (v - low) / span:.1f}" for k, v in enumerate(values))
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 30" preserveAspectRatio="none">'
        f'<polyline points="{points}" fill="none" stroke="#4a8fd6" stroke-width="1.6" '
        'vector-effect="non-scaling-stroke"/></svg>'
    )
    inside = b64encode(drawn.encode()).decode("ascii")  # a picture inside the page: nothing is fetched
    style = "width:100%;height:34px;display:block"
    st.html(f'<img alt="{escape(label)}" src="data:image/svg+xml;base64,{inside}" style="{style}">')


def plain(text: str) -> str:
    """Nobody's title may be Markdown."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()#+!|~:$<>" else c for c in text)


def nothing(text: str) -> None:
    st.info(text, icon=":material/hourglass_empty:")


def figures(found: Mapping[str, str], helps: Mapping[str, str] | None = None) -> None:
    """A few large numbers beside each other; below each other where there is no room."""
    with st.container(horizontal=True, gap="small"):
        for name, value in found.items():
            st.metric(name, value, border=True, width="content", help=(helps or {}).get(name))


def command(text: str, lines: Sequence[str]) -> None:
    """For those who prefer the terminal."""
    with st.expander(words.TERMINAL, icon=":material/terminal:"):
        st.caption(text)
        st.code("\n".join(lines), language="bash")
