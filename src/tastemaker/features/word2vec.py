"""Word vectors learned from documents by skip-gram, and documents as the mean of their words' vectors.

Paper and cost: `tastemaker.kernels.skipgram`. With `backend="gensim"` the same settings go to gensim, whose workers
race: there only one thread gives the same vectors for the same seed.
"""

import math
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tastemaker.errors import MissingExtra, RecipeError, TrainingError
from tastemaker.kernels.skipgram import skipgram

BACKENDS = ("own", "gensim")
Documents = Sequence[Sequence[str]]
OnEpoch = Callable[[int, float], None]


@dataclass(frozen=True)
class WordVectors:
    """Words by falling count, then by name, with one vector each."""

    words: tuple[str, ...]
    vectors: NDArray[np.float32]  # (n_words, dim)
    counts: NDArray[np.int64]  # (n_words,)

    def encode(self, documents: Documents, idf: Mapping[str, float] | None = None) -> NDArray[np.float32]:
        """Unit float32 (n, dim): the mean of the known words' vectors, weighted by `idf` where it is given.

        A word that `idf` does not hold weighs nothing. A document without a word that weighs gets zeros: see `covers`.
        """
        sums: NDArray[np.float32] = self._weights(documents, idf) @ self.vectors  # (n, dim)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return np.divide(sums, np.where(lengths > 0, lengths, 1), dtype=np.float32)

    def covers(self, documents: Documents, idf: Mapping[str, float] | None = None) -> NDArray[np.bool_]:
        """bool (n,): whether each document has a word that weighs, and so a vector."""
        return np.asarray(self._weights(documents, idf).sum(axis=1) > 0)

    def _weights(self, documents: Documents, idf: Mapping[str, float] | None) -> Any:
        """csr float32 (n, n_words): how often each known word occurs, times its idf."""
        row_of = {word: row for row, word in enumerate(self.words)}
        columns, starts = _positions(documents, row_of)
        scale = np.ones(len(self.words)) if idf is None else np.array([idf.get(word, 0.0) for word in self.words])
        values = scale.astype(np.float32)[columns]
        return csr_array((values, columns, starts), shape=(len(documents), len(self.words)))


@dataclass(frozen=True)
class Word2Vec:
    """Skip-gram with negative sampling. `threads` is part of the recipe: see the kernel for what it may change."""

    dim: int = 300
    window: int = 5
    negative: int = 5
    epochs: int = 100
    min_count: int = 1
    learning_rate: float = 0.025
    sample: float = 1e-3
    threads: int = 2
    backend: Literal["own", "gensim"] = "own"

    def __post_init__(self) -> None:
        for name in ("dim", "window", "negative", "epochs", "min_count", "threads", "learning_rate"):
            if not getattr(self, name) > 0:
                raise RecipeError(f"Word2Vec: {name} is {getattr(self, name)}. Give a number above 0.")
        if not self.sample >= 0:
            raise RecipeError(f"Word2Vec: sample is {self.sample}. Give 0 (keep every word) or a share such as 0.001.")
        if self.backend not in BACKENDS:
            raise RecipeError(f"Word2Vec: backend is {self.backend!r}. Give one of: {', '.join(BACKENDS)}.")

    def fit(self, documents: Documents, seed: int, on_epoch: OnEpoch | None = None) -> WordVectors:
        """Learn from tokenised documents. `on_epoch(epoch, mean loss)` may raise to cancel; gensim's loss is NaN."""
        counted = Counter(chain.from_iterable(documents))
        words = sorted((word for word, n in counted.items() if n >= self.min_count), key=lambda w: (-counted[w], w))
        if not words:
            raise TrainingError(
                f"Word2Vec: no token reaches min_count {self.min_count} in {len(documents)} documents. "
                "Lower min_count, or give documents with text."
            )
        counts = np.array([counted[word] for word in words], np.int64)
        if self.backend == "gensim":
            vectors = _gensim_vectors(self, documents, words, seed, on_epoch)
        else:
            vectors = _own_vectors(self, documents, words, counts, seed=seed, on_epoch=on_epoch)
        if not np.isfinite(vectors).all():
            raise TrainingError(
                f"Word2Vec: the vectors are not finite. Lower learning_rate, which is {self.learning_rate}."
            )
        return WordVectors(tuple(words), vectors, counts)


def _positions(documents: Documents, row_of: Mapping[str, int]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The known words' rows, document after document, and where each document starts: (n_tokens,), (n_docs + 1,)."""
    known = [[row_of[word] for word in document if word in row_of] for document in documents]
    starts = np.cumsum([0, *map(len, known)], dtype=np.int64)
    return np.fromiter(chain.from_iterable(known), np.int32, int(starts[-1])), starts


def _own_vectors(
    settings: Word2Vec, documents: Documents, words: list[str], counts: NDArray[np.int64], **rest: Any
) -> NDArray[np.float32]:
    tokens, starts = _positions(documents, {word: row for row, word in enumerate(words)})
    chosen = {field.name: getattr(settings, field.name) for field in fields(settings)}
    for ours_alone in ("backend", "min_count"):
        del chosen[ours_alone]
    return skipgram(tokens, starts, counts, **chosen, **rest)


def _gensim_vectors(
    settings: Word2Vec, documents: Documents, words: list[str], seed: int, on_epoch: OnEpoch | None
) -> NDArray[np.float32]:
    try:
        from gensim.models import Word2Vec as Model
        from gensim.models.callbacks import CallbackAny2Vec
    except ImportError as error:
        raise MissingExtra("gensim", "gensim", "Word2Vec with backend = 'gensim'") from error

    class Report(CallbackAny2Vec):  # type: ignore[misc]  # gensim ships no types
        epoch = 0

        def on_epoch_end(self, model: Any) -> None:
            if on_epoch is not None:
                on_epoch(self.epoch, math.nan)
            self.epoch += 1

    model = Model(
        [list(document) for document in documents],
        vector_size=settings.dim, window=settings.window, negative=settings.negative, epochs=settings.epochs,
        min_count=settings.min_count, alpha=settings.learning_rate, sample=settings.sample, sg=1,
        seed=seed, hashfxn=_stable_hash, workers=settings.threads, callbacks=[Report()],
    )  # fmt: skip
    return np.asarray(model.wv[words], np.float32)


def _stable_hash(word: str) -> int:
    return zlib.crc32(word.encode())
