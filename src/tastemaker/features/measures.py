"""Number columns -> inputs of a network: standard scores, circular ones as points on a circle, gaps filled and flagged.

A number that runs in a circle (an hour, a compass bearing, a pitch class) has no mean and no size: 23 and 0 are
neighbors. It becomes √2 (sin φ, cos φ), φ = 2π x / period, of unit variance where all directions are alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..data.arrays import Bool, Float32, Float64
from ..data.features import MISSING
from ..errors import DataError
from .numeric import Standard, fit_standard


@dataclass(frozen=True)
class Measures:
    """Fitted on some items, applied to any.

    plain, circular: columns by name; period: one a circular column
    mean, deviation: float64, of the plain columns and then the sines and cosines of the circular ones
    flagged: columns with a gap among the items fitted on: each has a column more, 1 where the number is missing. Of
             others nothing could be learned; what is missing there becomes the mean without a flag.
    """

    plain: tuple[str, ...]
    circular: tuple[str, ...]
    period: tuple[float, ...]
    mean: Float64
    deviation: Float64
    flagged: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What each column of `encode` says."""
        turned = (f"{name} {part}" for name in self.circular for part in ("sin", "cos"))
        return (*self.plain, *turned, *(f"{name}{MISSING}" for name in self.flagged))

    def encode(self, columns: Mapping[str, Float32]) -> Float32:
        """float32 (n_items, len(names)); a row of which no number is known is all 0 but for its flags."""
        raw = _raw(columns, self.plain, self.circular, self.period)
        flags = [np.isnan(np.asarray(columns[name], np.float64)) for name in self.flagged]
        standard = Standard(self.mean, self.deviation).encode(raw) if raw else np.zeros((0, 0), np.float32)
        return np.column_stack([standard, *flags]).astype(np.float32)

    def as_json(self) -> dict[str, object]:
        """Plain values, to be kept with a model; `measures_of` is the way back."""
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value.tolist() if isinstance(value, np.ndarray) else list(value) for name, value in found.items()}


def measures_of(kept: Mapping[str, Sequence[object]]) -> Measures:
    """What `as_json` said; KeyError when something is missing."""
    arrays = {name: np.array(kept[name], np.float64) for name in ("mean", "deviation")}
    return Measures(**{f.name: arrays.get(f.name, tuple(kept[f.name])) for f in fields(Measures)})  # type: ignore[arg-type]


def fit_measures(
    columns: Mapping[str, Float32], fitted_on: Bool, circular: Mapping[str, float] | None = None
) -> Measures:
    """fitted_on: bool (n_items,), the items to learn from; circular: name -> period. DataError for a period of 0."""
    turned = {name: float(period) for name, period in (circular or {}).items() if name in columns}
    wrong = [name for name, period in turned.items() if not period > 0]
    if wrong:
        raise DataError(
            f"The period of {wrong[0]!r} is {turned[wrong[0]]:g}. Give what it takes to come round: 24, 360."
        )
    plain, round_ = tuple(sorted(set(columns) - set(turned))), tuple(sorted(turned))
    seen = {name: np.asarray(column)[fitted_on] for name, column in columns.items()}
    flagged = tuple(name for name in (*plain, *round_) if np.isnan(seen[name]).any() and not np.isnan(seen[name]).all())
    raw = _raw(seen, plain, round_, tuple(turned[name] for name in round_))
    found = fit_standard({str(i): column for i, column in enumerate(raw)}, [str(i) for i in range(len(raw))])
    return Measures(plain, round_, tuple(turned[n] for n in round_), found.mean, found.deviation, flagged)


def _raw(
    columns: Mapping[str, Any], plain: Sequence[str], circular: Sequence[str],
    period: Sequence[float],
) -> list[Any]:  # fmt: skip
    """Plain columns, then √2 sin and √2 cos of each circular one; NaN = missing."""
    found = [np.asarray(columns[name], np.float64) for name in plain]
    for name, whole in zip(circular, period, strict=True):
        angle = 2.0 * np.pi * np.asarray(columns[name], np.float64) / whole
        found += [np.sqrt(2.0) * np.sin(angle), np.sqrt(2.0) * np.cos(angle)]
    return found
