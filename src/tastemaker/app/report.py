"""The project on one page of HTML: the app's figures with pictures as SVG inside; nothing is fetched from anywhere."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from ..monitor import Limits, Status
from ..store import Store, list_versions, read_catalog
from ..store.experiments import list_experiments
from ..store.folders import replace_file
from . import words
from .data import experiments, holdings, overview, quality, training, trouble, tuning, versions
from .data.plot import Plot, Rows, as_csv, moment_of
from .pictures import svg

STYLE = """:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1{margin-bottom:.2rem}h2{margin-top:2.2rem;border-bottom:1px solid #d5dae0}.note{color:#55606d}
table{border-collapse:collapse;margin:.6rem 0;font-size:14px}
td,th{padding:.2rem .8rem .2rem 0;border-bottom:1px solid #e3e7eb;text-align:left;vertical-align:top}
.wide{overflow-x:auto}figure{margin:1rem 0}svg{max-width:100%;height:auto;background:#fff;border-radius:6px}
.alarm{border-left:4px solid #b5344c;padding:.3rem .8rem;background:rgba(181,52,76,.08)}
@media(prefers-color-scheme:dark){body{color:#f2f4f7;background:#16181c}.note{color:#a9b3bf}td,th{border-color:#383e46}}"""
MOST = 40  # rows of a table
SLICES = 6  # settings that are drawn


def write_report(store: Store, file: Path, now: int) -> Path:
    replace_file(file, page(store, now).encode())
    return file


def page(store: Store, now: int) -> str:
    """One HTML document; on a project without items it says what to do."""
    found = overview.look(store, now)
    parts = [
        f"<h1>{escape(found.name)}</h1>",
        f"<p class=note>{' · '.join(filter(None, [escape(found.title), moment_of(now)]))} UTC</p>",
    ]
    parts += [_told(f"{one.what} {one.todo}") for one in trouble.troubles(store)]
    if found.items:
        for build in (_overview, _data, _versions, _quality, _experiments, _tuning):
            parts += build(store, found, now)
    head = "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    return f"{head}<title>{escape(found.name)}</title><style>{STYLE}</style>{''.join(parts)}</html>\n"


def _overview(store: Store, found: Status, now: int) -> Iterator[str]:
    yield _head("overview")
    if found.version is not None:
        said = words.ACTIVE_IS.format(version=found.version.id, model=found.version.algorithm)
        yield f"<p><b>{escape(said)}</b> {escape(words.SINCE.format(when=moment_of(found.since)))}</p>"
        yield f"<p class=note>{escape(words.BECAUSE.format(why=found.why))}</p>"
    yield from (_told(f"{alarm} {alarm.advice}.") for alarm in found.alarms)
    yield f"<p><b>{escape(words.NEXT)}</b></p><ul>{''.join(f'<li>{escape(step)}' for step in found.next)}</ul>"
    days, traffic = overview.accuracy_by_day(store, now), overview.traffic(store, now)
    yield _picture(overview.accuracy_plot(days, found.limits) if days else None, words.NO_OUTCOMES)
    busy = overview.traffic_plots(traffic)
    yield from map(_picture, busy) if busy else [_note(words.NO_TRAFFIC)]
    yield f"<h3>{escape(words.DECISIONS)}</h3>{_table(overview.decision_rows(found), words.NO_DECISIONS)}"


def _data(store: Store, found: Status, now: int) -> Iterator[str]:
    with store.read() as conn:
        catalog = read_catalog(conn)
    held = holdings.holdings(store, catalog)
    yield _head("data")
    yield _facts({words.M_ITEMS: f"{held.items:,}", words.M_USERS: f"{held.users:,}", words.M_REAL: f"{held.real:,}",
                  words.M_INVENTED: f"{held.synthetic:,}"})  # fmt: skip
    yield _picture(holdings.gaps_plot(holdings.gaps(catalog, store.recipe()["catalog"].get("missing") or {})))
    yield _picture(holdings.sources_plot(held))
    yield _picture(holdings.tail_plot(held) if len(held.per_item) else None, words.NO_TAIL)
    yield _picture(holdings.when_plot(store, held))
    drift = _table(holdings.drift_rows(found.drifts, found.limits.drift), words.NO_DRIFT)
    yield f"<h3>{escape(words.DRIFT)}</h3>{drift}"


def _versions(store: Store, found: Status, now: int) -> Iterator[str]:
    with store.read() as conn:
        known = list_versions(conn)
    yield _head("versions")
    yield _picture(versions.quality_plot(known))
    yield _table(versions.version_rows(known), words.NO_VERSIONS)
    if len(known) > versions.MOST:
        yield _note(words.OLDER.format(n=len(known) - versions.MOST))
    yield _picture(training.learned(store).plot)
    yield f"<h3>{escape(words.ACTIVATIONS)}</h3>{_table(versions.activation_rows(store), words.NO_ACTIVATIONS)}"


def _quality(store: Store, found: Status, now: int) -> Iterator[str]:
    seen = quality.look(store, Limits.of(store.recipe()))
    yield _head("quality")
    if not len(seen.outcomes):
        yield f"<p>{escape(words.NO_QUALITY)}</p>"
        return
    yield f"<p class=note>{escape(words.WINDOW.format(days=seen.limits.window_days))}</p>"
    yield _facts(quality.summary(seen.quality))
    for plot in (
        quality.over_time_plot(seen),
        quality.calibration_plot(seen.quality),
        quality.segments_plot(seen.quality),
    ):
        yield _picture(plot)
    yield _table(quality.version_rows(seen.quality))
    with store.read() as conn:
        worst = quality.worst_rows(seen.quality, read_catalog(conn))
    yield f"<h3>{escape(words.WORST)}</h3>{_table(worst, words.NO_WORST)}"


def _experiments(store: Store, found: Status, now: int) -> Iterator[str]:
    yield _head("experiments")
    with store.read() as conn:
        known = list_experiments(conn)
    if not known:
        yield f"<p>{escape(words.NO_EXPERIMENTS)}</p>"
        return
    report = experiments.look(store, known[-1].id)
    yield f"<p><b>{escape(report.verdict.sentence)}</b></p>"
    yield _picture(experiments.lift_plot(store, report), words.NO_LIFT)
    yield _table(experiments.arm_rows(report))
    yield f"<h3>{escape(words.GUARDS)}</h3>{_table(experiments.guard_rows(report), words.NO_GUARDS)}"
    yield _note(report.price)


def _tuning(store: Store, found: Status, now: int) -> Iterator[str]:
    yield _head("tuning")
    known = tuning.studies(store)
    if not known:
        yield f"<p>{escape(words.NO_STUDIES)}</p>"
        return
    one = tuning.searched(store, known[0])
    yield _picture(tuning.progress_plot(one), words.NO_TRIALS)
    yield _picture(tuning.importance_plot(one), words.FEW_TRIALS)
    yield _note(tuning.gain_said(known[0])) + _table(tuning.beside_rows(one))
    yield from (_picture(tuning.slice_plot(one, name)) for name in tuning.fields_of(one)[:SLICES])


def _head(name: str) -> str:
    return f"<h2>{escape(words.PAGES[name][0])}</h2>"


def _told(text: str) -> str:
    return f"<p class=alarm>{escape(text)}</p>"


def _facts(found: Mapping[str, str]) -> str:
    return "<p>" + " · ".join(f"{escape(name)}: <b>{escape(value)}</b>" for name, value in found.items()) + "</p>"


def _picture(plot: Plot | None, empty: str = "") -> str:
    if plot is None or not plot.rows:
        return _note(empty)
    kept = b64encode(as_csv(plot.rows).encode()).decode("ascii")
    link = f'<a download="{escape(plot.name)}.csv" href="data:text/csv;base64,{kept}">{words.CSV}</a>'
    return f'<figure><div role=img aria-label="{escape(plot.described)}">{svg(plot)}</div>{link}</figure>'


def _note(text: str) -> str:
    return f"<p class=note>{escape(text)}</p>" if text else ""


def _table(rows: Rows, empty: str = "") -> str:
    if not rows:
        return _note(empty)
    heads = list(rows[0])
    lines = ["".join(f"<td>{escape(_cell(row.get(name)))}</td>" for name in heads) for row in rows[:MOST]]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f"<div class=wide><table><tr>{''.join(f'<th>{escape(name)}</th>' for name in heads)}</tr>{body}</table></div>"
    )


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
