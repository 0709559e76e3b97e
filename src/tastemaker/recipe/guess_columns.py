"""What a column of an unknown table looks like: numbers, tags, prose, addresses; judged by its cells, then its name."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ..data.parse import split_tags, to_number, to_time
from ..data.table import Table

Kind = Literal["empty", "address", "flag", "number", "date", "code", "tags", "words"]

MOSTLY = 0.95  # share of filled cells that makes a column what it is
SEPARATORS = {"|": 0.1, ";": 0.2, ",": 0.4, "/": 0.4}  # separator -> share of cells with two or more tags that it takes
TAG_WORDS, TAG_LENGTH = 3.5, 30.0  # tags are short: mean words, mean characters
FRESH_TAGS = 0.9  # tags come back: at most this share of them is new
PROSE = 6.0  # mean words of a cell from which on it is text

FLAGS = {"true", "false", "yes", "no", "t", "f", "y", "n"}
DATES = re.compile(
    r"\d{1,4}[-./]\d{1,2}([-./]\d{1,4})?([ T]\d{1,2}:\d{2}.*)?|\d{1,2}\.? \w{3,9},? \d{4}|\w{3,9}\.? \d{1,2},? \d{4}"
)
YEAR = re.compile(r"(1[89]|20)\d\d")
MOMENTS = {"date", "time", "timestamp", "created", "updated", "modified", "added", "published"}
IDS = {
    "id",
    "ids",
    "uid",
    "uuid",
    "guid",
    "isbn",
    "asin",
    "sku",
    "ean",
    "upc",
    "code",
    "uri",
    "slug",
    "gtin",
    "barcode",
    "ref",
}
NAMES = {"title", "name", "titel", "titre", "titulo", "título", "nombre", "nom", "label"}
IMAGES = {"image", "img", "picture", "photo", "thumbnail", "thumb", "cover", "poster", "artwork"}
MAKERS = {"brand", "artist", "author", "maker", "director", "publisher", "channel", "designer", "studio", "label"}
USERS = {"user", "userid", "customer", "customerid", "member", "reviewer", "listener"}
GRADES = {"rating", "ratings", "stars", "rank", "score", "plays", "liked"}
PICTURE = re.compile(r"\.(jpe?g|png|gif|webp|avif|svg)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Look:
    """
    cells:     the sampled cells, stripped, "" = missing
    filled:    share of cells that hold something; distinct: share of the filled ones that differ
    values:    how many different ones there are
    words:     mean words of a filled cell
    separator: of tags, "" = none;  several: share of filled cells with two or more tags
    """

    name: str
    cells: tuple[str, ...]
    kind: Kind
    filled: float
    distinct: float
    values: int
    words: float
    separator: str = ""
    several: float = 0.0

    @property
    def tokens(self) -> tuple[str, ...]:
        """The words of the column's name: trackId, track_id and "Track ID" are the same."""
        spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", self.name)
        return tuple(re.findall(r"[^\W_]+", spaced.lower()))

    def named(self, known: set[str]) -> bool:
        return not known.isdisjoint(self.tokens)

    @property
    def shows_pictures(self) -> bool:
        return self.named(IMAGES) or share(self.cells, lambda cell: PICTURE.search(cell) is not None) > 0.5

    @property
    def code_like(self) -> bool:
        """One word a cell, most with a digit: 6f807x0ima9a1j3VPbc7VN, tt0114709, 12."""
        return self.words <= 1.0 and share(self.cells, lambda cell: any(map(str.isdigit, cell))) > 0.5


def look_at(table: Table, rows: Sequence[int]) -> list[Look]:
    """Every column, by these rows."""
    return [_look(table, name, [(table.columns[name][row] or "").strip() for row in rows]) for name in table.names]


def share(cells: Sequence[str], true: Callable[[str], bool]) -> float:
    """The share of the filled cells of which it is true; 0 where none is filled."""
    filled = [cell for cell in cells if cell]
    return sum(map(true, filled)) / max(len(filled), 1)


def all_numbers(table: Table, name: str) -> bool:
    """Does every filled cell of the whole column hold a number? One that does not would refuse its row."""
    return all(
        map(_is_number, dict.fromkeys(cell for cell in table.columns[name] if cell is not None and cell.strip()))
    )


def _look(table: Table, name: str, cells: list[str]) -> Look:
    filled = [cell for cell in cells if cell]
    n = max(len(filled), 1)
    look = Look(
        name=name,
        cells=tuple(cells),
        kind="empty",
        filled=len(filled) / max(len(cells), 1),
        distinct=len(set(filled)) / n,
        values=len(set(filled)),
        words=sum(len(cell.split()) for cell in filled) / n,
    )
    kind, separator, several = _kind(look) if filled else ("empty", "", 0.0)
    return Look(**{**vars(look), "kind": kind, "separator": separator, "several": several})


def _kind(look: Look) -> tuple[Kind, str, float]:
    cells = look.cells
    if share(cells, lambda cell: "://" in cell[:12] or cell.startswith("www.")) > 0.8:
        return "address", "", 0.0
    if {cell.lower() for cell in cells if cell} <= FLAGS:
        return "flag", "", 0.0
    if share(cells, _is_number) >= MOSTLY:
        moment = look.named(MOMENTS) or (look.words <= 1 and share(cells, _is_day) >= MOSTLY)
        return ("date" if moment else "number"), "", 0.0
    if share(cells, _is_date) >= MOSTLY:
        return "date", "", 0.0
    if share(cells, _has_letter) < 0.5:
        return "code", "", 0.0
    separator, several = _separator(cells)
    return ("tags" if separator else "words"), separator, several


def _separator(cells: Sequence[str]) -> tuple[str, float]:
    """The separator that makes tags of these cells, and the share of cells with several; "" where none does."""
    for separator, least in SEPARATORS.items():
        rows = [split_tags(cell, separator) for cell in cells if cell]
        tags = [tag for row in rows for tag in row]
        several = sum(len(row) > 1 for row in rows) / max(len(rows), 1)
        if several >= least and _short(tags) and share(tags, _has_letter) > 0.6 and _come_back(tags):
            return separator, several
    return "", 0.0


def _short(tags: Sequence[str]) -> bool:
    n = max(len(tags), 1)
    return sum(len(tag.split()) for tag in tags) / n <= TAG_WORDS and sum(map(len, tags)) / n <= TAG_LENGTH


def _come_back(tags: Sequence[str]) -> bool:
    return len({tag.casefold() for tag in tags}) <= FRESH_TAGS * len(tags)


def _is_number(cell: str) -> bool:
    try:
        to_number(cell)
    except ValueError:
        return False
    return True


def _is_day(cell: str) -> bool:
    """20240531 is a day, 12345678 is a number."""
    return len(cell) == 8 and cell.isdecimal() and "1900" < cell[:4] < "2100" and _is_date(cell)


def _is_date(cell: str) -> bool:
    if DATES.fullmatch(cell) or YEAR.fullmatch(cell):
        return True
    try:
        to_time(cell)
    except ValueError:
        return False
    return not _is_number(cell) or len(cell) == 8


def _has_letter(cell: str) -> bool:
    return any(map(str.isalpha, cell))
