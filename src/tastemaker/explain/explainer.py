"""A project's answers, explained: the slate, what counted for each item, and the words for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..data.catalog import Catalog
from ..data.query import Query, Slate
from ..recommender import Level
from ..scorers import BayesFactors, Foretelling, Ranked, RatingNeighbors, core
from ..store import Store
from ..store.answers import Answers
from ..store.slates import find_slate
from ..store.together import users_with
from .evidence import Evidence, Foretold, evidence
from .kept import Kept
from .prompt import digest
from .settings import Wording
from .suits import suits
from .template import caveat, expected, sentence

GRADES = (BayesFactors, Foretelling, Ranked, RatingNeighbors)  # what foretells grades, beside ranking


@dataclass(frozen=True)
class Explained:
    """words: a sentence or two an item; sources: who found them, "template" or the model's name."""

    slate: Slate
    evidence: tuple[Evidence, ...]
    words: tuple[str, ...]
    sources: tuple[str, ...]

    def as_json(self) -> list[dict[str, Any]]:
        """One document an item: its evidence, its words, and who found them."""
        every = zip(self.evidence, self.words, self.sources, strict=True)
        return [each.as_json() | {"words": words, "words_by": source} for each, words, source in every]


def wording_of(settings: Mapping[str, Any]) -> Wording:
    """Of a resolved recipe; the defaults where an older one says nothing."""
    return Wording(**settings.get("explain", {}))


def kept_words(store: Store) -> Kept:
    return Kept(store.root / "cache" / "words")


def explain_answers(answers: Answers, asked: Mapping[str, Any]) -> Explained:
    """asked: as `Answers.query` takes it."""
    query = answers.query(**asked)
    return with_both(answers, explain(answers, query, answers.recommender.recommend([query])[0]))


def with_both(answers: Answers, explained: Explained) -> Explained:
    """How many have an item and what speaks for it: read from the events, so not for every answer."""
    rows = answers.catalog.items.rows
    row_of = {id_: int(rows([id_])[0]) for one in explained.evidence for id_ in (one.item, *(c.id for c in one.told))}
    with answers.store.read() as conn:
        users = users_with(conn, {row for row in row_of.values() if row >= 0})

    def counted(one: Evidence) -> Evidence:
        mine = users.get(row_of[one.item], set())
        told = {c.id for c in one.told if c.kind == "item"}
        both = (replace(c, both=len(mine & users.get(row_of[c.id], set()))) if c.id in told else c for c in one.counted)
        return replace(one, counted=tuple(both))

    return replace(explained, evidence=tuple(counted(one) for one in explained.evidence))


def explain(answers: Answers, query: Query | None, slate: Slate) -> Explained:
    """Words at once: the template's, or those that a model has found before for the same evidence.

    query: None = nobody says what they think of anything, as where an item is only compared
    """
    foretold = {} if query is None else _foretold(answers, query, slate)
    wanted = suits(answers.recommender, query, slate)
    found = evidence(slate, answers.catalog, query, foretold, answers.called, wanted)
    return worded(answers.store, slate, found, answers.catalog, wording_of(answers.store.recipe()))


def worded(store: Store, slate: Slate, found: Sequence[Evidence], catalog: Catalog, wording: Wording) -> Explained:
    kept = kept_words(store)
    words, sources = [], []
    for each in found:
        better = kept.get(digest(each, wording), each, catalog, wording)
        words.append(sentence(each, wording) if better is None else completed(better, each, wording))
        sources.append("template" if better is None else wording.model)
    return Explained(slate, tuple(found), tuple(words), tuple(sources))


def completed(words: str, found: Evidence, wording: Wording) -> str:
    """A model's words say what speaks for an item; what speaks against it, and numbers, stay the template's."""
    return " ".join(part for part in (words, caveat(found, wording), expected(found)) if part)


def explain_slate(store: Store, number: int, opened: dict[str, Answers] | None = None) -> Explained:
    """What was shown then, explained by the version that chose it: its items, in their order.

    opened: version -> its answers, filled for the next slate
    """
    with store.read() as conn:
        row = find_slate(conn, number)
    version, opened = str(row["version"]), {} if opened is None else opened
    if version not in opened:
        opened[version] = Answers.open(store, int(version) if version.isdigit() else None)
    query = _asked(row["query"])
    answers = opened[version]
    return with_both(answers, explain(answers, query, _as_shown(answers, query, row)))


def _asked(said: Mapping[str, Any]) -> Query:
    lists = {name: tuple(said.get(name) or ()) for name in ("likes", "exclude")}
    return Query(**{**said, **lists, "candidates": None})


def _as_shown(answers: Answers, query: Query, row: Mapping[str, Any]) -> Slate:
    """The slate with its reasons, which are not kept but found again; an item that is not available has none."""
    items = tuple(row["items"])
    known = {item for item in items if answers.catalog.items.rows([item])[0] >= 0}
    items = tuple(item for item in items if item in known)
    again = replace(query, candidates=items, exclude=(), filters={}, n=max(len(items), 1))
    fresh = replace(answers.recommender, repeat=True, explore=0.0).recommend([again])[0]
    where = {item: k for k, item in enumerate(fresh.items)}
    then = dict(zip(row["items"], row["scores"], strict=True))
    why = [row["level_reason"]] if row["level_reason"] else []
    if items and fresh.version != row["version"]:
        why.append(f"version {row['version']} chose these and cannot be used any more; {fresh.level} explains")
    return Slate(
        items=items,
        scores=tuple(fresh.scores[where[item]] if item in where else then[item] for item in items),
        sources=tuple(fresh.sources[where[item]] if item in where else row["level"] for item in items),
        reasons=tuple(fresh.reasons[where[item]] if item in where else () for item in items),
        version=fresh.version,
        level=fresh.level,
        level_reason="; ".join(why),
        arm=row["arm"],
        spoke=fresh.spoke,
    )


def _foretold(answers: Answers, query: Query, slate: Slate) -> dict[str, Foretold]:
    """What the user would say of each item, where there are stars and a model of grades answered."""
    scale = answers.scales.get("rating")
    by = next((level for level in answers.recommender.levels if level.name == slate.level), None)
    if scale is None or by is None or not _grades(by) or not slate.items:
        return {}
    rows = answers.catalog.items.rows(slate.items)[None, :]
    said, _ = replace(answers.recommender, levels=(by,)).predict([query], np.asarray(rows, np.int32))
    stars: Sequence[float] = scale.value(said.value[0]).tolist()
    return {
        item: Foretold(star, scale.worst, scale.best, like if np.isfinite(like) else None)
        for item, star, like in zip(slate.items, stars, said.like[0].tolist(), strict=True)
        if np.isfinite(star)
    }


def _grades(level: Level) -> bool:
    return isinstance(core(level.scorer), GRADES)
