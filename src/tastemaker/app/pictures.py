"""A Plot as SVG, drawn by Matplotlib without a screen; text stays text, so that it can be read and searched."""

from collections.abc import Sequence
from datetime import datetime
from io import StringIO
from itertools import pairwise
from textwrap import wrap
from typing import Any

from .data.plot import Plot, Row

COLORS = ("#2f6fb3", "#b8560f", "#2e7d4f", "#8a4fb0", "#b5344c", "#5d6b78")
GRAY = "#7a8594"
SETTINGS: Any = {"svg.fonttype": "none", "svg.hashsalt": "tastemaker", "font.family": "sans-serif", "font.size": 10}


def svg(plot: Plot) -> str:
    """An <svg> element; the same plot gives the same bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    named = plot.x_kind == "name"
    names = list(dict.fromkeys(str(row[plot.x]) for row in plot.rows)) if named else []
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(8.4, 1.3 + 0.3 * len(names) if named else 3.4), layout="constrained")
        axes = figure.subplots()
        (_named if named else _plain)(axes, plot)
        axes.set_title("\n".join(wrap(plot.title, 90)), loc="left", fontsize=11, fontweight="bold")
        axes.spines[["top", "right"]].set_visible(False)
        kept = StringIO()
        figure.savefig(kept, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = kept.getvalue()
    return text[text.index("<svg") :]


def _series(plot: Plot) -> list[tuple[str, list[Row]]]:
    """(label, its rows), in order of appearance."""
    found: dict[str, list[Row]] = {}
    for row in plot.rows:
        label = [str(row[name]) for name in (plot.series, plot.dash) if name]
        found.setdefault(", ".join(label), []).append(row)
    return list(found.items())


def _colors(plot: Plot) -> dict[str, str]:
    """A color each of the series; what is dashed has that of its line."""
    names = dict.fromkeys(str(row[plot.series]) if plot.series else "" for row in plot.rows)
    return {name: COLORS[k % len(COLORS)] for k, name in enumerate(names)}


def _named(axes: Any, plot: Plot) -> None:
    """Names on the left, the first on top."""
    names = list(dict.fromkeys(str(row[plot.x]) for row in plot.rows))
    series = _series(plot)
    several = len(names) < len(plot.rows)
    height = 0.7 / (len(series) if several else 1)
    for k, (label, rows) in enumerate(series):
        at = [names.index(str(row[plot.x])) + (k * height if several else 0.0) for row in rows]
        values, color = [row[plot.y] for row in rows], COLORS[k % len(COLORS)]
        if plot.kind == "bar":
            axes.barh(at, values, height=height, color=color, label=label or None)
            continue
        axes.plot(values, at, "o", color=color, label=label or None)
        if plot.low:
            axes.hlines(at, [row[plot.low] for row in rows], [row[plot.high] for row in rows], color=color)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel(plot.y_title)
    _percent(axes.xaxis, plot)
    _legend(axes, plot)


def _plain(axes: Any, plot: Plot) -> None:
    colors, kinds = _colors(plot), list(dict.fromkeys(row[plot.dash] for row in plot.rows)) if plot.dash else [""]
    for label, rows in _series(plot):
        color = colors[str(rows[0][plot.series]) if plot.series else ""]
        x, y = _moments(plot, rows, plot.x), [row[plot.y] for row in rows]
        dashed = bool(plot.dash) and rows[0][plot.dash] != kinds[0]
        if plot.kind == "bar":
            axes.bar(x, y, width=_width(x), color=color, label=label or None)
        else:
            line = "o" if plot.kind == "point" or (label and label == plot.loose) else "--" if dashed else "-"
            axes.plot(x, y, line, color=color, label=label or None, markersize=4, linewidth=1.6)
        if plot.low and not dashed:
            axes.fill_between(
                x, [row[plot.low] for row in rows], [row[plot.high] for row in rows], color=color, alpha=0.2
            )
    _behind(axes, plot)
    axes.set(xlabel=plot.x_title, ylabel=plot.y_title, **({"xscale": "log"} if plot.log_x else {}))
    _percent(axes.yaxis, plot)
    if plot.diagonal:
        _percent(axes.xaxis, plot)
    if plot.x_kind == "time":
        _days(axes.xaxis)
    _legend(axes, plot)


def _moments(plot: Plot, rows: Sequence[Row], name: str) -> list[Any]:
    return [datetime.fromisoformat(row[name]) for row in rows] if plot.x_kind == "time" else [row[name] for row in rows]


def _width(x: Sequence[Any]) -> Any:
    return min((b - a for a, b in pairwise(x)), default=0.8) * 0.85 if len(x) > 1 else 0.8


def _behind(axes: Any, plot: Plot) -> None:
    if plot.level is not None:
        axes.axhline(plot.level, color=GRAY, linestyle="--", linewidth=1, label=plot.level_title or None)
    if plot.diagonal:
        axes.plot([0, 1], [0, 1], color=GRAY, linestyle="--", linewidth=1)
    for mark in plot.marks:
        at = _moments(plot, [mark], "at")[0]
        axes.axvline(at, color=GRAY, linestyle=":", linewidth=1)
        axes.annotate(
            mark["label"], (at, 1.0), xycoords=("data", "axes fraction"), fontsize=8, va="top", color="#55606d"
        )


def _percent(axis: Any, plot: Plot) -> None:
    if plot.percent:
        from matplotlib.ticker import PercentFormatter

        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _days(axis: Any) -> None:
    """Few enough dates that none runs into the next."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    axis.set_major_locator(locator)
    axis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def _legend(axes: Any, plot: Plot) -> None:
    handles, _ = axes.get_legend_handles_labels()
    if handles:
        axes.legend(frameon=False, fontsize=9, loc="best")
