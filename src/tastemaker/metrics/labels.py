"""How well labels are told: F1 of each, the mean of them, and whether a chance of 70 % comes true in 70 of 100."""

import numpy as np

from ..data.arrays import Bool, Float32, Float64


def f1_of_labels(chosen: Bool, has: Bool) -> Float64:
    """2 TP / (2 TP + FP + FN) of each label, float64 (n_labels,); 0 where a label is neither there nor chosen.

    chosen, has: bool (n, n_labels)
    """
    hit = (chosen & has).sum(axis=0)
    return np.asarray(2.0 * hit / np.maximum(chosen.sum(axis=0) + has.sum(axis=0), 1), np.float64)


def calibration_error(chances: Float32, has: Bool, bins: int = 15) -> float:
    """ECE: the mean distance between what was foretold and what came, in bins of equal width, over all labels.

    Naeini, Cooper and Hauskrecht 2015. chances: float32 (n, n_labels), NaN = nothing foretold, which is left out
    """
    said = ~np.isnan(chances)
    chance, came = chances[said].astype(np.float64), has[said].astype(np.float64)
    if not len(chance):
        return float("nan")
    place = np.minimum((chance * bins).astype(int), bins - 1)
    gaps = np.abs(np.bincount(place, chance - came, bins))
    return float(gaps.sum() / len(chance))


def best_threshold(chance: Float32, has: Bool) -> float:
    """The chance from which on a label is best said to be there, by F1; a half where the label never is."""
    if not has.any():
        return 0.5
    order = np.argsort(-chance, kind="stable")
    hit = np.cumsum(has[order])
    f1 = 2.0 * hit / (np.arange(1, len(order) + 1) + has.sum())
    last = np.append(chance[order][1:] != chance[order][:-1], True)  # a threshold cannot part equal chances
    best = int(np.argmax(np.where(last, f1, -1.0)))
    nearest = chance[order[best + 1]] if best + 1 < len(order) else 0.0
    return float(np.clip((chance[order[best]] + nearest) / 2.0, 1e-4, 1.0))
