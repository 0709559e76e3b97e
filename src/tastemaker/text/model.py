"""A linear model of texts: TF-IDF of n-grams, a weight a gram and label, calibrated chances. Arrays, no pickle.

x = [words / |words|, letters / |letters|] with tf = 1 + log count;  chance_l = σ(slope_l (x · w_l + b_l) + offset_l)
Cost of a text: O(its n-grams).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.arrays import Bool, Csr, Float32
from .grams import Corpus, Reading, UInt32

KNOWN = 0.3  # share of a text's words that the model must have met, below which it cannot say
Json = dict[str, Any]


@dataclass(frozen=True)
class TextModel:
    """
    labels:     what a text may be, several at once
    grams:      uint32 (g,) sorted hashes;  kind: int8 (g,), 0 word, 1 words, 2 letters;  idf: float32 (g,)
    weights:    float32 (g, n_labels);  bias, slope, offset, thresholds: float32 (n_labels,)
    sharpness:  a text's distribution is chance_l^sharpness / Σ_k chance_k^sharpness
    """

    labels: tuple[str, ...]
    reading: Reading
    grams: UInt32
    kind: np.ndarray
    idf: Float32
    weights: Float32
    bias: Float32
    slope: Float32
    offset: Float32
    thresholds: Float32
    sharpness: float = 1.0

    def chances(self, texts: Sequence[str]) -> Float32:
        """Calibrated, each label by itself, float32 (n, n_labels); NaN for a text in words that nobody has met."""
        corpus = Corpus.read(texts, self.reading)
        counts = corpus.counts(self.grams)
        found = self.calibrated(self._margins(counts))
        met = np.asarray(counts @ (self.kind == 0).astype(np.float32))
        silent = met < np.maximum(KNOWN * corpus.n_words(), 1.0)
        return np.where(silent[:, None], np.float32(np.nan), found).astype(np.float32)

    def margins(self, texts: Sequence[str]) -> Float32:
        """Before calibration, float32 (n, n_labels)."""
        return self._margins(Corpus.read(texts, self.reading).counts(self.grams))

    def calibrated(self, margins: Float32) -> Float32:
        """Chances of margins, float32 (n, n_labels)."""
        found = 1.0 / (1.0 + np.exp(-np.clip(margins * self.slope + self.offset, -30.0, 30.0)))
        return np.asarray(found, np.float32)

    def _margins(self, counts: Csr) -> Float32:
        return np.asarray(weighed(counts, self.idf, self.kind) @ self.weights + self.bias, np.float32)

    def distribution(self, texts: Sequence[str]) -> Float32:
        """float32 (n, n_labels), rows that sum to 1; NaN where the model cannot say."""
        return shares(self.chances(texts), self.sharpness)

    def chosen(self, texts: Sequence[str]) -> Bool:
        """Which labels a text has, bool (n, n_labels): those above their threshold, or else the best one."""
        return choose(self.chances(texts), self.thresholds)

    def state(self) -> tuple[Json, dict[str, np.ndarray]]:
        how = {"words": list(self.reading.words), "chars": list(self.reading.chars), "negation": self.reading.negation}
        how["spelling"] = self.reading.spelling
        arrays = {name: getattr(self, name) for name in ARRAYS}
        said = {"kind": "text", "labels": list(self.labels), "reading": how, "sharpness": self.sharpness}
        return said, arrays

    @classmethod
    def load(cls, settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "TextModel":
        how = settings["reading"]
        spelling = how.get("spelling", False)  # of before: letters were read without regard to it
        reading = Reading(tuple(how["words"]), tuple(how["chars"]), how["negation"], spelling)
        kept = {name: arrays[name] for name in ARRAYS}
        return cls(tuple(settings["labels"]), reading, **kept, sharpness=settings.get("sharpness", 1.0))


ARRAYS = ("grams", "kind", "idf", "weights", "bias", "slope", "offset", "thresholds")


def weighed(counts: Csr, idf: Float32, kind: np.ndarray) -> Csr:
    """TF-IDF, the words of a text at length 1 and its letters at length 1."""
    found = counts.copy()
    found.data = (1.0 + np.log(found.data)).astype(np.float32) * idf[found.indices]
    row = np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))
    side = (kind[found.indices] == 2).astype(np.int64)
    length = np.sqrt(np.bincount(row * 2 + side, weights=found.data.astype(np.float64) ** 2, minlength=2 * len(row)))
    found.data = (found.data / np.maximum(length[row * 2 + side], 1e-12)).astype(np.float32)
    return found


def shares(chances: Float32, sharpness: float) -> Float32:
    """Chances of labels, each by itself, as one distribution, rows that sum to 1."""
    sharp = chances.astype(np.float64) ** sharpness
    return np.asarray(sharp / sharp.sum(axis=1, keepdims=True), np.float32)


def choose(chances: Float32, thresholds: Float32) -> Bool:
    known = np.nan_to_num(chances)
    found = known >= thresholds
    none = ~found.any(axis=1)
    found[none, (known[none] / thresholds).argmax(axis=1)] = True
    return np.asarray(found)
