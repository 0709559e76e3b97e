"""Labels read off n-grams and vectors of sentences: each learned by itself, then how much each is worth.

Learned together, the n-grams, which know the texts by heart, would leave the vectors nothing to say. What each counts,
the calibration and the thresholds come from texts that neither had learned from: every third of the texts is read by
models of the other two (stacking; Wolpert 1992), and the texts kept aside by those of all. The vectors cost most of the
time: 60 to 350 short texts a second on a core, once. Of many texts the encoder's upper layers learn, too: then only the
texts kept aside tell what each counts, because learning these layers three times more is dear.
"""

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from ..data.arrays import Bool, Float32, Float64
from ..data.labelled import Labelled
from ..text.sentences import Layers, SentenceModel, fitting, vectors
from ..watch import Watch
from .sentence_layers import fit_layers
from .sentence_torch import fit_hidden
from .text_linear import TextLinear, calibrated

FOLDS = 3
FEW = 30  # texts that have a label, or have it not, below which parts of them teach too little to judge by
MANY = 10_000  # texts from which on the encoder's upper layers are learned, too
EACH = 0.5  # what n-grams and vectors count where no texts were kept aside to tell
Margins = tuple[Float32, Float32, Bool]


def fit_sentences(
    encoder: str, train: Labelled, dev: Labelled, labels: tuple[str, ...], watch: Watch, how: TextLinear | None = None
) -> SentenceModel:
    """dev: texts kept aside, or none."""
    how, apart = how or TextLinear(), list[Margins]()
    layers: Layers = {}
    words, learned = how.fit(train.texts, labels, train.has, watch), None
    if len(train.texts) >= MANY and _tells(dev):
        learned = fit_layers(encoder, train.texts, train.has, 0, watch.on("layers of the encoder"))
    if learned is not None:
        layers, hidden = learned
    else:
        v = vectors(encoder, train.texts, watch.on("vectors of texts").progress)
        hidden, apart = fit_hidden(v, train.has, 0, watch), _apart(train, v, labels, how, watch)
    if len(dev.texts):
        v = vectors(encoder, dev.texts, weights=fitting(encoder, layers))
        apart.append((words.margins(dev.texts), hidden.margins(v), dev.has))
    each = np.full((2, len(labels)), EACH, np.float32)
    if apart:
        each = _worth(*(np.concatenate(parts) for parts in zip(*apart, strict=True)))
    both = replace(words, weights=words.weights * each[0], bias=words.bias * each[0])
    mine = hidden._replace(directions=hidden.directions * each[1], base=hidden.base * each[1])
    if apart:
        margins = np.concatenate([of_words * each[0] + of_vectors * each[1] for of_words, of_vectors, _ in apart])
        both = calibrated(both, margins, np.concatenate([has for _, _, has in apart]))
    return SentenceModel(both, encoder, mine, layers)


def _tells(texts: Labelled) -> bool:
    """Are there enough texts that have each label, and have it not?"""
    having = texts.has.sum(axis=0)
    return bool(min(having.min(), (len(texts.texts) - having).min()) >= FEW)


def _apart(train: Labelled, v: Float32, labels: tuple[str, ...], how: TextLinear, watch: Watch) -> list[Margins]:
    """What n-grams and vectors say of each text, learned from others."""
    if not _tells(train):
        return []
    fold, found = np.random.default_rng(0).permutation(len(train.texts)) % FOLDS, list[Margins]()
    for k in range(FOLDS):
        rest, mine = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        stage = watch.on(f"part {k + 1} of {FOLDS}")
        words = how.fit([train.texts[i] for i in rest], labels, train.has[rest], stage)
        hidden = fit_hidden(v[rest], train.has[rest], 0, stage)
        found.append((words.margins([train.texts[i] for i in mine]), hidden.margins(v[mine]), train.has[mine]))
    return found


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
