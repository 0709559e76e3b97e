"""Plain pairs, already split: train.txt and test.txt, one line a user: the user's number, then the items' numbers.

The form in which LightGCN (He et al. 2020) and what followed it publish Gowalla, Yelp and Amazon. Whole files are
parsed at once, a million pairs in half a second. Nothing says when anything happened: the time is 0, which is none.
"""

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import DataError
from ..arrays import Int64
from ..catalog import Catalog
from ..columns import EventColumns
from ..dataset import Dataset
from ..table import BadRow
from ..vocab import Vocab
from .published import File, Published, heard_now, read_bytes, repeated, without_lines

FILES = ("train.txt", "test.txt")
SHAPE = "A line is: USER ITEM ITEM …, whole numbers with spaces between."
SPACE = ord(" ")  # this and every code below separates
DIGITS = 18  # a longer number does not fit 64 bits


@dataclass(frozen=True)
class _Pairs:
    """user, item: int64 (n,), the numbers as written; users: int64, all of them, those without an item too."""

    user: Int64
    item: Int64
    users: Int64
    file: File


def read_lightgcn(source: str) -> Published:
    folder = Path(source).expanduser()
    train, test = (_pairs(read_bytes(folder, name), f"{folder.name}/{name}") for name in FILES)
    for part in (train, test):
        if not len(part.user):
            raise DataError(f"{part.file.name} has users, but nobody has an item. {SHAPE}")
    users = np.unique(np.concatenate([train.users, test.users]))
    items = np.unique(np.concatenate([train.item, test.item]))
    ids = tuple(map(str, items.tolist()))
    catalog, people = Catalog(Vocab(ids), ids), Vocab(tuple(map(str, users.tolist())))
    learn, judge = (
        Dataset(heard_now(np.searchsorted(users, part.user), np.searchsorted(items, part.item)), catalog, people)
        for part in (train, test)
    )
    return Published(folder.name, learn, judge, (train.file, test.file), EventColumns())


def _pairs(data: bytes, name: str) -> _Pairs:
    text = _plain(data, name)
    bad = _bad_lines(text)
    good = without_lines(text, {line for line, _ in bad})
    _, line = _tokens(np.frombuffer(good, np.uint8))
    if not len(line):
        raise DataError(f"{name}: no line can be read; the first, line {bad[0].line}: {bad[0].reason}. {SHAPE}")
    number = np.fromstring(good, np.int64, sep=" ")  # any white space separates, line ends too
    first = np.concatenate([[True], line[1:] != line[:-1]])
    user = number[first][np.cumsum(first) - 1]  # whose line each number stands on
    again = np.flatnonzero(~first)[repeated(user[~first], number[~first])]
    bad += [BadRow(int(line[at]) + 1, f"user {user[at]} has item {number[at]} a second time") for at in again]
    kept = ~first
    kept[again] = False
    file = File(name, "like", hashlib.sha256(data).hexdigest(), int(kept.sum()), tuple(sorted(bad)))
    return _Pairs(user[kept], number[kept], number[first], file)


def _plain(data: bytes, name: str) -> bytes:
    """Without a byte order mark, lines ending in a line feed."""
    if b"\0" in data:
        raise DataError(f"{name} is not plain text (UTF-16, or an archive?). Save it as UTF-8. {SHAPE}")
    text = data.removeprefix(codecs.BOM_UTF8)
    return text if b"\n" in text else text.replace(b"\r", b"\n")


def _bad_lines(text: bytes) -> list[BadRow]:
    """Lines that hold anything but numbers that fit, with the first such thing."""
    codes = np.frombuffer(text, np.uint8)
    odd = np.flatnonzero((codes > SPACE) & ((codes < ord("0")) | (codes > ord("9"))))
    length, line = _tokens(codes)
    ends = np.flatnonzero(codes == ord("\n"))
    found = np.union1d(np.searchsorted(ends, odd), line[length > DIGITS]).tolist()
    lines = text.split(b"\n") if found else []
    return [BadRow(at + 1, next(filter(None, map(_reason, lines[at].split())))) for at in found]


def _reason(token: bytes) -> str:
    """What is wrong with a number, "" = nothing."""
    shown = repr(token.decode("utf-8", "replace"))
    if token.isdigit():
        return f"{shown} is too large a number" if len(token) > DIGITS else ""
    if token.startswith(b"-") and token[1:].isdigit():
        return f"{shown} is negative; users and items are numbered from 0"
    return f"{shown} is no whole number"


def _tokens(codes: npt.NDArray[np.uint8]) -> tuple[Int64, Int64]:
    """Length of each run of characters that are not blank, and the line it stands on, from 0."""
    edges = np.flatnonzero(np.diff(codes > SPACE, prepend=False, append=False))
    start, end = edges[::2], edges[1::2]
    return end - start, np.searchsorted(np.flatnonzero(codes == ord("\n")), start)
