"""A recipe for a table that nobody prepared: what each column is and why, families, archetypes, and open questions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..data.arrays import Float32
from ..data.catalog import Catalog
from ..data.columns import CatalogColumns
from ..data.parse import split_tags
from ..data.table import Table
from ..data.vocab import Vocab
from ..errors import RecipeError
from ..features.tastes import Tastes
from .guess_columns import look_at
from .guess_roles import FEW, Choice, Question, Roles
from .guess_tastes import Families, families_of_tags, families_of_text, families_of_values, lovers
from .guess_write import write

ROWS = 5_000  # looked at, spread evenly over the table
TOLD = 0.3  # share of items that a column must speak of to hold the families

__all__ = ["Choice", "Guess", "Question", "guess"]


@dataclass(frozen=True)
class Guess:
    """
    choices:    one for each column of the table, in its order
    questions:  what the table cannot tell, each with what was taken
    found:      where the families are from, "" = there are none
    archetypes: as in Population
    tokens:     words that an item has on average, of which word vectors will be learned
    answers:    what the owner has said so far, a question's key -> an option
    """

    table: Table = field(repr=False)
    columns: CatalogColumns
    choices: tuple[Choice, ...]
    questions: tuple[Question, ...]
    tastes: Tastes
    found: str
    archetypes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    tokens: float = 0.0
    answers: Mapping[str, str] = field(default_factory=dict)

    def shown(self) -> list[tuple[str, str, str]]:
        """(column, what it was taken for, why), in the table's order."""
        return [(choice.column, choice.role, choice.why) for choice in self.choices]

    def answered(self, question: Question, answer: str) -> "Guess":
        """The guess of somebody who was told this; other questions may follow from it."""
        return guess(self.table, {**self.answers, question.key: answer})

    def as_toml(self) -> str:
        """A whole commented recipe file, which read_recipe() accepts."""
        return write(self)


def guess(table: Table, answers: Mapping[str, str] | None = None) -> Guess:
    """answers: a question's key -> one of its options, for what an earlier guess asked; all else takes its default.

    DataError when the table is no catalog, RecipeError for an answer to nothing or outside its options.
    """
    answers = answers or {}
    rows = np.unique(np.linspace(0, table.n_rows - 1, min(ROWS, table.n_rows)).astype(np.int64)).tolist()
    looks = look_at(table, rows)
    roles = Roles(table, looks, answers)
    for key in answers:
        if key not in {question.key for question in roles.questions}:
            asked = ", ".join(question.key for question in roles.questions) or "none"
            raise RecipeError(f"{table.source}: nothing was asked that is called {key!r}. Open questions: {asked}.")
    tastes, found = _tastes(roles)
    told = [look for look in looks if roles.choices[look.name].role in ("text", "tags", "category")]
    return Guess(
        table=table,
        columns=_columns(roles),
        choices=tuple(roles.choices[look.name] for look in looks),
        questions=tuple(roles.questions),
        tastes=tastes,
        found=found,
        archetypes=lovers(tastes.families, _membership(roles, tastes)),
        tokens=sum(look.words * look.filled for look in told),
        answers=answers,
    )


def _columns(roles: Roles) -> CatalogColumns:
    assert roles.title is not None
    groups = {
        role: {choice.name: choice.column for choice in roles.of(role)}
        for role in ("text", "tags", "category", "number", "show")
    }
    return CatalogColumns(
        title=roles.title.name,
        id=roles.ids if roles.ids != (roles.title.name,) else (),
        text=groups["text"],
        tags=groups["tags"],
        categories=groups["category"],
        numbers=groups["number"],
        show=groups["show"],
        missing=dict.fromkeys(groups["category"], "Unknown"),
        optional=tuple(name for group in groups.values() for name in group),
        separator=roles.separator,
        duplicates=roles.duplicates,
    )


def _tastes(roles: Roles) -> tuple[Tastes, str]:
    """The lexicon, from what says most of taste: tags, a category of few values, text; and where it is from."""
    text = max(roles.of("text"), key=lambda choice: roles.looks[choice.column].words, default=None)
    tags = max(roles.of("tags"), key=lambda choice: roles.looks[choice.column].filled, default=None)
    beside = None if text is None else text.name
    if tags is not None and roles.looks[tags.column].filled >= TOLD:
        families = families_of_tags(_tag_rows(roles, tags))
        if len(families) > 1:
            return Tastes(families, tags.name, beside), f"frequent tags of {tags.column!r} that seldom meet"
    few = _few_values(roles)
    if few is not None:
        choice, families = few
        return Tastes(families, choice.name, beside), f"the values of {choice.column!r}"
    if text is not None:
        families = families_of_text([roles.looks[text.column].cells[row] for row in _items(roles)])
        if len(families) > 1:
            return Tastes(families, None, text.name, 1.0), f"words of {text.column!r} that choose their company"
    return Tastes({}), ""


def _few_values(roles: Roles) -> tuple[Choice, Families] | None:
    """The first category of few values in words; it is read as tags, of which a lexicon can speak."""
    for choice in roles.of("category"):
        look = roles.looks[choice.column]
        if look.kind != "words" or look.values > FEW or look.filled < TOLD or choice.column in roles.ids:
            continue
        families = families_of_values([cell for cell in look.cells if cell])
        separator = next((s for s in ",;|" if not any(s in cell for cell in look.cells)), None)
        if len(families) > 1 and separator is not None and not roles.of("tags"):
            roles.separator = separator
            roles.take(look, "tags", f"{choice.why}; its values are the tastes")
            return roles.choices[choice.column], families
    return None


def _items(roles: Roles) -> list[int]:
    """Rows of the sample, one an item."""
    assert roles.title is not None
    columns = [roles.looks[name].cells for name in roles.ids or (roles.title.name,)]
    seen: dict[tuple[str, ...], int] = {}
    for row, id_ in enumerate(zip(*columns, strict=True)):
        seen.setdefault(id_, row)
    return list(seen.values())


def _tag_rows(roles: Roles, choice: Choice) -> list[tuple[str, ...]]:
    cells = roles.looks[choice.column].cells
    return [split_tags(cells[row], roles.separator) for row in _items(roles)]


def _membership(roles: Roles, tastes: Tastes) -> Float32:
    """float32 (n, n_families) of the items looked at."""
    rows = _items(roles)
    text, tags = ([c for c in roles.of(role) if c.name in (tastes.text, tastes.tags)] for role in ("text", "tags"))
    catalog = Catalog(
        items=Vocab(tuple(map(str, rows))),
        titles=("",) * len(rows),
        text={c.name: tuple(roles.looks[c.column].cells[row] for row in rows) for c in text},
        tags={c.name: tuple(_tag_rows(roles, c)) for c in tags},
    )
    return tastes.encode(catalog) if tastes.names else np.zeros((len(rows), 0), np.float32)
