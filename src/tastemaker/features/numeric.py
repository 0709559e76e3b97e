"""Number columns -> standard scores, with the spread of the items they were fitted on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..data.arrays import Float32


@dataclass(frozen=True)
class Standard:
    """(x - mean) / deviation, clipped to ±5; a missing number is 0, the mean."""

    mean: Float32
    deviation: Float32

    def encode(self, columns: Sequence[Float32]) -> Float32:
        """float32 (n_items, n_columns)."""
        raw = np.stack([np.asarray(c, np.float32) for c in columns], axis=1)
        return np.asarray(np.nan_to_num(np.clip((raw - self.mean) / self.deviation, -5.0, 5.0)), np.float32)


def fit_standard(columns: Mapping[str, Float32], names: Sequence[str]) -> Standard:
    """A column without any number, or without spread, becomes all 0."""
    mean, deviation = [], []
    for name in names:
        known = columns[name][~np.isnan(columns[name])]
        mean.append(float(known.mean()) if len(known) else 0.0)
        spread = float(known.std()) if len(known) else 0.0
        deviation.append(spread if spread > 0 else 1.0)
    return Standard(np.array(mean, np.float32), np.array(deviation, np.float32))
