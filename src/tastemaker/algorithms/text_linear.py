"""Weights of n-grams for labels, one logistic regression a label, all at once by L-BFGS (Liu and Nocedal 1989).

loss = mean_i Σ_l log(1 + exp(-y_il m_il)) + l2/2 Σ w²  with m = x W + b.  A step costs O(n-grams of all texts ·
labels): 43,000 comments take half a minute on two cores.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..data.arrays import Bool, Csr, Float32, Float64
from ..errors import TrainingError
from ..metrics.labels import best_threshold
from ..text import Corpus, Reading, TextModel
from ..text.grams import UInt32
from ..text.model import weighed
from ..watch import Watch


@dataclass(frozen=True)
class TextLinear:
    """least: texts that an n-gram must stand in; most: n-grams that are kept, the frequent ones; steps: of L-BFGS"""

    reading: Reading = field(default_factory=Reading)
    least: int = 2
    most: int = 300_000
    l2: float = 2e-5
    steps: int = 40
    balance: float = 0.0  # 0 = as they come; 1 = rare labels weigh as much as frequent ones

    def fit(self, texts: Sequence[str], labels: tuple[str, ...], has: Bool, watch: Watch) -> TextModel:
        """has: bool (n_texts, n_labels). Not calibrated yet: slopes 1, thresholds a half."""
        if len(texts) < 2 or has.all(axis=0).any() or not has.any(axis=0).all():
            raise TrainingError(
                f"{len(texts)} texts with the labels {', '.join(labels)} do not tell them apart: each label needs a "
                "text that has it, and one that has not."
            )
        corpus = Corpus.read(texts, self.reading)
        grams, kind, df = self._vocabulary(corpus)
        idf = (1.0 + np.log((1.0 + corpus.n) / (1.0 + df))).astype(np.float32)
        x = weighed(corpus.counts(grams), idf, kind)
        weights, bias = self._learned(x, has, watch)
        one = np.ones(len(labels), np.float32)
        return TextModel(
            labels, self.reading, grams, kind, idf, weights, bias, one, np.zeros_like(one), one / np.float32(2)
        )

    def _vocabulary(self, corpus: Corpus) -> tuple[UInt32, np.ndarray, Float64]:
        """Sorted hashes, their kinds and in how many texts they stand."""
        pairs = np.unique(corpus.text.astype(np.uint64) << np.uint64(32) | corpus.gram.astype(np.uint64))
        grams, df = np.unique((pairs & np.uint64(0xFFFFFFFF)).astype(np.uint32), return_counts=True)
        kept = df >= self.least
        if kept.sum() > self.most:
            kept &= df > np.partition(df, -self.most)[-self.most]
        grams, df = grams[kept], df[kept]
        kind = np.full(len(grams), 2, np.int8)
        for k in (1, 0):
            kind[np.isin(grams, corpus.gram[corpus.kind == k])] = k
        return grams, kind, df.astype(np.float64)

    def _learned(self, x: Csr, has: Bool, watch: Watch) -> tuple[Float32, Float32]:
        from scipy.optimize import minimize

        n, d, k = x.shape[0], x.shape[1], has.shape[1]
        sign = np.where(has, 1.0, -1.0).astype(np.float32)
        weight = np.where(has, (n / (2.0 * has.sum(axis=0))) ** self.balance, 1.0).astype(np.float32)
        across, count = x.T.tocsr(), [0]

        def loss(flat: Float64) -> tuple[float, Float64]:
            w = flat.reshape(d + 1, k).astype(np.float32)
            margin = sign * (x @ w[:-1] + w[-1])  # (n, k)
            value = float((weight * np.logaddexp(0.0, -margin)).sum() / n + 0.5 * self.l2 * (w[:-1] ** 2).sum())
            pull = -weight * sign / (1.0 + np.exp(np.minimum(margin, 60.0))) / n
            slope = np.vstack([across @ pull + self.l2 * w[:-1], pull.sum(axis=0)])
            count[0] += 1
            watch.progress(min(count[0], self.steps), self.steps, loss=value)
            return value, slope.astype(np.float64).ravel()

        begin = np.zeros((d + 1, k))
        begin[-1] = np.log((has.mean(axis=0) + 1e-6) / (1.0 - has.mean(axis=0) + 1e-6))
        found = minimize(loss, begin.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": self.steps, "maxcor": 6})
        w = found.x.reshape(d + 1, k).astype(np.float32)
        return w[:-1], w[-1]


def calibrated(model: TextModel, margins: Float32, has: Bool) -> TextModel:
    """Platt's two numbers a label, the threshold of the best F1, and how sharp a distribution is.

    margins: float32 (n, n_labels), of texts that were not learned from
    """
    slope, offset, thresholds = platt(margins, has)
    found = replace(model, slope=slope, offset=offset, thresholds=thresholds)
    return replace(found, sharpness=sharpness(found.calibrated(margins), has))


def sharpness(chances: Float32, has: Bool) -> float:
    """The exponent that makes a text's distribution likeliest, one of several labels being it with equal chance."""
    from scipy.optimize import minimize_scalar

    some = has.any(axis=1)
    if not some.any():
        return 1.0
    log, target = np.log(chances[some].astype(np.float64)), has[some] / has[some].sum(axis=1, keepdims=True)

    def loss(exponent: float) -> float:
        said = exponent * log
        return float((np.logaddexp.reduce(said, axis=1) - (target * said).sum(axis=1)).mean())

    return float(minimize_scalar(loss, bounds=(0.3, 3.0), method="bounded").x)


def platt(margin: Float32, has: Bool) -> tuple[Float32, Float32, Float32]:
    """Slope, offset and threshold of each label, float32 (n_labels,). margin: float32 (n, n_labels)

    Platt 1999; held near slope 1 and offset 0, so that a few texts do not turn it around.
    """
    from scipy.optimize import minimize

    found = []
    for m, there in zip(margin.T.astype(np.float64), has.T, strict=True):
        sign = np.where(there, 1.0, -1.0)

        def loss(ab: Float64, m: Float64 = m, sign: Float64 = sign) -> float:
            return float(np.logaddexp(0.0, -sign * (ab[0] * m + ab[1])).mean() + 1e-4 * ((ab - [1.0, 0.0]) ** 2).sum())

        slope, offset = minimize(loss, np.array([1.0, 0.0]), method="BFGS").x
        chance = (1.0 / (1.0 + np.exp(-np.clip(slope * m + offset, -30.0, 30.0)))).astype(np.float32)
        found.append((slope, offset, best_threshold(chance, there)))
    slopes, offsets, thresholds = np.array(found, np.float32).T
    return slopes.copy(), offsets.copy(), thresholds.copy()
