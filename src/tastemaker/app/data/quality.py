"""Foretold beside realised: over time and by version, calibration, segments, worst items, what nobody expected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np

from ...data.catalog import Catalog
from ...metrics import wilson
from ...monitor import DAY, Figures, Limits, Quality, unexpected
from ...monitor import quality as judge
from ...store import Store, list_activations
from ...store.quality import Outcomes, read_outcomes
from .. import words
from .plot import Plot, Row, moment, moment_of

BARS = 40  # points of the line at most
EACH = 50  # outcomes a point, at least
WORST = 15
MOST = 100_000  # latest outcomes that are read for the line over time


@dataclass(frozen=True)
class Seen:
    """quality: of the window before the last outcome; outcomes: all that the line over time is drawn from"""

    quality: Quality
    outcomes: Outcomes
    activations: Sequence[Row]
    limits: Limits


def look(store: Store, limits: Limits) -> Seen:
    with store.read() as conn:
        found = judge(conn, limits)
        outcomes = read_outcomes(conn)
        log = list_activations(conn)
    return Seen(found, outcomes.where(np.arange(max(0, len(outcomes) - MOST), len(outcomes))), log, limits)


def over_time_plot(seen: Seen) -> Plot | None:
    """How sure the versions were, and how often they were right."""
    said = seen.outcomes.where(seen.outcomes.said)
    if not len(said):
        return None
    rows = [row for part in _parts(said) for row in _foretold_and_realised(part)]
    rows.sort(key=lambda row: (row["what"], row["until"]))
    first, last = int(said.at.min()), int(said.at.max())
    within = [a for a in seen.activations if first - DAY <= a["at"] <= last]
    marks = [{"at": moment(a["at"]), "label": words.MARK.format(version=a["version"])} for a in within]
    return Plot(
        "quality", words.OVER_TIME_TITLE, "line", rows, "until", "share", words.OVER_TIME_X,
        words.ACCURACY_AXIS, x_kind="time", series="what", marks=marks, level=seen.limits.min_accuracy,
        level_title=words.LIMIT, percent=True, low="low", high="high", tips=("versions", "outcomes"),
    )  # fmt: skip


def _parts(said: Outcomes) -> list[Outcomes]:
    """In time, each of as many outcomes as say something; at most BARS."""
    n = max(1, min(BARS, len(said) // EACH))
    return [said.where(rows) for rows in np.array_split(np.arange(len(said)), n)]


def _foretold_and_realised(part: Outcomes) -> list[Row]:
    """How sure the versions were on average, and how often they were right, with Wilson's interval."""
    right = wilson(float(part.correct.sum()), len(part))
    sure = float(np.maximum(part.chance, 1.0 - part.chance).mean())
    names = ", ".join(str(v) for v in np.unique(part.version).tolist())
    both = {"until": moment(int(part.at[-1])), "versions": names, "outcomes": len(part)}
    return [
        {**both, "share": sure, "low": sure, "high": sure, "what": words.FORETOLD},
        {**both, "share": right.mean, "low": right.low, "high": right.high, "what": words.REALISED},
    ]


def calibration_plot(found: Quality) -> Plot | None:
    rows = [{"chance": float(c), "liked": float(s), "outcomes": int(n)} for c, s, n in found.curve if n > 0]
    if not rows:
        return None
    return Plot(
        "calibration", words.CALIBRATION_TITLE, "line", rows, "chance", "liked", words.CHANCE_AXIS, words.LIKED_AXIS,
        percent=True, diagonal=True, tips=("outcomes",),
    )  # fmt: skip


def figure_row(name: str, f: Figures) -> Row:
    return {
        words.COL_NAME: name,
        words.COL_OUTCOMES: f.said,
        words.COL_USERS: f.users,
        words.COL_RIGHT: _percent(f.accuracy.mean),
        words.COL_LOW: _percent(f.accuracy.low),
        words.COL_HIGH: _percent(f.accuracy.high),
        words.COL_RMSE: _finite(f.rmse),
        words.COL_CALIBRATION: _finite(f.calibration),
        words.COL_LIKED: _percent(f.liked),
        words.COL_PLACE: _percent(f.place),
    }


def _finite(value: float) -> float | None:
    return round(value, 4) if isfinite(value) else None


def _percent(value: float) -> str | None:
    return f"{value:.1%}" if isfinite(value) else None


def version_rows(found: Quality) -> list[Row]:
    return [figure_row(words.VERSION_N.format(n=n), f) for n, f in found.versions.items()]


def segments_plot(found: Quality) -> Plot | None:
    rows = [
        {"segment": name, "right": f.accuracy.mean, "low": f.accuracy.low, "high": f.accuracy.high, "outcomes": f.said}
        for name, f in found.segments.items() if f.said
    ]  # fmt: skip
    if not rows:
        return None
    return Plot(
        "segments", words.SEGMENTS_TITLE, "point", rows, "segment", "right", words.SEGMENT_AXIS, words.ACCURACY_AXIS,
        x_kind="name", low="low", high="high", percent=True, tips=("outcomes",),
    )  # fmt: skip


def worst_rows(found: Quality, catalog: Catalog) -> list[Row]:
    """Items with enough outcomes whose likes were foretold wrongly most often."""
    judged = [(row, f) for row, f in found.items.items() if f.said and row < len(catalog)]
    judged.sort(key=lambda pair: pair[1].accuracy.mean)
    return [
        {
            words.COL_ITEM: catalog.titles[row],
            words.COL_OUTCOMES: f.said,
            words.COL_RIGHT: _percent(f.accuracy.mean),
            words.COL_LOW: _percent(f.accuracy.low),
            words.COL_HIGH: _percent(f.accuracy.high),
            words.COL_LIKED: _percent(f.liked),
        }
        for row, f in judged[:WORST]
    ]


def unexpected_rows(seen: Seen, catalog: Catalog) -> tuple[int, list[Row]]:
    """How many outcomes nobody had expected, and the latest of them."""
    flagged = unexpected(seen.outcomes, len(catalog))
    mine = seen.outcomes.where(flagged.any)
    last = mine.where(np.arange(max(0, len(mine) - WORST), len(mine))[::-1])
    rows: list[Row] = [
        {
            words.COL_WHEN: moment_of(int(last.at[k])),
            words.COL_ITEM: catalog.titles[int(last.item[k])],
            words.COL_CHANCE: _percent(float(last.chance[k])),
            words.COL_BECAME: words.LIKED if last.liked[k] else words.DISLIKED,
            words.COL_VERSION: int(last.version[k]),
        }
        for k in range(len(last))
        if last.item[k] < len(catalog)
    ]
    return len(mine), rows


def impact_page(root: Path) -> bytes | None:
    """The latest page of `tastemaker impact`: what learning from them changes."""
    files = sorted((root / "plots").glob("impact-*.html"), key=lambda file: file.stat().st_mtime)
    return files[-1].read_bytes() if files else None


def summary(found: Quality) -> Mapping[str, str]:
    w = found.whole
    return {
        words.COL_OUTCOMES: f"{w.said:,}",
        words.COL_RIGHT: f"{w.accuracy.mean:.1%}" if w.said else "–",
        words.COL_CALIBRATION: f"{w.calibration:.3f}" if w.said else "–",
        words.COL_PLACE: f"{w.place:.0%}" if isfinite(w.place) else "–",
    }
