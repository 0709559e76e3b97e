"""What impact found as a picture, and as one page that needs nothing else."""

from base64 import b64encode
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from .impact import Impact
from .impact_lessons import Lessons
from .impact_told import day, told

STYLE = """body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; color: #222 }
table { border-collapse: collapse; margin: 1rem 0 } td, th { padding: .2rem .8rem; border-bottom: 1px solid #ddd }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums } img { max-width: 100% }"""


def write_impact(folder: Path, found: Impact) -> tuple[Path, Path]:
    """impact-N.png and impact-N.html in `folder`."""
    picture, page = (folder / f"impact-{found.version.id}.{end}" for end in ("png", "html"))
    folder.mkdir(parents=True, exist_ok=True)
    drawn = png(found)
    picture.write_bytes(drawn)
    page.write_text(html(found, drawn), "utf-8")
    return picture, page


def png(found: Impact) -> bytes:
    """How many in each period; and how much better each way of learning is, with its interval."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 3.6), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    _by_period(left, found)
    _by_scenario(right, found.lessons)
    kept = BytesIO()
    figure.savefig(kept, format="png", metadata={"Software": None})
    return kept.getvalue()


def _by_period(axes: Any, found: Impact) -> None:
    axes.set(title="Unexpected outcomes", ylabel="share of all outcomes")
    periods = [(begin, k / n) for begin, k, n in found.periods if n]
    axes.bar([day(begin) for begin, _ in periods], [share for _, share in periods], color="#4878a8")
    axes.tick_params(axis="x", rotation=60, labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)


def _by_scenario(axes: Any, found: Lessons) -> None:
    axes.set(title="Learning from them", xlabel=f"better by ({found.metric}), 95 %" if found.metric else "")
    lifts = [(s.name, s.lift) for s in found.scenarios if s.lift is not None]
    lifts += [(f"{one.title}'s", one.lift) for one in found.influence]
    if not lifts:
        axes.text(0.5, 0.5, "too little to learn from", ha="center", transform=axes.transAxes)
    for at, (_, lift) in enumerate(reversed(lifts)):
        axes.plot([lift.low, lift.high], [at, at], color="#4878a8")
        axes.plot([lift.mean], [at], "o", color="#4878a8")
    axes.set_yticks(range(len(lifts)), [name for name, _ in reversed(lifts)], fontsize=8)
    axes.locator_params(axis="x", nbins=5)
    axes.axvline(0.0, color="gray", linewidth=0.8, linestyle=":")
    axes.spines[["top", "right"]].set_visible(False)


def html(found: Impact, picture: bytes) -> str:
    title = f"Unexpected outcomes of version {found.version.id}"
    parts = [f"<h1>{title}</h1>"]
    for head, sentences in told(found):
        parts += [f"<h2>{escape(head)}</h2>", *(f"<p>{escape(sentence)}</p>" for sentence in sentences)]
    encoded = b64encode(picture).decode("ascii")
    parts.append(
        f'<img alt="Unexpected outcomes by period, and what learning changes" src="data:image/png;base64,{encoded}">'
    )
    for head, most in (("Items", found.top_items), ("Users", found.top_users)):
        rows = "".join(f"<tr><td>{escape(name)}<td class=n>{k}<td class=n>{n}" for name, (k, n) in most.items())
        parts.append(f"<h2>{head}</h2><table><tr><th><th class=n>unexpected<th class=n>outcomes{rows}</table>")
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>"
    return f"{head}{''.join(parts)}</html>\n"
