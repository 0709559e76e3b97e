"""Foretold beside realised: over time and by version, calibration, segments, worst items, what nobody expected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from ...data.catalog import Catalog
from ...metrics import Interval, effective, wilson
from ...monitor import DAY, Figures, Limits, Quality, unexpected
from ...monitor.quality import HEAD, quality_of, window_of
from ...store import Store, list_activations
from ...store.quality import Outcomes, read_outcomes
from ...store.tables import recommendation_quality
from .. import words
from .plot import Plot, Row, moment, moment_of

BARS = 40  # points of a line at most
LINES = 5  # versions at most that have a line: the latest
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
    """All outcomes that are looked at are read once."""
    at = recommendation_quality.c.at
    with store.read() as conn:
        window = window_of(conn, limits)
        since = conn.scalar(sa.select(at).order_by(at.desc()).offset(MOST).limit(1))
        read = read_outcomes(conn, None if since is None else min(since, window[0]))
        found = quality_of(conn, limits, read.where(read.at > window[0]), window)
        drawn = read if since is None else read.where(read.at > since)
        return Seen(found, drawn, list_activations(conn), limits)


def over_time_plot(seen: Seen) -> Plot | None:
    """How sure each of the latest versions was, and how often it was right."""
    said = seen.outcomes.where(seen.outcomes.said)
    if not len(said):
        return None
    rows = [row for mine in _by_version(said) for part in _parts(mine) for row in _foretold_and_realised(part)]
    first, last = int(said.at.min()), int(said.at.max())
    within = [a for a in seen.activations if first - DAY <= a["at"] <= last][-LINES:]
    marks = [{"at": moment(a["at"]), "label": words.MARK.format(version=a["version"])} for a in within]
    return Plot(
        "quality", words.OVER_TIME_TITLE, "line", rows, "until", "share", words.OVER_TIME_X,
        words.ACCURACY_AXIS, x_kind="time", series="version", dash="what", marks=marks, level=seen.limits.min_accuracy,
        level_title=words.LIMIT, percent=True, low="low", high="high", tips=("outcomes",),
    )  # fmt: skip


def _by_version(said: Outcomes) -> list[Outcomes]:
    """The latest versions that answered, each with all that was foretold by it."""
    last = {int(v): int(said.at[said.version == v].max()) for v in np.unique(said.version)}
    latest = sorted(sorted(last, key=lambda v: last[v])[-LINES:])
    return [said.where(said.version == v) for v in latest]


def _parts(said: Outcomes) -> list[Outcomes]:
    """In time, each of as many outcomes as say something; at most BARS."""
    n = max(1, min(BARS, len(said) // EACH))
    return [said.where(rows) for rows in np.array_split(np.arange(len(said)), n)]


def _foretold_and_realised(part: Outcomes) -> list[Row]:
    """How sure the version was on average, and how often it was right."""
    right = share_of(part.correct, part.user)
    said = float(np.maximum(part.chance, 1.0 - part.chance).mean())
    version = words.VERSION_N.format(n=int(part.version[0]))
    both = {"until": moment(int(part.at[-1])), "version": version, "outcomes": len(part)}
    return [
        {**both, "share": right.mean, "low": right.low, "high": right.high, "what": words.REALISED},
        {**both, "share": said, "low": said, "high": said, "what": words.FORETOLD},
    ]


def share_of(hit: np.ndarray, user: np.ndarray) -> Interval:
    """The share of hits, with the interval of as many independent outcomes as these are worth."""
    n = effective(hit, user)
    return wilson(float(hit.mean()) * n, n) if len(hit) else wilson(0.0, 0.0)


def sure(f: Figures) -> Interval:
    """Its accuracy, as `share_of` says it."""
    return wilson(f.accuracy.mean * f.independent, f.independent) if f.said else f.accuracy


def calibration_plot(found: Quality) -> Plot | None:
    rows = [{"chance": float(c), "liked": float(s), "outcomes": int(n)} for c, s, n in found.curve if n > 0]
    if not rows:
        return None
    return Plot(
        "calibration", words.CALIBRATION_TITLE, "line", rows, "chance", "liked", words.CHANCE_AXIS, words.LIKED_AXIS,
        percent=True, diagonal=True, size="outcomes", tips=("outcomes",),
    )  # fmt: skip


def figure_row(name: str, f: Figures) -> Row:
    right = sure(f)
    return {
        words.COL_NAME: name,
        words.COL_OUTCOMES: f.said,
        words.COL_USERS: f.users,
        words.COL_RIGHT: _percent(right.mean),
        words.COL_SURE: _between(right),
        words.COL_RMSE: _finite(f.rmse),
        words.COL_CALIBRATION: _finite(f.calibration),
        words.COL_LIKED: _percent(f.liked),
        words.COL_PLACE: _percent(f.place),
    }


def _finite(value: float) -> float | None:
    return round(value, 4) if isfinite(value) else None


def _percent(value: float) -> str | None:
    return f"{value:.1%}" if isfinite(value) else None


def _between(found: Interval) -> str | None:
    """Both ends, in whole percents."""
    return f"{found.low:.0%} to {found.high:.0%}" if isfinite(found.low) else None


def version_rows(found: Quality) -> list[Row]:
    return [figure_row(words.VERSION_N.format(n=n), f) for n, f in found.versions.items()]


def segments_plot(found: Quality) -> Plot | None:
    judged = [(name, f, sure(f)) for name, f in found.segments.items() if f.said]
    rows = [
        {
            "segment": words.SEGMENT_NAMES.get(name, name).format(head=HEAD),
            "right": right.mean,
            "low": right.low,
            "high": right.high,
            "outcomes": f.said,
        }
        for name, f, right in judged
    ]
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
            words.COL_SURE: _between(f.accuracy),  # of one item, most outcomes are of different users
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
