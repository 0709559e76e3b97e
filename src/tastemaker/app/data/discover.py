"""A person as the page describes them, and the list that answers: each item with its score, source and reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import sqlalchemy as sa

from ...data.catalog import Catalog
from ...data.query import Query, Slate
from ...explain import sentences
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
SHOWN_TAGS, SHOWN_PARTS = 5, 6
KNOWN_USERS = 300


@dataclass(frozen=True)
class Person:
    """likes, skips: ids; ratings: id -> on the scale; text: how they feel, in words"""

    user: str | None = None
    likes: tuple[str, ...] = ()
    skips: tuple[str, ...] = ()
    ratings: Mapping[str, float] = field(default_factory=dict)
    taste: Mapping[str, float] = field(default_factory=dict)
    filters: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    n: int = 10


@dataclass(frozen=True)
class Shown:
    """rows: an entry an item, best first; context: block -> name -> share, what was detected"""

    query: Query
    slate: Slate
    rows: Sequence[Row]
    context: Mapping[str, Mapping[str, float]]


def ask(answers: Answers, person: Person) -> Shown:
    """QueryError for what nobody knows."""
    more: dict[str, Any] = {"text": person.text} if person.text else {}
    query = answers.query(
        likes=person.likes, ratings=person.ratings, taste=person.taste, user=person.user, n=person.n,
        filters=person.filters, exclude=person.skips, **more,
    )  # fmt: skip
    query = replace(query, ratings={**query.ratings, **dict.fromkeys(person.skips, -1.0)})
    slate = answers.recommender.recommend([query])[0]
    return Shown(query, slate, _rows(answers, query, slate), query.context)


def _rows(answers: Answers, query: Query, slate: Slate) -> list[Row]:
    catalog = answers.catalog
    rows, why = catalog.items.rows(slate.items), sentences(slate, catalog)
    value, chance = _foretold(answers, query, rows)
    best, floor = max(slate.scores, default=1.0), min(0.0, *slate.scores) if slate.scores else 0.0
    kinds = {level.name: kind_of(level) for level in answers.recommender.levels}
    spoke = getattr(slate, "spoke", "")  # which part of the model chose, where its parts take turns
    kinds |= {slate.level: spoke} if spoke else {}
    return [
        {
            "rank": k + 1, "id": id_, "title": catalog.titles[row], "about": about(catalog, int(row)),
            "score": slate.scores[k], "share": _share(slate.scores[k], floor, best), "level": slate.sources[k],
            "kind": kinds.get(slate.sources[k], slate.sources[k]), "why": why[k],
            "parts": _parts(catalog, slate, k), "value": value[k], "chance": chance[k],
        }
        for k, (id_, row) in enumerate(zip(slate.items, rows, strict=True))
    ]  # fmt: skip


def _foretold(answers: Answers, query: Query, rows: np.ndarray) -> tuple[list[float | None], list[float | None]]:
    """The rating and the chance of a like that are expected; None = nobody says."""
    if not len(rows):
        return [], []
    said, _ = answers.recommender.predict([query], rows[None, :])
    scale = answers.scales.get("rating")
    value = said.value[0] if scale is None else scale.value(said.value[0])
    stars = [None if scale is None or np.isnan(v) else float(v) for v in value]
    return stars, [None if np.isnan(p) else float(p) for p in said.like[0]]


def _share(score: float, floor: float, best: float) -> float:
    """Of the way from the floor to the best of the list."""
    return 1.0 if best <= floor else float(np.clip((score - floor) / (best - floor), 0.0, 1.0))


def _parts(catalog: Catalog, slate: Slate, k: int) -> list[Row]:
    """What moved the score, in words, the strongest first; the rest as one part, so that they sum up."""
    reasons = slate.reasons[k]
    told = [{"part": part_name(catalog, r.part), "weight": r.weight} for r in reasons[:SHOWN_PARTS]]
    rest = sum(r.weight for r in reasons[SHOWN_PARTS:])
    return [*told, *([{"part": words.PART_REST, "weight": rest}] if len(reasons) > SHOWN_PARTS else [])]


def part_name(catalog: Catalog, part: str) -> str:
    kind, _, key = part.partition(":")
    if kind in ("item", "near"):
        title = catalog.titles[int(catalog.items.rows([key])[0])]
        return str((words.PART_ITEM if kind == "item" else words.PART_NEAR).format(title=title))
    return str(words.PARTS.get(kind, kind)).format(key=key.replace("_", " "))


def about(catalog: Catalog, row: int) -> str:
    """An item's categories and first tags; what the title says already is left out."""
    said = [column[row] for column in catalog.categories.values()]
    said += [tag for column in catalog.tags.values() for tag in column[row][:SHOWN_TAGS]]
    return " · ".join(dict.fromkeys(word for word in said if word))


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
