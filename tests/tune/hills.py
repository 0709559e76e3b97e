"""A landscape with a known top, to search on: an objective that nobody has to learn for."""

from dataclasses import dataclass, field
from math import log

import numpy as np

from tastemaker.algorithms import Algorithm, BiasedMF
from tastemaker.errors import TrainingError
from tastemaker.metrics import Interval
from tastemaker.watch import Watch

TOP = BiasedMF(dim=8, l2=0.4, damping=2.0, nu=0.5)


@dataclass(frozen=True)
class Hill:
    """The metric falls with the squared distance from TOP; l2 counts most, epochs not at all; noise by the generator.

    fails: BiasedMF with more dimensions than that cannot learn; asked: (algorithm, share) of every call
    """

    noise: float = 0.0
    fails: int = 1000
    metric: str = "height"
    higher: bool = True
    asked: list[tuple[Algorithm, float]] = field(default_factory=list)

    def __call__(self, algorithm: Algorithm, rng: np.random.Generator, watch: Watch, share: float = 1.0) -> float:
        assert isinstance(algorithm, BiasedMF)
        self.asked.append((algorithm, share))
        if algorithm.dim > self.fails:
            raise TrainingError(f"{algorithm.dim} dimensions are too many.")
        away = 4.0 * log(algorithm.l2 / TOP.l2) ** 2 + log(algorithm.dim / TOP.dim) ** 2
        away += 0.5 * log(algorithm.damping / TOP.damping) ** 2 + (algorithm.nu - TOP.nu) ** 2
        height = share - away + self.noise * float(rng.normal())
        return height if self.higher else -height

    def gain(self, tried: Algorithm, present: Algorithm, seed: int, watch: Watch) -> tuple[float, float, Interval]:
        a, b = (self(one, np.random.default_rng(seed), watch) for one in (tried, present))
        return a, b, Interval(a - b, a - b, a - b)
