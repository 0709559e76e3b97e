"""What must not get worse while an experiment runs: when it surely has, the experiment ends by itself.

A guard is broken when the always-valid interval of its difference excludes the limit on the bad side. The guards of one
experiment share alpha (Bonferroni), so that all of them together stop a harmless treatment with at most that chance.
"""

from dataclasses import dataclass
from math import isnan

from ..errors import QueryError
from ..metrics import Interval
from ..metrics.ratio import Mean
from .always_valid import always_valid
from .difference import difference


@dataclass(frozen=True)
class Amount:
    """A size in a measure's own units, or relative to the control's figure."""

    value: float
    relative: bool

    def __str__(self) -> str:
        return f"{100 * self.value:g}%" if self.relative else f"{self.value:g}"


@dataclass(frozen=True)
class Guard:
    """metric: the treatment may be worse by `limit` at most."""

    metric: str
    limit: Amount


@dataclass(frozen=True)
class Guarded:
    """interval: treatment over control, in the limit's units."""

    guard: Guard
    interval: Interval
    broken: bool


def amount(text: str, what: str) -> Amount:
    """ "5%" -> relative, "0.05" -> in the measure's own units; QueryError for anything else."""
    plain = text.strip()
    try:
        value = float(plain.removesuffix("%"))
    except ValueError:
        value = float("nan")
    if isnan(value) or not 0.0 <= value < float("inf"):
        raise QueryError(
            f"{what} is {text!r}; give a size such as 5% (of the control's figure) or 0.02 (in its units)."
        )
    return Amount(value / 100, True) if plain.endswith("%") else Amount(value, False)


def guard(text: str) -> Guard:
    """ "like_rate" may not fall at all, "like_rate=5%" by a twentieth at most."""
    metric, _, limit = text.partition("=")
    return Guard(metric.strip(), amount(limit or "0", f"The limit of the guard {metric.strip()}"))


def watch_guard(
    one: Guard, higher: bool, control: Mean, treatment: Mean, progress: float, alpha: float
) -> Guarded:  # fmt: skip
    """progress: users so far as a share of those planned; alpha: this guard's part."""
    found = always_valid(difference(control, treatment), progress, alpha)
    interval = found.percent if one.limit.relative else found.points
    worst = interval.high if higher else -interval.low  # the best that can still be true
    return Guarded(one, interval, worst < -one.limit.value)
