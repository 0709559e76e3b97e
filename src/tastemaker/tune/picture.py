"""A search as a picture and as one page: progress, importance, slices; a PNG, and HTML that needs nothing else."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from io import BytesIO
from typing import Any

from .report import UNSEEN, Report
from .space import Range

SLICES = 6  # fields that get a panel
STYLE = """body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; color: #222 }
table { border-collapse: collapse; margin: 1rem 0 } td, th { padding: .2rem .8rem; border-bottom: 1px solid #ddd }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums } img { max-width: 100% } .note { color: #666 }"""


def png(report: Report) -> bytes:
    kept = BytesIO()
    drawn(report).savefig(kept, format="png", metadata={"Software": None})
    return kept.getvalue()


def drawn(report: Report) -> Any:
    """Best so far by trial, importance of the fields, and the metric by each field."""
    from matplotlib.figure import Figure

    slices = list(report.slices().items())[:SLICES]
    rows = 1 + (len(slices) + 2) // 3
    figure = Figure(figsize=(10.0, 3.2 * rows), dpi=110, layout="constrained")
    figure.suptitle(f"{report.model}: {report.search} search, {len(report.trials)} trials", fontsize=12)
    layout = figure.add_gridspec(rows, 6)
    _progress(figure.add_subplot(layout[0, :4]), report)
    _importance(figure.add_subplot(layout[0, 4:]), report)
    for place, (path, points) in enumerate(slices):
        column = 2 * (place % 3)
        _slice(figure.add_subplot(layout[1 + place // 3, column : column + 2]), report, path, points)
    return figure


def _progress(axes: Any, report: Report) -> None:
    axes.set(title="Best so far", xlabel="trial", ylabel=report.metric)
    whole = [(t.number, t.value) for t in report.trials if t.state == "done"]
    if whole:
        axes.plot(*zip(*whole, strict=True), "o", color="#bbb", label="a trial")
        axes.step(*zip(*report.best_so_far(), strict=True), where="post", label="best so far")
    if report.present is not None and report.present.value is not None:
        axes.axhline(report.present.value, color="gray", linestyle=":", label="present settings")
    for trial in report.trials:
        if trial.state != "done":
            axes.axvline(trial.number, color="#eee", zorder=0)
    if whole:
        axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def _importance(axes: Any, report: Report) -> None:
    axes.set(title="What matters (PED-ANOVA)", xlabel="share")
    paths = list(report.importance)[::-1]
    if not paths:
        axes.text(0.5, 0.5, "too few trials to tell", ha="center", transform=axes.transAxes)
    axes.barh([report.name(path) for path in paths], [report.importance[path] for path in paths], color="#4878a8")
    axes.spines[["top", "right"]].set_visible(False)


def _slice(axes: Any, report: Report, path: str, points: Sequence[tuple[Any, float]]) -> None:
    axes.set(xlabel=report.name(path), ylabel=report.metric)
    field = report.space[path]
    if isinstance(field, Range) and field.log:
        axes.set_xscale("log")
        axes.tick_params(axis="x", which="minor", labelbottom=False)
    x = [value if isinstance(field, Range) else str(value) for value, _ in points]
    axes.scatter(x, [value for _, value in points], s=16, alpha=0.7)
    if report.best is not None and report.best.value is not None:
        at = report.best.params[path]
        axes.scatter([at if isinstance(field, Range) else str(at)], [report.best.value], s=60, marker="*", color="#c33")
    axes.spines[["top", "right"]].set_visible(False)


def page(report: Report, picture: bytes) -> str:
    """One HTML file with everything in it."""
    parts = [f"<h1>Tuning {escape(report.model)}</h1>", f"<p>{escape(said(report))}</p>"]
    parts += [f"<p class=note>{escape(report.protocol)}; {UNSEEN}. Study {escape(report.study)}.</p>"]
    settings = [] if report.best is None or report.present is None else [
        (report.name(path), text(report.present.params[path]), text(report.best.params[path]), _share(report, path))
        for path in report.slices()
    ]  # fmt: skip
    parts += ["<h2>Settings</h2>", _table(("field", "present", "best", "importance"), settings)]
    parts += [f"<p class=note>{escape(report.unranked)}</p>"] * bool(report.unranked)
    encoded = b64encode(picture).decode("ascii")
    parts += [f'<img alt="Best so far, importance and slices" src="data:image/png;base64,{encoded}">']
    fields = list(report.space)
    trials = [
        (str(t.number), t.state, text(t.value), *(text(t.params.get(p)) for p in fields), f"{t.seconds:.1f}")
        for t in report.trials
    ]
    parts += [
        "<h2>Trials</h2>",
        _table(("trial", "state", report.metric, *map(report.name, fields), "seconds"), trials),
    ]
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(report.study)}</title>"
    return f"{head}<style>{STYLE}</style>{''.join(parts)}</html>\n"


def said(report: Report) -> str:
    """What came out, in a sentence or two."""
    states = f"{report.count('done')} whole, {report.count('pruned')} pruned, {report.count('failed')} failed"
    made = f"{len(report.trials)} of {report.wanted} trials ({states})"
    if report.best is None:
        return f"{made}; none came to its end."
    if report.gain is None:
        if report.best.number == 0:
            return f"{made}; the present settings are the best: {report.metric} {text(report.best.value)}."
        return f"{made}; best so far: trial {report.best.number}, {report.metric} {text(report.best.value)}."
    g = report.gain
    sure = "the interval is above 0" if report.sure else "the interval holds 0, so it may be chance"
    return (
        f"{made}; the best is trial {report.best.number}. Learned again: {report.metric} {g.best:.4f}, present "
        f"settings {g.present:.4f}; better by {g.gain.mean:+.4f} [{g.gain.low:+.4f}, {g.gain.high:+.4f}], and {sure}."
    )


def text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _share(report: Report, path: str) -> str:
    return f"{report.importance[path]:.0%}" if path in report.importance else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag} class=n>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{line(head, 'th')}{''.join(line(row, 'td') for row in rows)}</table>"
