"""Which column of an unknown table plays which part, and why."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ..data.table import Table
from ..errors import DataError, RecipeError
from .guess_columns import GRADES, IDS, MAKERS, MOMENTS, NAMES, PROSE, USERS, Look, all_numbers

Role = Literal["id", "title", "text", "tags", "category", "number", "show", "left out"]

CODE = 40  # letters of an id at most
FEW = 30  # values of a category that can be families
EQUALLY_GOOD = 0.1  # between two titles' scores
NEEDS = (
    "A catalog needs a column that names its items, and at least one that tells them apart: tags, text, a category or "
    "a number."
)


@dataclass(frozen=True)
class Question:
    """Something that the table cannot tell: answer with one of `options`; `default` is what was taken."""

    key: str
    text: str
    options: tuple[str, ...]
    default: str


@dataclass(frozen=True)
class Choice:
    """One column of the table: what it was taken for and why, in one line; name: ours for it."""

    column: str
    role: Role
    why: str
    name: str = ""


class Roles:
    """Parts being given to columns. `ids` are the columns of the id, none where the title is the id."""

    def __init__(self, table: Table, looks: Sequence[Look], answers: Mapping[str, str]) -> None:
        self.table, self.looks, self.answers = table, {look.name: look for look in looks}, answers
        self.choices: dict[str, Choice] = {}
        self.questions: list[Question] = []
        self._counted: dict[tuple[str, ...], int] = {}
        self.separator = ","
        self._refuse_events()
        self.title = self._find_title()
        self.ids = self._find_ids()
        self.duplicates = self._ask_duplicates()
        self._name_items()
        for look in looks:
            if look.name not in self.choices:
                self._choose(look)
        self._need_something()

    def of(self, *roles: Role) -> list[Choice]:
        """The choices of these roles, in the table's order."""
        return [self.choices[name] for name in self.looks if self.choices[name].role in roles]

    def take(self, look: Look, role: Role, why: str) -> None:
        self.choices.pop(look.name, None)
        self.choices[look.name] = Choice(look.name, role, why, self._fresh_name(look.name))

    def ask(self, key: str, text: str, options: tuple[str, ...]) -> str:
        """The owner's answer, or the first option."""
        chosen = self.answers.get(key, options[0])
        if chosen not in options:
            raise RecipeError(f"{chosen!r} is no answer to {key!r} ({text}). Choose one of: {', '.join(options)}.")
        self.questions.append(Question(key, text, options, chosen))
        return chosen

    # ---- what names an item

    def _refuse_events(self) -> None:
        users = [look.name for look in self.looks.values() if look.named(USERS)]
        graded = any(look.named(GRADES | MOMENTS) for look in self.looks.values())
        if users and (graded or len(self.looks) <= 3):
            raise DataError(
                f"{self.table.source} has a column {users[0]!r}: it tells what users did, not what can be recommended. "
                f"{NEEDS} Give the table of items here; import this one afterwards."
            )

    def _find_title(self) -> Look | None:
        """The column of names: called so, else short words of which most differ."""
        scores = {look.name: _title_score(look) for look in self.looks.values() if _may_be_title(look)}
        best = sorted(scores, key=lambda name: -scores[name])
        if not best:
            return None
        close = tuple(name for name in best if scores[best[0]] - scores[name] < EQUALLY_GOOD)
        if len(close) == 1:
            return self.looks[close[0]]
        return self.looks[self.ask("title", "Which column is the title?", close)]

    def _find_ids(self) -> tuple[str, ...]:
        others = [look for look in self.looks.values() if look is not self.title]
        called = [
            look for look in others if look.named(IDS) and look.words <= 1 and look.kind in ("number", "code", "words")
        ]
        codes = [look for look in others if look.kind == "words" and look.code_like and not look.shows_pictures]
        likely = (*called, *filter(_short, codes))
        for look in likely:  # before the title, by which no other table would name an item that has a code
            if self._n_distinct(look.name) == self.table.n_rows:
                return (look.name,)
        if self.title is not None and self._n_distinct(self.title.name) == self.table.n_rows:
            return ()
        wanted = 0.9 * (self._n_distinct(self.title.name) if self.title is not None else 2)
        repeating = [look.name for look in (*called, *codes) if self._n_distinct(look.name) >= wanted]
        return (repeating[0],) if repeating else self._with_maker()

    def _with_maker(self) -> tuple[str, ...]:
        """The title and the column that tells most of its repetitions apart, if it does so for half of them."""
        if self.title is None:
            whole = [look.name for look in self.looks.values() if self._n_distinct(look.name) == self.table.n_rows]
            if not whole:
                raise DataError(f"{self.table.source} has no column that names its items. {NEEDS}")
            return (whole[0],)
        title = self.title.name
        found: tuple[str, ...] = ()
        most = (self._n_distinct(title) + self.table.n_rows) / 2
        for look in self.looks.values():
            if look is not self.title and look.kind == "words" and look.filled > 0.5 and look.words < PROSE:
                n = self._n_distinct(look.name, title)
                if n > most:
                    most, found = n, (look.name, title)
        return found

    def _n_distinct(self, *names: str) -> int:
        """How many different items these columns tell apart in the whole table; an empty cell tells none."""
        if names not in self._counted:
            columns = [self.table.columns[name] for name in names]
            cells = {tuple((cell or "").strip() for cell in row) for row in zip(*columns, strict=True)}
            self._counted[names] = len(cells - {("",) * len(names)})
        return self._counted[names]

    def _ask_duplicates(self) -> Literal["merge", "refuse"]:
        names = self.ids or ((self.title.name,) if self.title is not None else ())
        more = self.table.n_rows - self._n_distinct(*names)
        if more == 0:
            return "merge"
        columns = " and ".join(map(repr, names))
        rows = "row repeats" if more == 1 else "rows repeat"
        text = f"{more:,} {rows} the {columns} of another. Are they one item (merge), or a mistake (refuse)?"
        return "merge" if self.ask("duplicates", text, ("merge", "refuse")) == "merge" else "refuse"

    def _name_items(self) -> None:
        """Take the id and the title; a table without names shows its ids."""
        if self.title is None:
            self.title = self.looks[self.ids[0]]
            self.take(self.title, "title", "no column holds names, so this id is shown")
            return
        for name in self.ids:
            if self.looks[name] is not self.title:
                role: Role = "id" if len(self.ids) == 1 else "category"
                self.take(self.looks[name], role, self._why_id(name))
        told = "called so" if self.title.named(NAMES) else "short words, most of them different"
        self.take(self.title, "title", f"{told}{'' if self.ids else '; also the id'}")

    def _why_id(self, name: str) -> str:
        if len(self.ids) > 1:
            return "tells apart items of one title"
        n = self._n_distinct(name)
        return "every row has its own" if n == self.table.n_rows else f"called so; {n:,} different ones"

    # ---- what tells items apart

    def _choose(self, look: Look) -> None:
        if look.values <= 1 and look.kind != "address":
            self.take(look, "left out", "empty" if look.values == 0 else "the same in every row")
        elif look.kind == "address":
            self.take(look, "show", f"addresses of {'pictures' if look.shows_pictures else 'pages'}")
        elif look.kind == "date":
            self.take(look, "left out", "a date")
        elif look.kind == "number":
            self._choose_number(look)
        elif look.kind == "tags":
            self._choose_tags(look)
        elif look.kind == "flag":
            self.take(look, "category", "yes or no")
        elif look.kind == "code":
            self.take(look, "left out", f"neither words nor plain numbers, such as {_example(look)}")
        else:
            self._choose_words(look)

    def _choose_number(self, look: Look) -> None:
        if look.named(IDS) and (look.values > FEW or look.distinct > 0.5):
            self.take(look, "left out", "another id")
        elif look.named(IDS):
            self.take(look, "category", f"numbers that stand for something, {look.values} different ones")
        elif not all_numbers(self.table, look.name):
            self.take(look, "left out", "most cells are numbers, but not all; empty the others and it can be used")
        elif _counts_rows(look):
            self.take(look, "left out", "counts the rows")
        else:
            self.take(look, "number", f"numbers, such as {_example(look)}")

    def _choose_tags(self, look: Look) -> None:
        if self.of_tags() and look.separator != self.separator:
            why = f"tags divided by {look.separator!r}, but {self.of_tags()[0].column!r} has {self.separator!r}"
            self.take(look, "left out", why)
            return
        self.separator = look.separator
        self.take(
            look,
            "tags",
            f"{look.several:.0%} of the cells hold two or more short phrases, divided by {look.separator!r}",
        )

    def of_tags(self) -> list[Choice]:
        return [choice for choice in self.choices.values() if choice.role == "tags"]

    def _choose_words(self, look: Look) -> None:
        if look.words >= PROSE:
            self.take(look, "text", f"{look.words:.0f} words a cell")
        elif look.code_like and look.values > FEW:
            self.take(look, "left out", f"codes, such as {_example(look)}")
        elif look.distinct <= 0.5 or look.named(MAKERS):
            self.take(look, "category", f"{look.values:,} different values in {len(look.cells):,} rows")
        else:
            self.take(look, "left out", "short and nearly always different, like a second title")

    def _need_something(self) -> None:
        if self.of("text", "tags", "category", "number"):
            return
        short = [self.looks[choice.column] for choice in self.of("left out") if choice.why.endswith("second title")]
        if not short:
            raise DataError(f"{self.table.source} has nothing but names ({', '.join(self.looks)}). {NEEDS}")
        for look in short:
            self.take(look, "text", "short, but there is nothing else")

    def _fresh_name(self, column: str) -> str:
        """Ours for a column: "Image URL" is image_url; each name once."""
        plain = re.sub(r"\W+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column)).strip("_").lower() or "column"
        taken = {"id", "title", *(choice.name for choice in self.choices.values())}
        name, number = plain, 2
        while name in taken:
            name, number = f"{plain}_{number}", number + 1
        return name


def _may_be_title(look: Look) -> bool:
    if look.filled < 0.5 or look.values < 2 or look.code_like:
        return False
    called = look.named(NAMES) and look.distinct > 0.1
    if look.kind == "words":
        return called or (look.distinct > 0.5 and look.words < 2 * PROSE and not look.named(IDS | MAKERS))
    return look.kind == "tags" and called and look.distinct > 0.9


def _title_score(look: Look) -> float:
    tokens = look.tokens
    called = (
        3.0 if tokens and set(tokens) <= NAMES else 2.0 if tokens and tokens[-1] in NAMES else float(look.named(NAMES))
    )
    maker = 1.0 if look.named(MAKERS) else 0.0
    return called - maker + look.distinct - 0.1 * len(tokens) - 0.05 * max(0.0, look.words - PROSE)


def _short(look: Look) -> bool:
    return max(map(len, look.cells), default=0) <= CODE


def _counts_rows(look: Look) -> bool:
    """Whole numbers that rise from row to row, a different one in each, starting at 0 or 1."""
    filled = [float(cell) for cell in look.cells if cell]
    rising = all(a < b and b.is_integer() for a, b in pairwise(filled))
    return rising and len(filled) == len(look.cells) and len(filled) > 2 and filled[0] in (0.0, 1.0)


def _example(look: Look) -> str:
    shown = next(cell for cell in look.cells if cell)
    return shown if len(shown) <= 30 else shown[:29] + "…"
