"""Families: how much an item belongs to each taste that a user can state, read off its tags and text by a lexicon."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..data.arrays import Bool, Float32, csr
from ..data.catalog import Catalog
from .words import words


@dataclass(frozen=True)
class Coverage:
    """How much of the catalog's vocabulary the lexicon knows.

    tags, known_tags: tag occurrences; unknown: the most frequent tags that no family names; silent: bool (n_items,)
    """

    tags: int
    known_tags: int
    unknown: tuple[str, ...]
    silent: Bool


@dataclass(frozen=True)
class Tastes:
    """A lexicon, family -> words and phrases. A tag belongs to the families of the longest phrases inside it.

    Membership of item i in family f: c_f / Σ c, with c_f = tags in f + text_weight · min(3, mentions of f in text);
    shares that sum to 1. An item of which nothing is known gets the catalog's mean membership: it is nobody's extreme.

    also: more columns, of tags or of categories, that count like the tags
    text: a column of prose; one of tags is read as prose, too, where what people wrote says less than what it is
    """

    families: Mapping[str, Sequence[str]]
    tags: str | None = None
    text: str | None = None
    text_weight: float = 0.25
    also: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.families)

    @cached_property
    def _phrases(self) -> dict[tuple[str, ...], Float32]:
        """phrase as words -> float32 (n_families,) of 0 and 1."""
        found: dict[tuple[str, ...], Float32] = {}
        for f, phrases in enumerate(self.families.values()):
            for phrase in phrases:
                found.setdefault(tuple(words(phrase)), np.zeros(len(self.families), np.float32))[f] = 1.0
        return found

    @cached_property
    def _starts(self) -> frozenset[str]:
        """First words of the phrases."""
        return frozenset(phrase[0] for phrase in self._phrases if phrase)

    @cached_property
    def _longest(self) -> int:
        return max((len(phrase) for phrase in self._phrases), default=1)

    def counts(self, tokens: Sequence[str]) -> Float32:
        """How often each family is named in these words, longest phrases first, float32 (n_families,)."""
        total, at = np.zeros(len(self.families), np.float32), 0
        while at < len(tokens):
            if tokens[at] not in self._starts:
                at += 1
                continue
            for length in range(min(self._longest, len(tokens) - at), 0, -1):
                known = self._phrases.get(tuple(tokens[at : at + length]))
                if known is not None:
                    total += known
                    break
            else:
                length = 1
            at += length
        return total

    def encode(self, catalog: Catalog) -> Float32:
        """float32 (n_items, n_families), rows that sum to 1."""
        raw = self._of_tags(catalog) + self._of_text(catalog)
        silent = ~raw.any(axis=1)
        if silent.any():
            raw[silent] = shares(raw[~silent]).mean(axis=0) if not silent.all() else 1.0
        return shares(raw)

    def knows(self, catalog: Catalog) -> bool:
        """Is there an item that the lexicon has a word for?"""
        tags = (tag for row in self._tags(catalog) for tag in row)
        texts = self._texts(catalog)
        return any(self.counts(words(phrase)).any() for column in (tags, texts) for phrase in column)

    def coverage(self, catalog: Catalog) -> Coverage:
        tags = [tag for row in self._tags(catalog) for tag in row]
        unknown: dict[str, int] = {}
        for tag in tags:
            if not self._of_tag(tag).any():
                unknown[tag.lower()] = unknown.get(tag.lower(), 0) + 1
        raw = self._of_tags(catalog) + self._of_text(catalog)
        most = sorted(unknown, key=lambda tag: (-unknown[tag], tag))
        return Coverage(len(tags), len(tags) - sum(unknown.values()), tuple(most), np.asarray(~raw.any(axis=1)))

    def _tags(self, catalog: Catalog) -> list[tuple[str, ...]]:
        """Of every item the tags that are read; a category is a tag."""
        found: list[tuple[str, ...]] = [()] * len(catalog)
        for name in (self.tags or "", *self.also):
            column = catalog.tags.get(name) or tuple((c,) * bool(c) for c in catalog.categories.get(name, ()))
            found = [mine + more for mine, more in zip(found, column, strict=True)] if column else found
        return found

    def _texts(self, catalog: Catalog) -> Sequence[str]:
        if (self.text or "") in catalog.tags:
            return [". ".join(row) for row in catalog.tags[self.text or ""]]
        return catalog.text.get(self.text or "", ("",) * len(catalog))

    def _of_tag(self, tag: str) -> Float32:
        return np.minimum(self.counts(words(tag)), 1.0)

    def _of_tags(self, catalog: Catalog) -> Float32:
        rows = self._tags(catalog)
        distinct = dict.fromkeys(tag.lower() for row in rows for tag in row)
        vocabulary = {tag: i for i, tag in enumerate(distinct)}
        each = np.array([self._of_tag(tag) for tag in vocabulary], np.float32).reshape(
            len(vocabulary), len(self.families)
        )
        item = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        tag = np.array([vocabulary[t.lower()] for row in rows for t in row], np.int64)
        has = csr(item, tag, np.ones(len(tag), np.float32), (len(rows), len(vocabulary)))
        return np.asarray(has @ each, np.float32).reshape(len(rows), len(self.families))

    def _of_text(self, catalog: Catalog) -> Float32:
        rows = self._texts(catalog)
        mentions = np.array([self.counts(words(row)) for row in rows], np.float32)
        capped = np.minimum(mentions.reshape(len(rows), len(self.families)), 3.0)
        return np.asarray(self.text_weight * capped, np.float32)


def shares(matrix: Float32) -> Float32:
    """Each row divided by its sum; a row of zeros stays."""
    sums = matrix.sum(axis=1, keepdims=True)
    return (matrix / np.where(sums > 0, sums, 1.0)).astype(np.float32)
