"""Texts that somebody labelled: a folder with train.tsv, dev.tsv and test.tsv, or one file; several labels a text.

A .tsv line is text, labels (names or numbers, separated by commas), and whatever follows; quotes are only quotes. A
.csv file has a header with the columns text and label (or labels, emotion). labels.txt names the numbers, a line each.
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from ..errors import DataError
from .arrays import Bool

PARTS = ("train", "dev", "test")
LABELS = ("label", "labels", "emotion", "emotions")
TEXTS = ("text", "input", "comment", "sentence")


@dataclass(frozen=True)
class Labelled:
    """texts: n of them;  has: bool (n, n_labels);  skipped: rows without a text, or without a label that is known"""

    texts: tuple[str, ...]
    has: Bool
    skipped: int

    def where(self, mask: Bool) -> "Labelled":
        return Labelled(
            tuple(t for t, keep in zip(self.texts, mask, strict=True) if keep), self.has[mask], self.skipped
        )


def read_labelled(path: Path, labels: tuple[str, ...], name: Callable[[str], str | None]) -> dict[str, Labelled]:
    """part -> its texts. labels: in the order of the columns of `has`; name: what we call a label, None = unknown

    One file, or a folder without dev and test, is dealt out by a hash of each text: a tenth to dev, a tenth to test.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist. Name a folder with train.tsv, dev.tsv and test.tsv, or one file.")
    numbers = _numbers(path if path.is_dir() else path.parent)
    files = {part: _file(path, part) for part in PARTS} if path.is_dir() else {"train": path}
    found = {part: _read(file, labels, name, numbers) for part, file in files.items() if file is not None}
    if "train" not in found:
        raise DataError(f"{path} has neither train.tsv nor train.csv. Name the file itself, or call it so.")
    if not len(found["train"].texts):
        raise DataError(f"{path}: no row has a text and one of the labels {', '.join(labels)}. Nothing was learned.")
    return (
        found
        if len(found) == len(PARTS)
        else {**_dealt(found["train"]), **{p: f for p, f in found.items() if p != "train"}}
    )


def _file(folder: Path, part: str) -> Path | None:
    return next((folder / f"{part}{end}" for end in (".tsv", ".csv") if (folder / f"{part}{end}").is_file()), None)


def _numbers(folder: Path) -> Mapping[str, str]:
    """ "0" -> the first line of labels.txt …"""
    file = folder / "labels.txt"
    names = file.read_text("utf-8").split() if file.is_file() else []
    return {str(row): label for row, label in enumerate(names)}


def _read(
    file: Path, labels: tuple[str, ...], name: Callable[[str], str | None], numbers: Mapping[str, str]
) -> Labelled:
    try:
        rows = _tabbed(file) if file.suffix == ".tsv" else _commas(file)
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is not UTF-8 ({error.reason} at byte {error.start}). Save it as UTF-8.") from None
    texts, has, skipped = [], [], 0
    for text, said in rows:
        each = [name(numbers.get(one.strip(), one)) for one in said.split(",")]
        known = [labels.index(one) for one in each if one is not None]
        if not text.strip() or not known:
            skipped += 1
            continue
        texts.append(text)
        has.append(np.isin(np.arange(len(labels)), known))
    return Labelled(tuple(texts), np.array(has, bool).reshape(len(texts), len(labels)), skipped)


def _tabbed(file: Path) -> list[tuple[str, str]]:
    lines = [line.rstrip("\r").split("\t") for line in file.read_text("utf-8").split("\n") if line.strip()]
    if lines and len(lines[0]) > 1 and lines[0][1].strip().lower() in LABELS:
        lines = lines[1:]
    return [(cells[0], cells[1] if len(cells) > 1 else "") for cells in lines]


def _commas(file: Path) -> list[tuple[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.DictReader(opened)
        heads = {(head or "").strip().lower(): head for head in reader.fieldnames or ()}
        text, label = (next((heads[n] for n in names if n in heads), None) for names in (TEXTS, LABELS))
        if text is None or label is None:
            raise DataError(f"{file} has the columns {', '.join(heads)}. It needs text and label.")
        return [(row[text] or "", row[label] or "") for row in reader]


def _dealt(whole: Labelled) -> dict[str, Labelled]:
    place = np.array([crc32(text.encode()) % 10 for text in whole.texts])
    masks = {"train": place < 8, "dev": place == 8, "test": place == 9}
    return {part: whole.where(mask) for part, mask in masks.items()}
