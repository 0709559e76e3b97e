"""Ratings of any provenance: ratings.csv with a header and user, item, rating, timestamp as its first four columns."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

TEST_SHARE = 0.2


@dataclass(frozen=True)
class Ratings:
    """user, item int32 and value float32, time int64 (n,); train: bool (n,)."""

    user: Any
    item: Any
    value: Any
    time: Any
    train: Any

    def part(self, train: bool) -> tuple[Any, Any, Any]:
        mine = self.train == train
        return self.user[mine], self.item[mine], self.value[mine]

    @property
    def scale(self) -> tuple[float, float]:
        return float(self.value.min()), float(self.value.max())


def read_ratings(file: Path, split: str) -> Ratings:
    """split: "random", or "time" (one moment for all users: what came later is to be predicted)."""
    table = np.loadtxt(file, delimiter=",", skiprows=1, usecols=(0, 1, 2, 3))
    user, item = (np.unique(table[:, column], return_inverse=True)[1].astype(np.int32) for column in (0, 1))
    time = table[:, 3].astype(np.int64)
    if split == "time":
        train = time <= np.sort(time)[int(len(time) * (1 - TEST_SHARE)) - 1]
    else:
        train = np.random.default_rng(0).random(len(time)) >= TEST_SHARE
    return Ratings(user, item, table[:, 2].astype(np.float32), time, train)


def rmse(predicted: Any, value: Any) -> float:
    return float(np.sqrt(np.mean((np.asarray(predicted, np.float64) - value) ** 2)))
