"""A person as the page describes them, and the list that answers: each item with its score, source and reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
import sqlalchemy as sa

from ...data.catalog import Catalog
from ...data.events import KINDS as KINDS_OF_EVENTS
from ...data.query import Query, Slate
from ...explain import Counted, Evidence
from ...explain.explainer import explain
from ...recommender import Level
from ...scorers import Scorer, core
from ...store import Store
from ...store.answers import Answers
from ...store.tables import events, users
from .. import words
from .plot import Row

KINDS = {
    **dict.fromkeys(("Choices", "Mlp", "Tower"), "neural"),
    **dict.fromkeys(
        ("BayesFactors", "EventGraph", "Factors", "ItemWeights", "LowRank", "RatingNeighbors", "TasteFactors"),
        "collaborative",
    ),
    "Embeddings": "content", "Mapping": "mapping", "Popularity": "popularity",
}  # fmt: skip
SHOWN_TAGS, SHOWN_NUMBERS, SHOWN_PARTS = 5, 4, 6
ROUNDING = 5e-4
FLAT = 0.01  # of the best score, within which a whole list says nothing of how its items differ
GIVEN = 20  # of the latest ratings that are shown
TEMPLATE = "template"  # who words an answer where no model has
KNOWN_USERS = 300


@dataclass(frozen=True)
class Person:
    """
    likes, skips: ids;  ratings: id -> on the scale
    text:   how they feel, in words;  labels: block of the context -> the label that was chosen for it
    new:    nobody expects that anything is known of them
    """

    user: str | None = None
    new: bool = False
    likes: tuple[str, ...] = ()
    skips: tuple[str, ...] = ()
    ratings: Mapping[str, float] = field(default_factory=dict)
    taste: Mapping[str, float] = field(default_factory=dict)
    filters: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    n: int = 10


@dataclass(frozen=True)
class Shown:
    """
    rows:    an entry an item, best first
    gave:    title and value of what they rated before, the latest first
    context: block of the recipe -> label -> share: what was read off the text, or chosen
    notes:   what could not be read, or is no label
    """

    query: Query
    slate: Slate
    rows: Sequence[Row]
    context: Mapping[str, Mapping[str, float]]
    notes: Sequence[str] = ()
    gave: Sequence[Row] = ()


def ask(answers: Answers, person: Person) -> Shown:
    """QueryError for what nobody knows."""
    notes: list[str] = []
    labels = {block: {label: 1.0} for block, label in person.labels.items()}
    query = answers.query(
        likes=person.likes, ratings=person.ratings, taste=person.taste, user=person.user, n=person.n,
        filters=person.filters, exclude=person.skips, text=person.text or None, context=labels, notes=notes,
    )  # fmt: skip
    query = replace(query, ratings={**query.ratings, **dict.fromkeys(person.skips, -1.0)})
    slate = answers.recommender.recommend([query])[0]
    blocks = answers.contexts.labels if answers.contexts else {}
    read = {block: shares for block, shares in query.context.items() if block in blocks}
    notes = [note for note in notes if not (person.new and repr(person.user) in note)]
    return Shown(query, slate, _rows(answers, query, slate), read, notes, _gave(answers, person))


def _gave(answers: Answers, person: Person) -> list[Row]:
    """Where there are stars: those that the user gave, in stars, and those of this page."""
    if "rating" not in answers.scales:
        return []
    e, catalog = events.c, answers.catalog
    chosen = (
        sa.select(e.item_row, e.value)
        .join(users, users.c.row == e.user_row)
        .where(users.c.id == person.user, e.kind == KINDS_OF_EVENTS.index("rating"), e.item_row < len(catalog))
    )
    with answers.store.read() as conn:
        found = (
            [] if person.user is None else conn.execute(chosen.order_by(e.time.desc(), e.id.desc()).limit(GIVEN)).all()
        )
    here = [{"title": catalog.titles[catalog.find(id_)], "value": value} for id_, value in person.ratings.items()]
    return [*here[::-1], *({"title": catalog.titles[row], "value": value} for row, value in found)]


def _rows(answers: Answers, query: Query, slate: Slate) -> list[Row]:
    catalog, told = answers.catalog, explain(answers, query, slate)
    rows, chance = catalog.items.rows(slate.items), _chances(answers, query, slate)
    best, floor = max(slate.scores, default=1.0), min(0.0, *slate.scores) if slate.scores else 0.0
    shares: list[float | None] = [_share(score, floor, best) for score in slate.scores]
    if len(shares) > 1 and min(slate.scores) >= best - FLAT * abs(best):
        shares = [None] * len(shares)
    kinds = {level.name: kind_of(level) for level in answers.recommender.levels}
    kinds |= {slate.level: slate.spoke} if slate.spoke else {}  # where parts of a model take turns, the one that chose
    return [
        {
            "rank": k + 1, "id": id_, "title": catalog.titles[row], "about": about(catalog, int(row)),
            "score": slate.scores[k], "share": shares[k], "level": slate.sources[k],
            "kind": kinds.get(slate.sources[k], slate.sources[k]), "why": told.words[k],
            "words_by": "" if told.sources[k] == TEMPLATE else told.sources[k],
            "parts": _parts(told.evidence[k]), "value": _stars(told.evidence[k]), "chance": chance[k],
        }
        for k, (id_, row) in enumerate(zip(slate.items, rows, strict=True))
    ]  # fmt: skip


def _chances(answers: Answers, query: Query, slate: Slate) -> list[float | None]:
    """Of a like, an item; None = nobody says."""
    if not slate.items:
        return []
    said, _ = answers.recommender.predict([query], answers.catalog.items.rows(slate.items)[None, :])
    return [None if np.isnan(p) else float(p) for p in said.like[0]]


def _stars(found: Evidence) -> float | None:
    """The rating that is foretold, on its scale; None = nobody rates here, or nothing foretells it."""
    return None if found.foretold is None else found.foretold.value


def _share(score: float, floor: float, best: float) -> float:
    """Of the way from the floor to the best of the list."""
    return 1.0 if best <= floor else float(np.clip((score - floor) / (best - floor), 0.0, 1.0))


def _parts(found: Evidence) -> list[Row]:
    """What moved the score, in words, the strongest first; where it began, and the rest as one part: they sum up."""
    told = [{"part": part_name(one), "weight": one.weight} for one in found.counted[:SHOWN_PARTS]]
    rest = sum(one.weight for one in found.counted[SHOWN_PARTS:]) + found.unexplained
    more = [{"part": words.PART_REST, "weight": rest}] if abs(rest) > ROUNDING else []
    return [*told, *more, *([{"part": words.PARTS["base"], "weight": found.base}] if found.base and told else [])]


def part_name(one: Counted) -> str:
    if one.kind == "item":
        return str(words.PART_ITEM).format(title=one.name)
    if one.kind == "context":
        block = one.block.replace("_", " ")
        said = words.PART_CONTEXT if one.chance is not None else words.PART_MOMENT
        return str(said).format(block=block or one.name, label=one.name, chance=one.chance)
    return str(words.PARTS.get(one.kind, f"{one.kind} {one.name}".strip())).format(key=one.name)


def about(catalog: Catalog, row: int) -> str:
    """An item's categories and first tags; its first numbers where it has neither."""
    said = [column[row] for column in catalog.categories.values()]
    said += [tag for column in catalog.tags.values() for tag in column[row][:SHOWN_TAGS]]
    numbers = [(name, column[row]) for name, column in catalog.numbers.items() if not np.isnan(column[row])]
    told = [word for word in said if word] or [
        words.NUMBER_IS.format(name=name.replace("_", " "), value=float(value))
        for name, value in numbers[:SHOWN_NUMBERS]
    ]
    return " · ".join(dict.fromkeys(told))


def kind_of(level: Level) -> str:
    """neural, collaborative, content, mapping or popularity; several where they are mixed."""
    if level.name == "newest":
        return str(words.KIND_NEWEST)
    found = list(dict.fromkeys(_kinds(core(level.scorer))))
    return " + ".join(found[:2]) or level.name


def _kinds(scorer: Scorer) -> list[str]:
    name = type(scorer).__name__
    if name in KINDS:
        return [KINDS[name]]
    found: list[str] = []
    for f in fields(scorer):
        held = getattr(scorer, f.name)
        for part in held if isinstance(held, tuple | list) else (held,):
            if isinstance(part, Scorer):
                found += _kinds(core(part))
    return found


def search(catalog: Catalog, text: str, most: int = 8) -> list[tuple[str, str]]:
    """(id, title) of items whose title holds all the words, those that begin with them first."""
    asked = text.strip().lower()
    if not asked:
        return []
    parts, found = asked.split(), []
    for row, title in enumerate(catalog.titles):
        low = title.lower()
        if all(part in low for part in parts):
            found.append((not low.startswith(asked), len(title), row))
    return [(catalog.items.ids[row], catalog.titles[row]) for _, _, row in sorted(found)[:most]]


def known_users(store: Store, most: int = KNOWN_USERS) -> list[str]:
    """Real users, those with the most events first."""
    n = sa.func.count()
    chosen = sa.select(users.c.id).join(events, events.c.user_row == users.c.row).where(~users.c.synthetic)
    with store.read() as conn:
        return list(conn.scalars(chosen.group_by(users.c.row, users.c.id).order_by(n.desc(), users.c.row).limit(most)))
