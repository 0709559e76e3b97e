"""Which columns of somebody's table mean what: the column maps of a recipe."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..errors import RecipeError
from .dataset import Scale


@dataclass(frozen=True)
class CatalogColumns:
    """Our names -> the table's column names.

    id:         one column or several, joined by " / "; none = the title is the id
    show:       columns that are only shown (an image, a link)
    missing:    our name -> what to show for an empty cell
    optional:   our names whose columns may be absent altogether
    separator:  between two tags of a cell
    duplicates: merge = rows of one id become one item, gaps filled and tags united; refuse = an error
    """

    title: str
    id: tuple[str, ...] = ()
    text: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    show: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    separator: str = ","
    duplicates: Literal["merge", "refuse"] = "merge"

    def __post_init__(self) -> None:
        named = {"id", "title", *self.text, *self.tags, *self.categories, *self.numbers, *self.show}
        for name in (*self.missing, *self.optional):
            if name not in named:
                known = ", ".join(sorted(named))
                raise RecipeError(f"[catalog] speaks of {name!r}, which is none of its columns: {known}.")


@dataclass(frozen=True)
class ScaleColumn:
    """A column of grades, and the two ends of its scale."""

    column: str
    worst: float
    best: float

    def scale(self) -> Scale:
        return Scale(self.worst, self.best)


@dataclass(frozen=True)
class EventColumns:
    """Our names -> the table's column names; group and time may be absent.

    scales: kind of event -> its grade; the one whose column is there tells the kind. Without any, a row is a `like`.
    """

    user: str = "user"
    item: str = "item"
    group: str = "group"
    time: str = "time"
    scales: Mapping[str, ScaleColumn] = field(default_factory=dict)
