"""A catalog's features: encoders fitted on some items, applied to all."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal, Protocol

import numpy as np

from ..data.arrays import Bool, Float32
from ..data.catalog import Catalog
from ..data.features import TASTES, Features
from ..watch import Arrays, Watch
from .lsa import Lsa, idf_of
from .measures import fit_measures
from .signatures import signatures
from .tastes import Tastes
from .word2vec import Word2Vec, WordVectors
from .words import documents

QUICK = "lsa"  # the block of text features that needs no training


class Cache(Protocol):
    """Where embeddings are kept, named by the digest of what made them."""

    def get(self, key: str) -> Arrays | None: ...
    def put(self, key: str, arrays: Arrays) -> None: ...


@dataclass(frozen=True)
class TextFeatures:
    """How text, tags and categories become the block "text".

    encoder: word2vec, or lsa (a second instead of half a minute, good enough before any training)
    common:  words of the texts that more than this share of the items have are left out (see words.documents)
    sample:  words more frequent than this share of all tokens are learned from less often (Mikolov et al. 2013, eq. 5);
             1e-4 takes two thirds of the time of gensim's 1e-3, at equal neighbors and better prediction of tags
    idf:     weigh words by inverse document frequency (lsa always does)
    center:  take the catalog's mean vector off before the length is made 1: what all items share says nothing
             (Mu & Viswanath 2018, 'All-but-the-Top')
    """

    encoder: Literal["word2vec", "lsa"] = "word2vec"
    dim: int = 300
    window: int = 5
    negative: int = 5
    epochs: int = 100
    min_count: int = 1
    sample: float = 1e-4
    backend: Literal["own", "gensim"] = "own"
    threads: int = 2
    common: float = 0.1
    idf: bool = False
    center: bool = True


@dataclass(frozen=True)
class FeatureSettings:
    """
    blocks: which of "text", "tastes" and "numbers" are made; what the catalog lacks is left out
    log:    number columns, such as counts and prices, of which the order of magnitude matters: log(1 + x) is taken
    circular: number columns that come round, such as an hour, and after how much
    same:   category columns whose names are compared as a whole, each a block "same NAME" of signatures
    """

    blocks: tuple[str, ...] = ("text", TASTES, "numbers")
    text: TextFeatures = field(default_factory=TextFeatures)
    log: tuple[str, ...] = ()
    circular: Mapping[str, float] = field(default_factory=dict)
    same: tuple[str, ...] = ()


def build_features(
    catalog: Catalog, settings: FeatureSettings, tastes: Tastes, seed: int, watch: Watch,
    cache: Cache | None = None, fitted_on: Bool | None = None,
) -> Features:  # fmt: skip
    """Features of every item. fitted_on: bool (n_items,), the items that encoders may learn from; None = all.

    The same catalog, settings and seed give the same features; what takes long is looked up in `cache` first.
    """
    seen = np.ones(len(catalog), bool) if fitted_on is None else fitted_on
    blocks: dict[str, Float32] = {}
    names: dict[str, tuple[str, ...]] = {}
    fitted: dict[str, object] = {}
    if TASTES in settings.blocks and tastes.names:
        blocks[TASTES], names[TASTES] = tastes.encode(catalog), tastes.names
    for name, encoder in (("text", settings.text), (QUICK, TextFeatures("lsa", dim=64))):
        if name in settings.blocks:
            text = _text_block(catalog, encoder, seed, watch, cache, seen)
            if text.any():
                blocks[name] = text
    if "numbers" in settings.blocks and catalog.numbers:
        numbers = {name: _number(catalog, name, name in settings.log) for name in sorted(catalog.numbers)}
        measures = fit_measures(numbers, seen, settings.circular)
        blocks["numbers"], names["numbers"] = measures.encode(numbers), measures.names
        fitted["numbers"] = {**measures.as_json(), "log": [name for name in settings.log if name in numbers]}
    for name in settings.same:
        if name in catalog.categories:
            blocks[f"same {name}"] = signatures(catalog.categories[name], salt=name)
    return Features(catalog.items, blocks, names, fitted)


def _number(catalog: Catalog, name: str, log: bool) -> Float32:
    column = catalog.numbers[name]
    return np.asarray(np.sign(column) * np.log1p(np.abs(column)), np.float32) if log else column


def _text_block(
    catalog: Catalog, settings: TextFeatures, seed: int, watch: Watch, cache: Cache | None, seen: Bool
) -> Float32:
    """Unit rows float32 (n_items, dim); a row of zeros where no token is known."""
    columns = tuple(catalog.tags), described(catalog), tuple(catalog.categories)
    docs = documents(catalog, *columns, common=settings.common, counted=seen)
    learned = [doc for doc, known in zip(docs, seen, strict=True) if known]
    if not any(learned):
        return np.zeros((len(catalog), 0), np.float32)
    vectors = _vectors(learned, settings, seed, watch, cache)
    idf = idf_of(learned) if settings.idf or settings.encoder == "lsa" else None
    block = vectors.encode(docs, idf)
    known = np.asarray(block.any(axis=1))
    if settings.center and int((known & seen).sum()) > 1:
        centred = block - block[known & seen].mean(axis=0)
        lengths = np.linalg.norm(centred, axis=1, keepdims=True)
        block = np.where(known[:, None], centred / np.maximum(lengths, 1e-9), 0.0).astype(np.float32)
    return block


def described(catalog: Catalog) -> tuple[str, ...]:
    """Text columns that are prose: an image's address or a link says nothing of taste."""
    return tuple(name for name, column in catalog.text.items() if not any("://" in text for text in column[:1000]))


def _vectors(
    docs: list[list[str]], settings: TextFeatures, seed: int, watch: Watch, cache: Cache | None
) -> WordVectors:
    """Word vectors learned from these documents, or the same ones from the cache."""
    key = _key(docs, settings, seed)
    kept = None if cache is None else cache.get(key)
    if kept is not None:
        words = bytes(kept["words"]).decode().split("\0")
        return WordVectors(tuple(words), np.asarray(kept["vectors"], np.float32), np.asarray(kept["counts"], np.int64))
    vectors = _learn(docs, settings, seed, watch)
    if cache is not None:
        joined = np.frombuffer("\0".join(vectors.words).encode(), np.uint8)
        cache.put(key, {"words": joined, "vectors": vectors.vectors, "counts": vectors.counts})
    return vectors


def _learn(docs: list[list[str]], settings: TextFeatures, seed: int, watch: Watch) -> WordVectors:
    if settings.encoder == "lsa":
        return Lsa(settings.dim).fit(docs, seed)[0]
    learner = Word2Vec(
        dim=settings.dim, window=settings.window, negative=settings.negative, epochs=settings.epochs,
        min_count=settings.min_count, sample=settings.sample, threads=settings.threads, backend=settings.backend,
    )  # fmt: skip
    return learner.fit(docs, seed, lambda epoch, loss: watch.progress(epoch + 1, settings.epochs, loss=loss))


def _key(docs: list[list[str]], settings: TextFeatures, seed: int) -> str:
    found = hashlib.sha256(json.dumps({"seed": seed, **asdict(settings)}, sort_keys=True).encode())
    for doc in docs:
        found.update("\0".join(doc).encode() + b"\n")
    return found.hexdigest()
