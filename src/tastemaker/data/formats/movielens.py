"""MovieLens in every edition that GroupLens publishes: ratings with their times, items with title, tags and year.

The files of each edition are listed in movielens.toml. Ratings are parsed by polars, a million in a tenth of a second.
"""

import codecs
import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import time as clock
from typing import Any, NamedTuple

import numpy as np

from ...errors import DataError
from ..arrays import Bool, Float64, Int32, Int64
from ..catalog import Catalog
from ..columns import CatalogColumns, EventColumns, ScaleColumn
from ..dataset import Dataset
from ..decode import decode
from ..delimited import read_delimited
from ..events import AHEAD
from ..load_catalog import load_catalog
from ..table import BadRow, Column, Table, checked
from ..vocab import Vocab
from .published import File, Published, heard_now, read_bytes, repeated

EDITIONS = Path(__file__).with_suffix(".toml")
NAMES = ("user", "item", "rating", "time")
SEPARATOR = "|"  # between two tags
YEAR = re.compile(r"\((\d{4})(?:[-–]\d{0,4})?\)\s*$")  # at the end of a title


class _Form(NamedTuple):
    file: str
    separator: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class _Edition:
    """As movielens.toml says."""

    scale: tuple[float, float]
    ratings: _Form
    items: _Form
    tags: str
    header: bool = False
    none: str = ""
    flags: tuple[str, ...] = ()
    also: str = ""

    def files(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.ratings.file, self.items.file, self.also)))

    def event_columns(self) -> EventColumns:
        user, item, rating, time = self.ratings.columns
        return EventColumns(user, item, time=time, scales={"rating": ScaleColumn(rating, *self.scale)})

    def item_columns(self) -> CatalogColumns:
        """year: made from the title."""
        id_, title = self.items.columns[:2]
        tags, numbers = {self.tags: self.tags}, {"year": "year"}
        return CatalogColumns(title, (id_,), tags=tags, numbers=numbers, optional=("year",), separator=SEPARATOR)


class _Ratings(NamedTuple):
    user: Int64
    item: Int64
    rating: Float64
    time: Int64
    line: Int64


def read_movielens(source: str) -> Published:
    folder = Path(source).expanduser()
    edition = _edition_of(folder)
    data, name = read_bytes(folder, edition.ratings.file), f"{folder.name}/{edition.ratings.file}"
    catalog, items = _items(read_bytes(folder, edition.items.file), f"{folder.name}/{edition.items.file}", edition)
    found, refused = _ratings(data, name, edition)
    good, rows, unfit = _fit(found, catalog, edition)
    users, user = np.unique(found.user[good], return_inverse=True)
    events = heard_now(user, rows[good], "rating", found.rating[good], found.time[good])
    scales = {kind: column.scale() for kind, column in edition.event_columns().scales.items()}
    dataset = Dataset(events, catalog, Vocab(tuple(map(str, users.tolist()))), scales=scales)
    bad = tuple(sorted([*refused, *unfit]))
    file = File(name, "rating", hashlib.sha256(data).hexdigest(), len(events), bad)
    return Published(folder.name, dataset, None, (items, file), edition.event_columns(), edition.item_columns())


def _edition_of(folder: Path) -> _Edition:
    editions = [_edition(raw) for raw in tomllib.loads(EDITIONS.read_text("utf-8"))["edition"]]
    for edition in editions:
        if all((folder / file).is_file() for file in edition.files()):
            return edition
    if not folder.is_dir():
        read_bytes(folder, editions[0].ratings.file)  # says what is wrong
    wanted = "; ".join(dict.fromkeys(f"{e.ratings.file} and {e.items.file}" for e in editions))
    held = ", ".join(sorted(other.name for other in folder.iterdir())[:10]) or "nothing"
    raise DataError(f"{folder} holds no edition of MovieLens: it should have {wanted}. It holds: {held}")


def _edition(raw: Mapping[str, Any]) -> _Edition:
    forms = {name: _Form(**{**raw[name], "columns": tuple(raw[name]["columns"])}) for name in ("ratings", "items")}
    return _Edition(**{**raw, **forms, "scale": tuple(raw["scale"]), "flags": tuple(raw.get("flags", ()))})


def _items(data: bytes, name: str, edition: _Edition) -> tuple[Catalog, File]:
    text, encoding, repaired, lost = decode(data)
    form, digest = edition.items, hashlib.sha256(data).hexdigest()
    separator = form.separator if form.separator == "," else "\t"
    head = "" if edition.header else form.separator.join((*form.columns, *edition.flags)) + "\n"
    found = checked(read_delimited((head + text).replace(form.separator, separator), name, separator), name)
    ahead = len(head) > 0  # lines that the file itself does not have
    refused = tuple(BadRow(line - ahead, reason) for line, reason in found.refused)
    lines = [line - ahead for line in found.lines]
    table = Table(name, _item_columns(found.columns, edition, name), lines, refused, encoding, repaired, lost, digest)
    read = load_catalog(table, edition.item_columns())
    return read.catalog, File(name, "catalog", digest, read.loaded, read.refused, repaired, read.merged)


def _item_columns(found: Mapping[str, Column], edition: _Edition, name: str) -> dict[str, Column]:
    """id, title, tags with a bar between, and the year that the title ends with."""
    id_, title = edition.items.columns[:2]
    if missing := [column for column in edition.items.columns if column not in found]:
        raise DataError(
            f"{name} has no column {missing[0]!r}. It has: {', '.join(found)}. Download the data set again."
        )
    if edition.flags:
        marks = zip(*(found[flag] for flag in edition.flags), strict=True)
        tags = [SEPARATOR.join(f for f, mark in zip(edition.flags, row, strict=True) if mark == "1") for row in marks]
    else:
        tags = [cell or "" for cell in found[edition.tags]]
    years = [YEAR.search(cell or "") for cell in found[title]]
    return {
        id_: found[id_],
        title: found[title],
        edition.tags: ["" if cell == edition.none else cell for cell in tags],
        "year": [year[1] if year else "" for year in years],
    }


def _ratings(data: bytes, name: str, edition: _Edition) -> tuple[_Ratings, list[BadRow]]:
    """The ratings whose cells are numbers, and the lines that are left out."""
    import polars

    form = edition.ratings
    text = data.removeprefix(codecs.BOM_UTF8).replace(form.separator.encode(), b"\t")
    text = text if text.endswith(b"\n") else text + b"\n"
    line, refused = _lines(text, len(form.columns), name, ",".join(form.columns) if edition.header else "")
    rows = _only(text, line)
    types = dict.fromkeys(NAMES, polars.Int64()) | {"rating": polars.Float64()}
    frame = polars.read_csv(rows, has_header=False, separator="\t", schema=types, ignore_errors=True, quote_char=None)
    wrong = {column.name: column.is_null().to_numpy() for column in frame.get_columns()}  # no number of its type
    known = ~np.any(list(wrong.values()), axis=0)
    parts = [] if known.all() else rows.split(b"\n")
    for row in np.flatnonzero(~known).tolist():
        at = next(at for at, name in enumerate(NAMES) if wrong[name][row])
        cell = parts[row].split(b"\t")[at].decode("utf-8", "replace").strip()
        refused.append(BadRow(int(line[row]), f"{form.columns[at]} {cell!r} is no {_kind(NAMES[at])}"))
    user, item, rating, time = (frame[name].fill_null(0).to_numpy()[known] for name in NAMES)
    return _Ratings(user, item, rating, time, line[known]), refused


def _only(text: bytes, line: Int64) -> bytes:
    """These lines, counted from 1, each ending in a line feed."""
    if len(line) == line[-1] - line[0] + 1 == text.count(b"\n") - line[0] + 1:
        return text.split(b"\n", int(line[0]) - 1)[-1]
    parts = text.split(b"\n")
    return b"".join([parts[at - 1] + b"\n" for at in line.tolist()])


def _kind(column: str) -> str:
    return "number" if column == "rating" else "whole number"


def _lines(text: bytes, width: int, name: str, header: str) -> tuple[Int64, list[BadRow]]:
    """The lines, from 1, that have as many cells as there are columns; the header and blank ones are no rows."""
    codes = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(codes == ord("\n"))
    cells = np.diff(np.searchsorted(np.flatnonzero(codes == ord("\t")), ends), prepend=0) + 1
    begins = np.concatenate([[0], ends[:-1] + 1])  # every line has a byte, its end
    filled = np.logical_or.reduceat(codes[: ends[-1] + 1] > ord(" "), begins)
    if header:
        found = text[: ends[0]].decode("utf-8", "replace").strip().replace("\t", ",")
        if found != header:
            raise DataError(f"{name} begins with {found[:80]!r}, not with {header!r}. Is the file what its name says?")
        filled[0] = False
    good = filled & (cells == width)
    odd = np.flatnonzero(filled & ~good)
    if not good.any():
        raise DataError(f"{name} has no row of {width} cells. Copy or download the data set again.")
    return np.flatnonzero(good) + 1, [BadRow(int(at) + 1, f"{cells[at]} cells where there are {width}") for at in odd]


def _fit(found: _Ratings, catalog: Catalog, edition: _Edition) -> tuple[Bool, Int32, list[BadRow]]:
    """Which ratings can be: of a known item, on the scale, not in the future, once for a user and an item."""
    items, which = np.unique(found.item, return_inverse=True)
    rows = catalog.items.rows(map(str, items.tolist()))[which]
    low, high = edition.scale
    again = np.zeros(len(rows), bool)
    again[repeated(found.user, found.item)] = True
    problems = (
        (found.user < 0, "the user {user} is negative"),
        (rows < 0, f"the item {{item}} is not in {edition.items.file}"),
        (~((found.rating >= low) & (found.rating <= high)), f"rating {{rating:g}} is outside {low:g}–{high:g}"),
        (found.time > clock() + AHEAD, "the time {time} is in the future"),
        (again, "user {user} rates item {item} a second time"),
    )
    good = np.ones(len(rows), bool)
    refused = []
    for wrong, reason in problems:
        for row in np.flatnonzero(wrong & good).tolist():
            said = {name: getattr(found, name)[row] for name in NAMES}
            refused.append(BadRow(int(found.line[row]), reason.format(**said)))
        good &= ~wrong
    return good, rows, refused
