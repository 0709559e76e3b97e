"""Labels read off n-grams and vectors of sentences: logistic regressions on each by itself, then one on the two.

Learned together, the n-grams, which know the texts by heart, would leave the vectors nothing to say; how much each
is worth shows on texts that neither has learned from. The vectors cost nearly all the time: 60 to 350 short texts a
second on a core, once.
"""

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from ..data.arrays import Bool, Float32, Float64
from ..data.labelled import Labelled
from ..text.sentences import SentenceModel, vectors
from ..watch import Watch
from .text_linear import TextLinear, platt

SCALE = 3.0  # what a unit vector is stretched to, and thereby how little its weights are held back
L2 = 3e-5
STEPS = 200
EACH = 0.5  # what n-grams and vectors count where no texts were kept aside to tell


def fit_sentences(
    encoder: str, train: Labelled, dev: Labelled, labels: tuple[str, ...], watch: Watch, how: TextLinear | None = None
) -> SentenceModel:
    """What each counts, the calibration and the thresholds are of `dev`, where there are texts."""
    how = how or TextLinear()
    v = vectors(encoder, train.texts, watch.progress)
    directions, bias = _learned(v, train.has, how.balance)
    words = how.fit(train.texts, labels, train.has, watch)
    each = np.full((2, len(labels)), EACH, np.float32)
    if len(dev.texts):
        there = vectors(encoder, dev.texts) @ directions + bias
        each = _worth(words.margins(dev.texts), there, dev.has)
    both = replace(words, weights=words.weights * each[0], bias=words.bias * each[0] + bias * each[1])
    model = SentenceModel(both, encoder, directions * each[1])
    if not len(dev.texts):
        return model
    margins = both.margins(dev.texts) + (there - bias) * each[1]
    slope, offset, thresholds = platt(np.asarray(margins, np.float32), dev.has)
    return replace(model, words=replace(both, slope=slope, offset=offset, thresholds=thresholds))


def _learned(v: Float32, has: Bool, balance: float) -> tuple[Float32, Float32]:
    """Weights, float32 (d, n_labels), and bias of unit vectors."""
    middle = v.mean(axis=0)
    x = np.float32(SCALE) * (v - middle)
    n, k, sign = len(x), has.shape[1], np.where(has, 1.0, -1.0).astype(np.float32)
    weight = np.where(has, (n / (2.0 * has.sum(axis=0))) ** balance, 1.0).astype(np.float32)

    def loss(flat: Float64) -> tuple[float, Float64]:
        w = flat.reshape(-1, k).astype(np.float32)
        margin = sign * (x @ w[:-1] + w[-1])
        pull = -weight * sign / (1.0 + np.exp(np.minimum(margin, 60.0))) / n
        value = (weight * np.logaddexp(0.0, -margin)).sum() / n + 0.5 * L2 * (w[:-1] ** 2).sum()
        return float(value), np.vstack([x.T @ pull + L2 * w[:-1], pull.sum(axis=0)]).astype(np.float64).ravel()

    begin = np.zeros((v.shape[1] + 1, k))
    found = minimize(loss, begin.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    w = found.reshape(begin.shape).astype(np.float32)
    directions = np.float32(SCALE) * w[:-1]
    return directions, np.asarray(w[-1] - middle @ directions, np.float32)


def _worth(words: Float32, vectors_: Float32, has: Bool) -> Float32:
    """What the margins of both count for each label, float32 (2, n_labels); held near one half each."""
    found = []
    for label in range(has.shape[1]):
        both = np.stack([words[:, label], vectors_[:, label]]).astype(np.float64)
        sign = np.where(has[:, label], 1.0, -1.0)

        def loss(abc: Float64, both: Float64 = both, sign: Float64 = sign) -> float:
            held = 1e-4 * ((abc[:2] - EACH) ** 2).sum()
            return float(np.logaddexp(0.0, -sign * (abc[:2] @ both + abc[2])).mean() + held)

        found.append(minimize(loss, np.array([EACH, EACH, 0.0]), method="BFGS").x[:2])
    return np.asarray(found, np.float32).T.copy()
