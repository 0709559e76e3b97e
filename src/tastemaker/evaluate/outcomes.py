"""Scorer × what was known × what came later -> OutcomeReport: every later outcome is foretold from its user's past.

Prequential (Dawid 1984, "Statistical Theory: The Prequential Approach"): each outcome is predicted from what had
happened strictly before it, the scorer stays as it was fitted, and a user whom nobody had met is known by what they
did since.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np

from ..data.arrays import Bool, Float32, Float64, Int32, Int64
from ..data.dataset import Dataset, Scale
from ..data.known import known_before
from ..metrics import Interval, calibration_error, mean_loss, outcome_losses, rmse
from ..scorers import Scorer

PROTOCOL = "each later outcome foretold from what its user had done before it; intervals over users"
Metric = Literal["accuracy", "rmse", "log loss"]
BETTER: Mapping[str, int] = {"accuracy": 1, "rmse": -1, "log loss": -1, "brier": -1, "calibration": -1}
LOSS: Mapping[str, str] = {"rmse": "squared error"}


@dataclass(frozen=True)
class Foretold:
    """Predictions beside what happened, an entry an outcome.

    value, actual: float32 preference in [-1, 1]; chance: float32, of a like; NaN = the model could not say
    liked: bool; user, item: int32 rows; known: int32, how many of the user's events were known; time: int64
    """

    value: Float32
    chance: Float32
    actual: Float32
    liked: Bool
    user: Int32
    item: Int32
    known: Int32
    time: Int64

    def __len__(self) -> int:
        return len(self.value)

    def filled(self, guess: "Foretold") -> "Foretold":
        """With this guess where the model could not say, as a lower level would."""
        silent = np.isnan(self.chance)
        value, chance = (np.where(silent, b, a) for a, b in ((self.value, guess.value), (self.chance, guess.chance)))
        return replace(self, value=value, chance=chance)

    def losses(self) -> dict[str, Float64]:
        return outcome_losses(self.value, self.chance, self.actual, self.liked)


@dataclass(frozen=True)
class OutcomeReport:
    """
    metrics: accuracy (of likes), rmse (in units of the scale), log loss (nats), brier -> mean with its interval
    floor:   the same of a guess that is the same for every outcome: the mean and the share of likes in what was known
    calibration: expected calibration error; silent: share of outcomes that the model could say nothing of, for which
    the floor's guess counts
    """

    protocol: str
    n: int
    n_users: int
    metrics: Mapping[str, Interval]
    floor: Mapping[str, float]
    calibration: float
    silent: float
    foretold: Foretold = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        names = ("protocol", "n", "n_users", "floor", "calibration", "silent")
        metrics = {name: asdict(found) for name, found in self.metrics.items()}
        return {"metrics": metrics, **{name: getattr(self, name) for name in names}}


def foretell(scorer: Scorer, data: Dataset, asked: Int64, until: int | None = None) -> Foretold:
    """What the scorer says of the events `asked` (positions in `data`), each from its user's earlier events alone.

    until: histories end there, as for a model that is not told what happened since.
    """
    value, chance = np.full((2, len(asked)), np.nan, np.float32)
    known = np.zeros(len(asked), np.int32)
    done = 0
    for rows, batch in known_before(data, asked, until):
        block = slice(done, done := done + len(rows))
        said = scorer.predict(batch, data.events.item[rows][:, None])  # (block, 1)
        value[block], chance[block] = said.value[:, 0], said.like[:, 0]
        known[block] = np.diff(batch.ratings.indptr)
    e = data.events
    return Foretold(
        value, chance, data.signed()[asked], data.liked()[asked], e.user[asked], e.item[asked], known, e.time[asked]
    )


def judge_outcomes(
    scorer: Scorer, data: Dataset, asked: Int64, rng: np.random.Generator, until: int | None = None
) -> OutcomeReport:
    """How well the scorer foretells the events `asked`; the others are what may be known, each when it happened."""
    found = foretell(scorer, data, asked, until)
    others = np.ones(len(data), bool)
    others[asked] = False
    guess = _constant(data, np.flatnonzero(others), found)
    silent = np.isnan(found.chance)
    error = calibration_error(found.chance, found.liked)
    found = found.filled(guess)
    losses, constant = found.losses(), guess.losses()
    unit = unit_of(data)
    metrics = {name: _measured(name, losses, found.user, rng, unit) for name in BETTER if name != "calibration"}
    floor = {name: _measured(name, constant, found.user, rng, unit).mean for name in metrics}
    share = float(silent.mean()) if len(found) else float("nan")
    return OutcomeReport(PROTOCOL, len(found), len(np.unique(found.user)), metrics, floor, error, share, found)


def better_by(metric: Metric, tried: Foretold, base: Foretold, rng: np.random.Generator, unit: float = 1.0) -> Interval:
    """By how much `tried` is better than `base` on the same outcomes; above 0 = better, whichever way the metric runs.

    Accuracy and log loss as they are, rmse in units of the scale; users are resampled alike for both.
    """
    a, b, user = tried.losses(), base.losses(), tried.user
    name = LOSS.get(metric, metric)
    found = rmse(a[name], user, rng, b[name]) if metric == "rmse" else mean_loss(a[name], user, rng, b[name])
    factor = BETTER[metric] * (unit if metric == "rmse" else 1.0)
    low, high = sorted((factor * found.low, factor * found.high))
    return Interval(factor * found.mean, low, high)


def unit_of(data: Dataset) -> float:
    """What a preference of 1 is worth on the scale of the graded events, half its width; 1 where several scales mix."""
    widths = {abs(scale.best - scale.worst) / 2.0 for scale in _used(data)}
    return widths.pop() if len(widths) == 1 else 1.0


def _used(data: Dataset) -> list[Scale]:
    from ..data.events import KINDS

    present = {KINDS[code] for code in np.unique(data.events.kind)}
    return [scale for kind, scale in data.scales.items() if kind in present]


def _measured(name: str, losses: Mapping[str, Float64], user: Int32, rng: np.random.Generator, unit: float) -> Interval:
    if name != "rmse":
        return mean_loss(losses[name], user, rng)
    found = rmse(losses["squared error"], user, rng)
    return Interval(unit * found.mean, unit * found.low, unit * found.high)


def _constant(data: Dataset, others: Int64, asked: Foretold) -> Foretold:
    """The same guess for every outcome, of what else is known; without anything, the middle."""
    value = float(data.signed()[others].mean()) if len(others) else 0.0
    chance = float(data.liked()[others].mean()) if len(others) else 0.5
    n = len(asked)
    fill = (np.full(n, value, np.float32), np.full(n, chance, np.float32))
    return Foretold(*fill, asked.actual, asked.liked, asked.user, asked.item, asked.known, asked.time)
