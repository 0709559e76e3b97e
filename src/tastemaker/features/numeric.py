"""Number columns -> standard scores, with the spread of the items they were fitted on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..data.arrays import Float32, Float64


@dataclass(frozen=True)
class Standard:
    """(x - mean) / deviation, clipped to ±10; a missing number is 0, the mean."""

    mean: Float64
    deviation: Float64

    def encode(self, columns: Sequence[Float32]) -> Float32:
        """float32 (n_items, n_columns)."""
        raw = np.stack([np.asarray(c, np.float64) for c in columns], axis=1)  # (n_items, n_columns)
        return np.asarray(np.nan_to_num(np.clip((raw - self.mean) / self.deviation, -10.0, 10.0)), np.float32)


def fit_standard(columns: Mapping[str, Float32], names: Sequence[str]) -> Standard:
    """A column without any number, or without spread, becomes all 0."""
    mean, deviation = [], []
    for name in names:
        known = columns[name][~np.isnan(columns[name])].astype(np.float64)
        varied = len(known) > 0 and known.min() < known.max()  # a constant's deviation need not be 0 after rounding
        mean.append(float(known.mean() if varied else known[:1].sum()))
        deviation.append(float(known.std()) if varied else 1.0)
    return Standard(np.array(mean, np.float64), np.array(deviation, np.float64))
