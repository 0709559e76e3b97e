"""Texts as hashed n-grams of words and of characters, all texts at once in NumPy; no dictionary of strings is kept.

A piece of text has the hash Σ c_j B^j mod 2^64, so that all n-grams of a corpus come from one running sum (Karp and
Rabin 1987). What stands up to three words behind a negation is another word than by itself: "not happy" is no "happy".
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..data.arrays import Bool, Csr, Int64, csr

UInt32 = np.ndarray
UInt64 = np.ndarray
LONGEST = 10_000  # characters of a text that are read: who wrote 100 KB has said how they feel before
SCOPE = 3  # words that a negation reaches
WORD, SIGN, STOP = 1, 2, 3
BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that it has an inverse modulo 2^64
INVERSE = np.uint64(pow(int(BASE), -1, 1 << 64))
MIX = np.uint64(0xD6E8FEB86659FD93)
NEGATED = np.uint64(0xA5A5_5A5A_1234_5678)
NEGATIONS = (
    "not", "no", "never", "none", "nothing", "without", "hardly", "barely", "neither", "nor", "isn't", "aren't",
    "wasn't", "weren't", "don't", "doesn't", "didn't", "can't", "cannot", "couldn't", "won't", "wouldn't", "shouldn't",
    "haven't", "hasn't", "hadn't", "ain't", "dont", "didnt", "doesnt", "cant", "isnt", "wasnt", "wont",
)  # fmt: skip
REPEATED = re.compile(r"(.)\1{2,}")
DIRT = re.compile(r"https?://\S+|[\ufe00-\ufe0f\u200d]|[\U0001f3fb-\U0001f3ff]")  # links; how an emoji is to look


@dataclass(frozen=True)
class Reading:
    """words, chars: which lengths of n-grams are counted, () = none; negation: is what is negated another word, and
    spelling: are its letters others, too?"""

    words: tuple[int, ...] = (1, 2)
    chars: tuple[int, ...] = (2, 3, 4, 5)
    negation: bool = True
    spelling: bool = True


@dataclass(frozen=True)
class Corpus:
    """n-grams of texts. text: int64 (m,), which text; gram: uint32 (m,), its hash; kind: 0 word, 1 words, 2 letters.

    A full stop and its like are of kind 1: by them a text is not known.
    """

    n: int
    text: Int64
    gram: UInt32
    kind: np.ndarray

    @classmethod
    def read(cls, texts: Sequence[str], how: Reading) -> "Corpus":
        letters = _Letters.of([plain(text) for text in texts])
        tokens = _read(letters)
        parts = [*_of_words(letters, how, tokens), *_of_chars(letters, how, tokens)]
        owner, gram = (np.concatenate([np.zeros(0, t), *(p[k] for p in parts)]) for k, t in ((0, int), (1, np.uint32)))
        kind = np.concatenate([np.zeros(0, np.int8), *(np.full(len(p[0]), p[2], np.int8) for p in parts)])
        return cls(len(texts), owner.astype(np.int64), gram.astype(np.uint32), kind)

    def counts(self, known: UInt32) -> Csr:
        """How often each text has each of the known n-grams (sorted hashes), csr float32 (n, len(known))."""
        place = np.minimum(np.searchsorted(known, self.gram), max(len(known) - 1, 0))
        here = known[place] == self.gram if len(known) else np.zeros(len(self.gram), bool)
        return csr(self.text[here], place[here], np.ones(int(here.sum()), np.float32), (self.n, len(known)))

    def n_words(self) -> Int64:
        """Words of each text, int64 (n,)."""
        return np.bincount(self.text[self.kind == 0], minlength=self.n)


def plain(text: str) -> str:
    """Lower case, one form of each character, no links, no letter more than twice in a row."""
    text = unicodedata.normalize("NFKC", text[:LONGEST]).replace("’", "'").replace("`", "'").lower()
    return " ".join(REPEATED.sub(r"\1\1", DIRT.sub(" ", text)).split())


def hash_of(word: str) -> int:
    """The hash by which a corpus knows this one word."""
    return int(Corpus.read([word], Reading((1,), (), False)).gram[0])


@dataclass(frozen=True)
class _Letters:
    """All texts as one line. code: uint64 (m,); owner: int64 (m,); running: uint64 (m + 1,), Σ_{j<i} c_j B^j"""

    n: int
    code: UInt64
    owner: Int64
    running: UInt64
    power: UInt64

    @classmethod
    def of(cls, texts: Sequence[str]) -> "_Letters":
        padded = [f" {text} " for text in texts]
        line = "".join(padded)
        code = np.frombuffer(line.encode("utf-32-le", "replace"), np.uint32).astype(np.uint64)
        owner = np.repeat(np.arange(len(texts)), [len(text) for text in padded])
        power = _powers(BASE, len(code) + 1)
        running = np.zeros(len(code) + 1, np.uint64)
        np.cumsum(code * power[:-1], out=running[1:])
        return cls(len(texts), code, owner, running, _powers(INVERSE, len(code) + 1))

    def hashes(self, start: Int64, end: Int64) -> UInt64:
        """Of the pieces start … end - 1, wherever they stand."""
        return np.asarray((self.running[end] - self.running[start]) * self.power[start], np.uint64)


class _Tokens(NamedTuple):
    """Words and signs: where each starts and ends, its `_class`, and whether it stands behind a negation."""

    start: Int64
    end: Int64
    what: np.ndarray
    negated: Bool


def _powers(base: np.uint64, n: int) -> UInt64:
    found = np.full(n, base, np.uint64)
    found[:1] = 1
    return np.cumprod(found, dtype=np.uint64)


def _short(long: UInt64, salt: int) -> UInt32:
    mixed = (long ^ np.uint64(salt)) * MIX
    mixed ^= mixed >> np.uint64(29)
    return ((mixed * BASE) >> np.uint64(32)).astype(np.uint32)


def _of_words(letters: _Letters, how: Reading, tokens: _Tokens) -> list[tuple[Int64, UInt32, int]]:
    start, end, what, negated = tokens
    owner, hashes = letters.owner[start], letters.hashes(start, end)
    if how.negation:
        hashes = np.where(negated, hashes ^ NEGATED, hashes)
    found = []
    for n in how.words:
        if len(hashes) < n:
            continue
        if n == 1:
            for mine, kind in ((what != STOP, 0), (what == STOP, 1)):
                found.append((owner[mine], _short(hashes[mine], 1), kind))
            continue
        together, whole = np.zeros(len(hashes) - n + 1, np.uint64), np.ones(len(hashes) - n + 1, bool)
        for k in range(n):
            part = slice(k, len(hashes) - n + 1 + k)
            together = together * MIX + hashes[part]
            whole &= owner[part] == owner[: len(whole)]
        found.append((owner[: len(whole)][whole], _short(together[whole], n), 1))
    return found


def _read(letters: _Letters) -> _Tokens:
    start, end, what = _tokens(letters)
    negated = _negated(letters.hashes(start, end), letters.owner[start], np.asarray(what == WORD))
    return _Tokens(start, end, what, negated)


def _tokens(letters: _Letters) -> tuple[Int64, Int64, np.ndarray]:
    """Words, and every other sign by itself: where each starts and ends, and its `_class`."""
    code = letters.code
    table = np.array([_class(chr(c)) for c in range(0x250)], np.int8)
    kind = np.where(code < 0x250, table[np.minimum(code, 0x24F).astype(np.int64)], np.int8(2))
    for c in np.unique(code[code >= 0x250]).tolist():
        kind[code == c] = _class(chr(c))
    before = np.concatenate([[np.int8(0)], kind[:-1]])
    start = np.flatnonzero((kind > 0) & ((kind != before) | (kind >= SIGN)))
    after = np.concatenate([kind[1:], [np.int8(0)]])
    end = np.flatnonzero((kind > 0) & ((kind != after) | (kind >= SIGN))) + 1
    return start, end, kind[start]


def _class(sign: str) -> int:
    """A part of a WORD; a SIGN that stands by itself, such as an emoji; a STOP, of punctuation; 0 = space."""
    if sign.isalnum() or sign in "'_":
        return WORD
    return 0 if sign.isspace() else STOP if unicodedata.category(sign).startswith("P") else SIGN


def _negated(hashes: UInt64, owner: Int64, is_word: Bool) -> Bool:
    """Which words stand behind a negation, in the same clause."""
    negation = np.isin(hashes, _negations())
    found, open_ = np.zeros(len(hashes), bool), negation.copy()
    for _ in range(SCOPE):
        open_ = np.concatenate([[False], open_[:-1]])[: len(hashes)]
        same = np.concatenate([[False], owner[1:] == owner[:-1]])[: len(hashes)]
        open_ = open_ & same & is_word
        found |= open_
    return np.asarray(found & ~negation)


def _negations() -> UInt64:
    letters = _Letters.of(NEGATIONS)
    start, end, _ = _tokens(letters)
    return letters.hashes(start, end)


def _of_chars(letters: _Letters, how: Reading, tokens: _Tokens) -> list[tuple[Int64, UInt32, int]]:
    found, size = [], len(letters.code)
    before = np.zeros(size + 1, np.int64)  # letters of negated words up to here
    if how.negation and how.spelling:
        edge = np.zeros(size + 1, np.int64)
        edge[tokens.start[tokens.negated]], edge[tokens.end[tokens.negated]] = 1, -1
        before[1:] = np.cumsum(np.cumsum(edge[:-1]))
    for n in how.chars:
        if size < n:
            continue
        start = np.arange(size - n + 1)
        start = start[letters.owner[start] == letters.owner[start + n - 1]]
        hashes = letters.hashes(start, start + n)
        hashes = np.where(before[start + n] > before[start], hashes ^ NEGATED, hashes)
        found.append((letters.owner[start], _short(hashes, 16 + n), 2))
    return found
