"""Labels read off vectors of sentences: logistic regression on what another model has made of the text, L-BFGS.

The vectors cost all the time: about 350 short texts a second on two cores, once.
"""

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from ..data.arrays import Bool, Float32, Float64
from ..data.labelled import Labelled
from ..text.sentences import SentenceModel, vectors
from ..watch import Watch
from .text_linear import platt

L2 = 3e-6
STEPS = 300


def fit_sentences(encoder: str, train: Labelled, dev: Labelled, labels: tuple[str, ...], watch: Watch) -> SentenceModel:
    x = vectors(encoder, train.texts, watch.progress)
    weights, bias = _learned(x, train.has)
    one = np.ones(len(labels), np.float32)
    model = SentenceModel(labels, encoder, weights, bias, one, np.zeros_like(one), one / np.float32(2))
    if not len(dev.texts):
        return model
    slope, offset, thresholds = platt(vectors(encoder, dev.texts) @ weights + bias, dev.has)
    return replace(model, slope=slope, offset=offset, thresholds=thresholds)


def _learned(x: Float32, has: Bool) -> tuple[Float32, Float32]:
    n, d = x.shape
    k, sign = has.shape[1], np.where(has, 1.0, -1.0)

    def loss(flat: Float64) -> tuple[float, Float64]:
        w = flat.reshape(d + 1, k)
        margin = sign * (x @ w[:-1] + w[-1])
        pull = -sign / (1.0 + np.exp(np.minimum(margin, 60.0))) / n
        value = np.logaddexp(0.0, -margin).sum() / n + 0.5 * L2 * (w[:-1] ** 2).sum()
        return float(value), np.vstack([x.T @ pull + L2 * w[:-1], pull.sum(axis=0)]).ravel()

    found = minimize(loss, np.zeros((d + 1) * k), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    w = found.x.reshape(d + 1, k).astype(np.float32)
    return w[:-1], w[-1]
