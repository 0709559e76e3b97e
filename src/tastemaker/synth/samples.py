"""Invented catalogs, for a demonstration without anybody's data: the recipe gives the words, chance the rest."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ..data.arrays import Float64
from ..data.catalog import Catalog
from ..data.columns import CatalogColumns
from ..data.load_catalog import load_catalog
from ..data.table import Column, numbered_table
from ..errors import RecipeError
from ..features.tastes import Tastes

PLAIN = ("{title} brings {first} and {second} together, with a little {third}.",)
OF_FAMILIES = (0.35, 0.45, 0.20)  # chances that an item is of one family, of two, of three
MAIN = (0.6, 0.3, 0.1)  # how an item's tags are shared among its families
STRAY = 0.1  # chance that a tag is of any family
UNTAGGED, ONE_TAG, UNDESCRIBED = 0.03, 0.04, 0.01  # shares of items
BORROWED = 4  # words of each family that a description may borrow
JOINED = " / "  # between the parts of an id

Families = Sequence[Sequence[str]]
Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Sample:
    """How a sample catalog is invented; nouns and adjectives that are left out are made of the families' words.

    first:     this recipe's sample is the one that a demonstration shows by default
    tags:      the fewest and the most tags of an item that has more than one
    kind:      a title is "adjective noun" or "adjective noun kind"
    years:     the first and the last year; titles then end with one, late ones more often: "Velvet Garden (1994)"
    untold:    families that no tag of an item names, since the recipe reads them off other columns
    sentences: of descriptions, with {title}, {first}, {second} and {third}; the last three are tags of the item
    """

    items: int = 400
    first: bool = False
    tags: tuple[int, int] = (4, 9)
    nouns: tuple[str, ...] = ()
    adjectives: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    sentences: tuple[str, ...] = PLAIN
    kind: str = "Item"
    years: tuple[int, ...] = ()
    untold: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.items < 2:
            raise RecipeError(f"[sample] items is {self.items}; a catalog to choose from needs at least 2.")
        if not 1 <= self.tags[0] <= self.tags[1]:
            raise RecipeError(f"[sample] tags is {list(self.tags)}; give the fewest, at least 1, and the most.")
        if self.years and (len(self.years) != 2 or self.years[0] > self.years[1]):
            raise RecipeError(f"[sample] years is {list(self.years)}; give the first and the last one.")
        for sentence in self.sentences:
            try:
                sentence.format(title="", first="", second="", third="")
            except (KeyError, IndexError, ValueError, AttributeError):
                raise RecipeError(
                    f"[sample] cannot fill in {sentence!r}. Use {{title}}, {{first}}, {{second}} and {{third}} alone."
                ) from None


def sample_catalog(sample: Sample, tastes: Tastes, columns: CatalogColumns, rng: np.random.Generator) -> Catalog:
    """A lopsided catalog: few families and words are frequent, most are rare, and some items say little of themselves.

    Tags, description and brand go into the first of the recipe's tags, text and categories; other columns stay empty.
    """
    families = _families(tastes, columns.separator, sample.untold)
    titles = _titles(sample, families, rng)
    tags = [_tags(families, sample.tags, rng) for _ in titles]
    made: dict[str, Column] = {columns.title: list(titles)}
    kinds = {name: source for name, source in columns.categories.items() if source not in columns.extract}
    if kinds:
        made[_first(kinds)] = [_pick(sample.brands, rng) if sample.brands else "" for _ in titles]
    if columns.text:
        texts = [_description(sample, *item, families, rng) for item in zip(titles, tags, strict=True)]
        made[_first(columns.text)] = list(texts)
    if columns.tags:
        made[_first(columns.tags)] = [_cell(map(_shown, row), columns) for row in tags]
    numbers: Column = [str(row) for row in range(1, len(titles) + 1)]
    for group in (columns.categories, columns.text, columns.tags, columns.numbers, columns.show):
        empty = (source for source in group.values() if source not in {*made, *columns.extract})
        made |= {source: [""] * len(titles) for source in empty}
    made |= {source: numbers for source in columns.id if source not in made}
    return load_catalog(numbered_table("the sample catalog", made), columns).catalog


def as_csv(catalog: Catalog, columns: CatalogColumns) -> str:
    """The catalog as a file that a recipe with these columns reads back as the same items.

    Columns that the recipe makes from others are left out.
    """
    cells: dict[str, Sequence[str]] = {columns.title: catalog.titles}
    cells |= {source: catalog.categories[name] for name, source in columns.categories.items()}
    cells |= {source: catalog.text[name] for name, source in (*columns.text.items(), *columns.show.items())}
    for name, source in columns.tags.items():
        cells[source] = [_cell(row, columns) for row in catalog.tags[name]]
    for name, source in columns.numbers.items():
        cells[source] = ["" if np.isnan(x) else repr(float(x)) for x in catalog.numbers[name]]
    for part, source in enumerate(columns.id):
        if source not in cells:
            cells[source] = [id_ if len(columns.id) == 1 else id_.split(JOINED)[part] for id_ in catalog.items.ids]
    cells = {source: column for source, column in cells.items() if source not in columns.extract}
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(cells)
    writer.writerows(zip(*cells.values(), strict=True))
    return file.getvalue()


def _cell(tags: Iterable[str], columns: CatalogColumns) -> str:
    return (", " if columns.separator == "," else columns.separator).join(tags)


def _families(tastes: Tastes, separator: str, untold: Sequence[str]) -> Families:
    """The words of each family that fit into a cell of tags."""
    told = (words for family, words in tastes.families.items() if family not in untold)
    fitting = ([word for word in words if separator not in word] for words in told)
    families = [words for words in fitting if words]
    if not families:
        raise RecipeError(
            "A sample catalog is made of the words of [tastes.families], and the recipe has none. "
            "Add some, or give a catalog of your own."
        )
    return families


def _titles(sample: Sample, families: Families, rng: np.random.Generator) -> list[str]:
    """Titles, each once: with and without the kind; numbered when those are used up."""
    adjectives = sample.adjectives or [_shown(word) for words in families for word in words]
    nouns = sample.nouns or (sample.kind,)
    plain = [f"{adjective} {noun}" for adjective in adjectives for noun in nouns]
    names = [*plain, *(f"{title} {sample.kind}".strip() for title in plain if sample.nouns)]
    names = [names[i] for i in rng.permutation(len(names))]
    titles = dict.fromkeys(names)
    number = 2
    while len(titles) < sample.items:
        titles |= dict.fromkeys(f"{name} {number}" for name in names)
        number += 1
    found = list(titles)[: sample.items]
    if not sample.years:
        return found
    first, last = sample.years
    years = last - rng.geometric(3.0 / (last - first + 1), len(found)) + 1  # a third of the span is the mean age
    return [f"{title} ({max(int(year), first)})" for title, year in zip(found, years, strict=True)]


def _tags(families: Families, fewest_most: tuple[int, int], rng: np.random.Generator) -> list[str]:
    kind = rng.random()
    if kind < UNTAGGED:
        return []
    n = 1 if kind < UNTAGGED + ONE_TAG else int(rng.integers(fewest_most[0], fewest_most[1] + 1))
    own = _own_families(families, rng)
    share = np.array(MAIN[: len(own)])
    tags: dict[str, None] = {}
    for _ in range(n):
        family = _pick(families, rng) if rng.random() < STRAY else families[rng.choice(own, p=share / share.sum())]
        tags[_pick(family, rng)] = None
    return list(tags)


def _own_families(families: Families, rng: np.random.Generator) -> list[int]:
    """Which families an item is of, its main one first; the first families of a recipe are the frequent ones."""
    n = min(1 + int(rng.choice(len(OF_FAMILIES), p=OF_FAMILIES)), len(families))
    return [int(f) for f in rng.choice(len(families), n, replace=False, p=_falling(len(families), 0.5))]


def _description(sample: Sample, title: str, tags: Sequence[str], families: Families, rng: np.random.Generator) -> str:
    """Two to four sentences, or as many as there are; an item without three tags borrows words from any family."""
    if rng.random() < UNDESCRIBED:
        return ""
    n = min(int(rng.integers(2, 5)), len(sample.sentences))
    said = []
    for at in rng.choice(len(sample.sentences), n, replace=False):
        first, second, third = _three(tags, families, rng)
        sentence = sample.sentences[int(at)].format(title=title, first=first, second=second, third=third)
        said.append(sentence[:1].upper() + sentence[1:])
    return " ".join(said)


def _three(tags: Sequence[str], families: Families, rng: np.random.Generator) -> list[str]:
    """Three words of an item; different ones as far as there are."""
    own = [tags[i] for i in rng.permutation(len(tags))]
    others = [word for words in families for word in words[:BORROWED] if word not in own]
    borrowed = [others[i] for i in rng.permutation(len(others))]
    return [*own, *borrowed, *own, *borrowed, *own, *borrowed][:3]


def _pick(choices: Sequence[Choice], rng: np.random.Generator) -> Choice:
    """One of these, the k-th with a chance of about 1 / k (Zipf)."""
    return choices[int(rng.choice(len(choices), p=_falling(len(choices))))]


def _falling(n: int, power: float = 1.0) -> Float64:
    """k^-power, shares that sum to 1, float64 (n,)."""
    weights = np.arange(1, n + 1) ** -power
    return np.asarray(weights / weights.sum(), np.float64)


def _first(names: Mapping[str, str]) -> str:
    return next(iter(names.values()))


def _shown(tag: str) -> str:
    return tag[:1].upper() + tag[1:]
