"""The things that can be recommended, column by column, as their owner wrote them."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import DataError, QueryError
from .arrays import Bool, Float32, Int64
from .nearest import did_you_mean
from .vocab import Vocab

Texts = tuple[str, ...]
Tags = tuple[tuple[str, ...], ...]
_WORD = re.compile(r"[^\W_]+")
HINTS = 20_000  # items of a catalog in which the nearest name is looked for


@dataclass(frozen=True)
class Catalog:
    """Items and their columns by name. Every column has one entry an item; text is kept as it was shown.

    titles:     what a person calls the item; need not be unique
    text:       free text ("" = missing)
    tags:       phrases, in the owner's order (() = none)
    categories: one word or name per item
    numbers:    float32 (n_items,), NaN = missing
    available:  bool (n_items,); False = delisted, never recommended
    """

    items: Vocab
    titles: Texts
    text: Mapping[str, Texts] = field(default_factory=dict)
    tags: Mapping[str, Tags] = field(default_factory=dict)
    categories: Mapping[str, Texts] = field(default_factory=dict)
    numbers: Mapping[str, Float32] = field(default_factory=dict)
    available: Bool = field(default_factory=lambda: np.zeros(0, bool))

    def __post_init__(self) -> None:
        if len(self.available) == 0:
            object.__setattr__(self, "available", np.ones(len(self.items), bool))
        columns = {"titles": self.titles, "available": self.available}
        for group in (self.text, self.tags, self.categories, self.numbers):
            columns |= dict(group)
        for name, column in columns.items():
            if len(column) != len(self.items):
                raise DataError(f"Catalog column {name!r} has {len(column)} entries for {len(self.items)} items.")

    def __len__(self) -> int:
        return len(self.items)

    def where(self, mask: Bool) -> "Catalog":
        """The items where mask (n_items,) is true, in order."""
        return self.take(np.flatnonzero(mask))

    def take(self, rows: Int64) -> "Catalog":
        """The items at these rows, in this order."""

        def cut(columns: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
            return {name: tuple(column[i] for i in rows) for name, column in columns.items()}

        return Catalog(
            items=Vocab(tuple(self.items.ids[i] for i in rows)),
            titles=tuple(self.titles[i] for i in rows),
            text=cut(self.text),
            tags=cut(self.tags),
            categories=cut(self.categories),
            numbers={name: column[rows] for name, column in self.numbers.items()},
            available=self.available[rows],
        )

    @cached_property
    def _by_title(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for row, title in enumerate(self.titles):
            found.setdefault(title.strip().lower(), []).append(row)
        return found

    def find(self, name: str) -> int:
        """The row of an id or a title; QueryError when nobody or several have it. Who is delisted is asked last.

        Case does not matter, nor, where no title is written so, the order of the words: "The Hobbit" is "Hobbit, The".
        """
        row = int(self.items.rows([name])[0])
        if row >= 0:
            return row
        rows = self._by_title.get(name.strip().lower()) or self._by_words.get(_words(name), [])
        rows = [row for row in rows if self.available[row]] or rows
        if len(rows) == 1:
            return rows[0]
        if rows:
            named = "; ".join(f"{self.items.ids[r]!r}{self._about(r)}" for r in rows[:5])
            raise QueryError(f"{len(rows)} items are called {name!r}. Give the id of one: {named}.")
        raise QueryError(f"No item is called {name!r}{self._hint(name)}")

    @cached_property
    def _by_words(self) -> dict[tuple[str, ...], list[int]]:
        found: dict[tuple[str, ...], list[int]] = {}
        for row, title in enumerate(self.titles):
            found.setdefault(_words(title) or (title,), []).append(row)
        return found

    @cached_property
    def tagged(self) -> Counter[str]:
        """tag in lower case -> items that have it; counted once, since it takes a look at every item."""
        columns = self.tags.values()
        return Counter(tag for column in columns for tags in column for tag in {t.casefold() for t in tags})

    @cached_property
    def ordered(self) -> dict[str, Float32]:
        """Each number column without what is missing, ascending."""
        return {name: np.sort(column[~np.isnan(column)]) for name, column in self.numbers.items()}

    def _about(self, row: int) -> str:
        """What tells an item from another of the same title."""
        said = [column[row] for column in self.categories.values() if column[row]]
        said += [tag for column in self.tags.values() for tag in column[row][:5]]
        return f" ({', '.join(said)})" if said else ""

    def _hint(self, name: str) -> str:
        """The nearest titles or id; on a large catalog only titles that hold the name, since nearness takes long."""
        said, asked = name.strip().lower(), set(_words(name))
        inside = [title for title in self.titles if said and said in title.lower()]
        if not inside and asked:
            inside = [self.titles[rows[0]] for words, rows in self._by_words.items() if asked <= set(words)]
        if inside:
            shown = sorted(dict.fromkeys(inside), key=len)[:3]  # the shortest says least beside what was asked
            return f"; did you mean {' or '.join(map(repr, shown))}?"
        if len(self) > HINTS:
            return "."
        return did_you_mean(name, [*self.titles, *self.items.ids]) or "."


def _words(title: str) -> tuple[str, ...]:
    """Its words in lower case, sorted."""
    return tuple(sorted(_WORD.findall(title.lower())))
