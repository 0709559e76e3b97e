"""Searches for better settings: their history, what each trial found, which settings matter, best beside present."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...store import Store
from ...store.tuning import Study, TrialRow, list_studies, list_trials
from .. import words
from .plot import Plot, Row, moment_of

FEWEST = 20  # whole trials, below which nothing is said of what matters
BINS = 4


@dataclass(frozen=True)
class Searched:
    study: Study
    trials: Sequence[TrialRow]

    @property
    def higher(self) -> bool:
        return bool(self.study.settings.get("higher", True))

    def name(self, field: str) -> str:
        """What people call it; its path, in a study that kept no names."""
        return str((self.study.settings.get("names") or {}).get(field, field))

    @property
    def whole(self) -> list[TrialRow]:
        return [t for t in self.trials if t.state == "done" and t.value is not None]

    @property
    def best(self) -> TrialRow | None:
        values = {t.number: t for t in self.whole}
        pick = max if self.higher else min
        return pick(values.values(), key=lambda t: t.value or 0.0, default=None)

    @property
    def present(self) -> TrialRow | None:
        return next((t for t in self.trials if t.number == 0), None)


def studies(store: Store) -> list[Study]:
    """Newest first."""
    with store.read() as conn:
        return list_studies(conn)[::-1]


def searched(store: Store, study: Study) -> Searched:
    with store.read() as conn:
        return Searched(study, list_trials(conn, study.id))


def study_rows(found: Sequence[Study]) -> list[Row]:
    return [
        {words.COL_STUDY: s.id, words.COL_MODEL: s.model, words.COL_SEARCH: s.search, words.COL_METRIC: s.metric,
         words.COL_TRIALS: s.settings.get("trials"), words.COL_STATE: s.state, words.COL_BEGAN: moment_of(s.started_at),
         words.COL_RESULT: gain_of(s)}
        for s in found
    ]  # fmt: skip


def gain_of(study: Study) -> str:
    """How much better the best settings were than the present ones, learned again."""
    gain = (study.result or {}).get("gain")
    if not gain:
        return words.NO_GAIN if study.state == "done" else ""
    g = gain["gain"]
    return f"{g['mean']:+.4f} [{g['low']:+.4f}, {g['high']:+.4f}]"


def gain_said(study: Study) -> str:
    """Whether the best settings are better, in a sentence; "" while nobody knows."""
    gain = (study.result or {}).get("gain")
    if not gain:
        return gain_of(study)
    said = words.GAIN if gain["gain"]["low"] > 0 else words.GAIN_CHANCE
    return str(said).format(gain=gain_of(study))


def progress_plot(found: Searched) -> Plot | None:
    if not found.whole:
        return None
    rows: list[Row] = []
    best: float | None = None
    for t in found.whole:
        value = float(t.value or 0.0)
        best = value if best is None or (value > best) == found.higher else best
        rows += [
            {"trial": t.number, "value": value, "what": words.TRIAL},
            {"trial": t.number, "value": best, "what": words.BEST_SO_FAR},
        ]
    present = found.present
    level = None if present is None or present.value is None else float(present.value)
    return Plot(
        "trials",
        words.TRIALS_TITLE.format(metric=found.study.metric, better=words.HIGHER if found.higher else words.LOWER),
        "line",
        rows,
        "trial",
        "value",
        words.TRIAL_AXIS,
        found.study.metric,
        series="what",
        level=level,
        level_title=words.PRESENT,
        loose=words.TRIAL,
    )


def importance_plot(found: Searched) -> Plot | None:
    """Share of the variance of the trials' values that bins of one setting explain, each for itself."""
    if len(found.whole) < FEWEST:
        return None
    values = np.array([t.value for t in found.whole], np.float64)
    rows: list[dict[str, Any]] = [
        {"setting": found.name(name), "share": _explained([t.params.get(name) for t in found.whole], values)}
        for name in fields_of(found)
    ]
    rows.sort(key=lambda row: -float(row["share"]))
    return Plot(
        "importance", words.IMPORTANCE_TITLE, "bar", rows, "setting", "share", words.SETTING_AXIS,
        words.IMPORTANCE_AXIS, x_kind="name", percent=True,
    )  # fmt: skip


def _explained(settings: Sequence[Any], values: np.ndarray) -> float:
    """Between-bin share of the variance (η²), less what so many bins explain by chance (ω², Hays 1963)."""
    total, n = float(((values - values.mean()) ** 2).sum()), len(values)
    if total == 0.0:
        return 0.0
    bins = _bins(settings)
    groups = [values[bins == b] for b in np.unique(bins)]
    between = sum(len(g) * (g.mean() - values.mean()) ** 2 for g in groups)
    k = len(groups)
    if k < 2 or n <= k:
        return 0.0
    error = (total - between) / (n - k)
    return float(np.clip((between - (k - 1) * error) / (total + error), 0.0, 1.0))


def _bins(settings: Sequence[Any]) -> np.ndarray:
    """Numbers by rank into BINS of equal size, all else by what it says."""
    if all(isinstance(s, int | float) and not isinstance(s, bool) for s in settings):
        values = np.array(settings, np.float64)
        return np.searchsorted(np.unique(np.quantile(values, np.arange(1, BINS) / BINS)), values)
    said = [str(s) for s in settings]
    return np.array([sorted(set(said)).index(s) for s in said])


def slice_plot(found: Searched, name: str) -> Plot:
    """The metric by one setting."""
    best = found.best
    rows = [
        {
            "setting": t.params.get(name),
            "value": t.value,
            "what": words.BEST if best is not None and t.number == best.number else words.TRIAL,
            "trial": t.number,
        }
        for t in found.whole
    ]
    numbers = all(isinstance(row["setting"], int | float) and not isinstance(row["setting"], bool) for row in rows)
    space: Mapping[str, Any] = (found.study.settings.get("space") or {}).get(name) or {}
    if not numbers:
        rows = [{**row, "setting": str(row["setting"])} for row in rows]
    log = numbers and bool(space.get("log")) and all(float(row["setting"]) > 0 for row in rows)
    return Plot(
        f"slice-{name}",
        words.SLICE_TITLE.format(metric=found.study.metric, name=found.name(name)),
        "point",
        rows,
        "setting",
        "value",
        found.name(name),
        found.study.metric,
        x_kind="number" if numbers else "name",
        series="what",
        log_x=log,
        tips=("trial",),
    )


def fields_of(found: Searched) -> list[str]:
    return list(dict.fromkeys(name for t in found.whole for name in t.params))


def beside_rows(found: Searched) -> list[Row]:
    """The best settings beside the present ones."""
    best, present = found.best, found.present
    if best is None or present is None:
        return []
    return [
        {words.COL_SETTING: found.name(name), words.PRESENT: _plain(present.params.get(name)),
         words.BEST: _plain(value), words.COL_DIFFERS: words.YES if present.params.get(name) != value else ""}
        for name, value in best.params.items()
    ]  # fmt: skip


def _plain(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
