"""Which columns of somebody's table mean what: the column maps of a recipe."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..errors import RecipeError
from .dataset import Scale
from .events import KINDS


@dataclass(frozen=True)
class Extract:
    """A column made from another one: what the pattern's one group finds in a cell; nothing where it does not match.

    of:      the table's column that is searched
    pattern: a regular expression with one group
    shown:   the new cell, with {} for what was found ("{}0s" makes 1990s of 199)
    """

    of: str
    pattern: str
    shown: str = "{}"

    def __post_init__(self) -> None:
        try:
            groups = re.compile(self.pattern).groups
        except re.error as error:
            raise RecipeError(
                f"[catalog.extract] pattern {self.pattern!r} is no regular expression: {error}."
            ) from None
        if groups != 1:
            raise RecipeError(
                f"[catalog.extract] pattern {self.pattern!r} has {groups} groups; put what is wanted, and nothing "
                "else, in parentheses. Parentheses that are no group are written (?: )."
            )
        if self.shown.count("{}") != 1 or set("{}") & set(self.shown.replace("{}", "")):
            raise RecipeError(f"[catalog.extract] shown is {self.shown!r}; write {{}} once, where the found part goes.")

    def cells(self, cells: list[str | None]) -> list[str | None]:
        """The new column; None where the pattern finds nothing."""
        found = (re.search(self.pattern, cell or "") for cell in cells)
        return [None if match is None or match[1] is None else self.shown.format(match[1]) for match in found]


@dataclass(frozen=True)
class TagColumns:
    """A table of tags that people gave to items, one a row: `tastemaker import --tags`.

    item, tag: the table's columns; an item by its id or title
    into:      our name of the tags column that takes them; "" = this recipe expects no such table
    user:      the column of who gave the tag; "" = nobody says
    count:     our name of the number column that counts who tagged an item, or its rows; "" = nobody counts
    least:     a tag that fewer items of the table have is left out: it makes no two items alike
    most:      tags that an item keeps, those that it was given most often
    """

    item: str = "item"
    tag: str = "tag"
    into: str = ""
    user: str = ""
    count: str = ""
    least: int = 1
    most: int = 30


@dataclass(frozen=True)
class TieColumns:
    """When items of one title are one thing under several ids: the first answers for all, and has all their events.

    by:     our names of categories that they share, such as a maker; none = nothing is tied
    number: our name of a number that tells things of one name apart; within: the share of itself by which it may differ
    otherwise: categories that have to agree, too, where that number is not known; none = such items are not tied
    """

    by: tuple[str, ...] = ()
    number: str = ""
    within: float = 0.0
    otherwise: tuple[str, ...] = ()


@dataclass(frozen=True)
class CatalogColumns:
    """Our names -> the table's column names.

    id:         one column or several, joined by " / "; none = the title is the id
    show:       columns that are only shown (an image, a link)
    missing:    our name -> what to show for an empty cell
    optional:   our names whose columns may be absent altogether
    separator:  between two tags of a cell
    missing_numbers: our name -> the number that says that nobody knows it
    missing_tags: tags that say that there is none ("(none)", "n/a"); case does not matter
    duplicates: merge = rows of one id become one item, gaps filled and tags united; refuse = an error
    extract:    a new column of the table -> how it is made from another; a column of that name in the table itself wins
    tagged:     the table of other people's tags
    names:      column -> what stands in a cell -> what it is called
    tied:       which items are one thing under several ids
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
    missing_numbers: Mapping[str, float] = field(default_factory=dict)
    missing_tags: tuple[str, ...] = ()
    duplicates: Literal["merge", "refuse"] = "merge"
    extract: Mapping[str, Extract] = field(default_factory=dict)
    tagged: TagColumns = field(default_factory=TagColumns)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tied: TieColumns = field(default_factory=TieColumns)

    def __post_init__(self) -> None:
        named = {"id", "title", *self.text, *self.tags, *self.categories, *self.numbers, *self.show}
        for name in (*self.missing, *self.missing_numbers, *self.optional):
            if name not in named:
                known = ", ".join(sorted(named))
                raise RecipeError(f"[catalog] speaks of {name!r}, which is none of its columns: {known}.")
        spoken = [(name, self.categories, "categories") for name in (*self.tied.by, *self.tied.otherwise)]
        spoken += [(self.tied.number, self.numbers, "numbers")] if self.tied.number else []
        for name, group, what in spoken:
            if name not in group:
                raise RecipeError(f"[catalog.tied] names {name!r}, which is not under {what} of [catalog].")
        for name, group, what in ((self.tagged.into, self.tags, "tags"), (self.tagged.count, self.numbers, "numbers")):
            if name and name not in group:
                raise RecipeError(
                    f"[catalog.tagged] names {name!r}, which is not under {what} of [catalog]. Add it: "
                    f'{what} = {{ {name} = "{name}" }}, and to optional, where the catalog itself does not have it.'
                )


@dataclass(frozen=True)
class ScaleColumn:
    """A column of grades, the two ends of its scale, and from which grade on something is liked."""

    column: str
    worst: float
    best: float
    like: float | None = None

    def __post_init__(self) -> None:
        self.scale()  # which refuses ends that are none

    def scale(self) -> Scale:
        return Scale(self.worst, self.best, self.like)


PLAIN = tuple(kind for kind in KINDS if kind not in ("ranking", "rating"))  # kinds that have no grade


@dataclass(frozen=True)
class EventColumns:
    """Our names -> the table's column names; group, time and kind may be absent.

    scales: kind of event -> its grade; the one whose column is there tells the kind. Without any, a row is a `like`.
    kind:   the column that says what happened; kinds: what it says -> our kind of event
    called: what answers call those who have several items together (users, playlists, baskets)
    """

    user: str = "user"
    item: str = "item"
    group: str = "group"
    time: str = "time"
    scales: Mapping[str, ScaleColumn] = field(default_factory=dict)
    kind: str = "kind"
    kinds: Mapping[str, str] = field(default_factory=dict)
    called: str = "users"

    def __post_init__(self) -> None:
        for said, kind in self.kinds.items():
            if kind not in PLAIN:
                raise RecipeError(f"[events.kinds] takes {said!r} for a {kind!r}. Give one of: {', '.join(PLAIN)}.")
