"""Latent semantic analysis: word vectors from a truncated SVD of TF-IDF, in a second and without training.

Deerwester et al. 1990, 'Indexing by Latent Semantic Analysis': X ≈ U S V', X (n_docs, n_words) the weighted counts. An
item's vector is X V, the idf-weighted sum of its words' rows of V, so `WordVectors` encodes it. Cost O(nnz · dim).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import svds

from ..data.arrays import csr
from .word2vec import WordVectors

MOST = 20_000  # words; the rarer ones say little about likeness


@dataclass(frozen=True)
class Lsa:
    dim: int = 64

    def fit(self, documents: Sequence[Sequence[str]], seed: int) -> tuple[WordVectors, dict[str, float]]:
        """Word vectors and the idf of each word; empty where there is no token."""
        idf = idf_of(documents)
        counted = Counter(word for document in documents for word in document)
        words = sorted(idf, key=lambda word: (-counted[word], word))[:MOST]
        counts = np.array([counted[word] for word in words], np.int64)
        rank = min(self.dim, len(words) - 1, len(documents) - 1)
        if rank < 1:
            vectors = np.ones((len(words), 1), np.float32)
        else:
            _, _, right = svds(_weighted(documents, words, idf), k=rank, rng=np.random.default_rng(seed))
            vectors = np.ascontiguousarray(right.T, np.float32)  # (n_words, rank)
        return WordVectors(tuple(words), vectors, counts), {word: idf[word] for word in words}


def idf_of(documents: Sequence[Sequence[str]]) -> dict[str, float]:
    """Smoothed inverse document frequency, log((1 + n) / (1 + df)) + 1."""
    found = Counter(word for document in documents for word in set(document))
    return {word: float(np.log((1 + len(documents)) / (1 + n)) + 1.0) for word, n in found.items()}


def _weighted(documents: Sequence[Sequence[str]], words: Sequence[str], idf: Mapping[str, float]) -> object:
    """csr float32 (n_docs, n_words), count times idf, unit rows."""
    row_of = {word: row for row, word in enumerate(words)}
    pairs = [(d, row_of[word], idf[word]) for d, doc in enumerate(documents) for word in doc if word in row_of]
    row, column, value = (np.array(part) for part in zip(*pairs, strict=True))
    matrix = csr(row, column, value.astype(np.float32), (len(documents), len(words)))
    norms = np.sqrt(np.asarray((matrix * matrix).sum(axis=1)).ravel())
    matrix.data /= np.repeat(np.maximum(norms, 1e-12), np.diff(matrix.indptr)).astype(np.float32)
    return matrix
