"""The chain at work: what is asked of which level, what the rules keep out, and the reasons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from ..data.arrays import UNKNOWN, Bool, Csr, Float32, Int32, empty_csr
from ..data.catalog import Catalog
from ..data.context import column
from ..data.encoded import marks_of, ratings_of
from ..data.nearest import did_you_mean
from ..data.query import Batch, Query, Reason, Slate, pattern
from ..errors import QueryError
from ..scorers import Contributions, Part, Prediction, Scorer
from .draft import Draft, Level

_empty = lru_cache(maxsize=128)(empty_csr)  # nobody writes into what a query carries


@dataclass(frozen=True)
class Recommender:
    """
    tastes:  names of the profile's columns
    levels:  the fallback chain, best first
    repeat:  may items of the user's own history be recommended? What the query names as liked never is
    problem: why levels that should be there are not ("version 4: altered file"), part of every slate's level_reason
    explore: the chance of a position to show what the model would not, where `recommend` is given a generator
    """

    catalog: Catalog
    tastes: tuple[str, ...]
    levels: tuple[Level, ...]
    repeat: bool = False
    problem: str = ""
    explore: float = 0.0
    on_failure: Callable[[str], None] = field(default=lambda message: None, repr=False)

    def recommend(
        self, queries: Sequence[Query], explain: bool = True, explore_rng: np.random.Generator | None = None
    ) -> list[Slate]:
        """One slate a query, in order. With `explain`, every item carries the parts of its score.

        explore_rng: draws what `explore` allows; None = always the best
        """
        if not queries:
            return []
        batch = self.encode(queries)
        exclude = self._excluded(queries, batch)
        rng = explore_rng if self.explore > 0 else None
        drafts = [Draft(q.n, self.explore, rng) for q in queries]
        for level in self.levels:
            waiting = [i for i, draft in enumerate(drafts) if draft.missing > 0]
            if not waiting:
                break
            if any(queries[i].profile for i in waiting):
                waiting = self._heard(level, queries, drafts, waiting)
            if waiting:
                self._ask(level, queries, batch, exclude, drafts, waiting)
        # Only reasons look at the query itself.
        each = (batch.take(slice(i, i + 1)) if explain else batch for i in range(len(drafts)))
        return [self._slate(draft, one, explain) for draft, one in zip(drafts, each, strict=True)]

    def _heard(self, level: Level, queries: Sequence[Query], drafts: list[Draft], waiting: list[int]) -> list[int]:
        """Without those whom a lower level understands better: they state tastes, nothing else, and this one does not
        hear tastes. Who has a history as well is told so."""
        if level.scorer.hears_tastes():
            return waiting
        at = next(k for k, other in enumerate(self.levels) if other is level)
        better = any(other.scorer.hears_tastes() for other in self.levels[at + 1 :])
        kept = []
        for i in waiting:
            query = queries[i]
            if query.profile and (better or not drafts[i].rows):
                drafts[i].fail(f"{level.name} (version {level.version}) does not hear stated tastes")
            if not (query.profile and better and not query.likes and not query.ratings):
                kept.append(i)
        return kept

    def allowed(self, query: Query) -> Bool:
        """bool (n_items,): available, among the candidates, and passing the filters."""
        return self._allowed(query)

    def score(self, queries: Sequence[Query], items: Int32) -> Float32:
        """The scores behind the answers: items int32 (q, n) rows, a list a query, -1 = none -> float32 (q, n).

        Of the first level that can say anything of a query; NaN where it cannot.
        """
        batch = self.encode(queries)
        scores = np.full(items.shape, np.nan, np.float32)
        for level in self.levels:
            silent = np.isnan(scores).all(axis=1)
            if silent.any():
                rows = np.flatnonzero(silent)
                scores[rows] = level.scorer.score(batch.take(rows), items[rows])
        return scores

    def predict(self, asked: Sequence[Query] | Batch, items: Int32) -> tuple[Prediction, Int32]:
        """What items, int32 (q, n) rows, are worth to each query, and which level says so, int32 (q, n): the first that
        does not fail and can say, -1 = none."""
        batch = asked if isinstance(asked, Batch) else self.encode(asked)
        value, like = np.full((2, *items.shape), np.nan, np.float32)
        said_by = np.full(items.shape, UNKNOWN, np.int32)
        for at, level in enumerate(self.levels):
            rows = np.flatnonzero((said_by < 0).any(axis=1))
            if not len(rows):
                break
            try:
                said = level.scorer.predict(batch.take(rows), items[rows])
            except Exception as error:
                self.on_failure(f"{level.name} (version {level.version}), predicting: {error!r}")
                continue
            q, n = np.nonzero((said_by[rows] < 0) & ~np.isnan(said.like))
            value[rows[q], n], like[rows[q], n], said_by[rows[q], n] = said.value[q, n], said.like[q, n], at
        return Prediction(value, like), said_by

    def encode(self, queries: Sequence[Query]) -> Batch:
        """Ids that nobody knows are left out of the history; a taste that nobody knows is a QueryError."""
        n = len(queries)
        profile = np.full((n, len(self.tastes)), np.nan, np.float32)
        for i, query in enumerate(queries):
            for taste, value in query.profile.items():
                profile[i, self._column(taste, value)] = value
        said = dict.fromkeys((block, name) for q in queries for block, values in q.context.items() for name in values)
        ratings, when = ratings_of(queries, self.catalog.items)
        return Batch(
            positives=self._marked([q.likes for q in queries]),
            ratings=ratings,
            user=np.full(n, UNKNOWN, np.int32),
            profile=profile,
            context={column(*one): self._context(queries, *one) for one in said},
            now=np.array([q.now or 0 for q in queries], np.int64),
            when=when,
        )

    def _column(self, taste: str, value: float) -> int:
        taste = next((t for t in self.tastes if t.lower() == taste.strip().lower().replace(" ", "_")), taste)
        if taste not in self.tastes:
            known, hint = ", ".join(self.tastes) or "none", did_you_mean(taste, self.tastes) or "."
            later = "A taste added to recipe.toml counts from the next pretrain."
            raise QueryError(f"{taste!r} is no taste of this project{hint} It has: {known}. {later}")
        if not 0.0 <= value <= 1.0:
            raise QueryError(f"The taste {taste} is {value:g}; give a number from 0 (not at all) to 1 (very much).")
        return self.tastes.index(taste)

    @staticmethod
    def _context(queries: Sequence[Query], block: str, name: str) -> Float32:
        return np.array([q.context.get(block, {}).get(name, np.nan) for q in queries], np.float32)

    def _marked(self, rows: Sequence[tuple[str, ...]]) -> Csr:
        """1 for every id that somebody knows, csr (q, n_items)."""
        return marks_of(rows, self.catalog.items) if any(rows) else _empty(len(rows), len(self.catalog))

    def _excluded(self, queries: Sequence[Query], batch: Batch) -> Csr:
        """csr (q, n_items): what the rules keep out of each answer."""
        named = self._marked([q.exclude for q in queries])
        if self.repeat:  # the past may come again; what the query itself names as liked is no news
            return (abs(batch.positives) + named).tocsr()
        if named.nnz == 0 and batch.positives.nnz == 0:
            return pattern(batch.ratings)
        return (abs(batch.positives) + pattern(batch.ratings) + named).tocsr()

    def _allowed(self, query: Query) -> Bool:
        """bool (n_items,): available, among the candidates, and passing the filters."""
        if query.candidates is None and not query.filters:
            return self._open
        allowed = self._open.copy()
        if query.candidates is not None:
            rows = self.catalog.items.rows(query.candidates)
            among = np.zeros(len(self.catalog), bool)
            among[rows[rows >= 0]] = True
            allowed &= among
        for name, wanted in query.filters.items():
            allowed &= self._filter(name, wanted)
        return allowed

    @cached_property
    def _open(self) -> Bool:
        """What is available, in a mask that nobody can write into: who is given it again need not read it again."""
        available = self.catalog.available.copy()
        available.flags.writeable = False
        return available

    def _filter(self, column: str, wanted: str) -> Bool:
        plain = wanted.strip().lower()
        if column in self.catalog.categories:
            return self._some(
                np.array([v.lower() == plain for v in self.catalog.categories[column]], bool), column, wanted
            )
        if column in self.catalog.tags:
            found = [any(tag.lower() == plain for tag in row) for row in self.catalog.tags[column]]
            return self._some(np.array(found, bool), column, wanted)
        known = (*self.catalog.categories, *self.catalog.tags)
        hint = did_you_mean(column, known) or "."
        raise QueryError(f"Nothing can be filtered by {column!r}{hint} Filters: {', '.join(known)}.")

    def _some(self, allowed: Bool, column: str, wanted: str) -> Bool:
        """The filter, unless nothing passes it: then a QueryError with the nearest value that something has."""
        if allowed.any():
            return allowed
        rows = self.catalog.tags.get(column, ())
        values = {tag for row in rows for tag in row} or set(self.catalog.categories.get(column, ()))
        raise QueryError(f"No item has the {column} {wanted!r}{did_you_mean(wanted, sorted(values)) or '.'}")

    def _ask(
        self, level: Level, queries: Sequence[Query], batch: Batch, exclude: Csr, drafts: list[Draft],
        waiting: list[int],
    ) -> None:  # fmt: skip
        """Fill what is missing from one level; queries that share candidates and filters are asked together."""
        groups: dict[object, list[int]] = {}
        for i in waiting:
            query = queries[i]
            groups.setdefault((query.candidates, tuple(sorted(query.filters.items())), query.n), []).append(i)
        for members in groups.values():
            rows = np.array(members)
            allowed = self._allowed(queries[members[0]])
            have = max(len(drafts[i].rows) for i in members)
            want = max(queries[members[0]].n, *(drafts[i].pool for i in members)) + have
            all_ = len(rows) == len(batch)
            try:
                asked, out = (batch, exclude) if all_ else (batch.take(rows), exclude[rows])
                found, scores = level.scorer.top(asked, want, out, allowed)
            except Exception as error:
                self.on_failure(f"{level.name} (version {level.version}): {error!r}")
                for i in members:
                    drafts[i].fail(f"{level.name} failed: {type(error).__name__}")
                continue
            for i, mine, values in zip(members, found, scores, strict=True):
                drafts[i].take(level, mine, values)

    def _slate(self, draft: Draft, one: Batch, explain: bool) -> Slate:
        ids = self.catalog.items.ids
        first = draft.levels[0] if draft.levels else Level("nothing", "", self.levels[-1].scorer)
        reasons = self._reasons(draft, one) if explain else ((),) * len(draft.rows)
        voice = next(iter(first.scorer.spoke(one)), None) if draft.levels else None
        turn = [voice.why] if voice is not None and voice.why else []
        why = "; ".join(dict.fromkeys([self.problem] * bool(self.problem) + draft.why + turn))
        return Slate(
            items=tuple([ids[row] for row in draft.rows]),
            scores=tuple(draft.scores),
            sources=tuple([level.name for level in draft.levels]),
            reasons=reasons,
            version=first.version,
            level=first.name,
            level_reason=why,
            propensities=tuple(draft.chances),
            spoke="" if voice is None else voice.who,
        )

    def _reasons(self, draft: Draft, one: Batch) -> tuple[tuple[Reason, ...], ...]:
        """Each item's parts from the level that chose it, the strongest first, its base last; () where it fails."""
        found: dict[int, tuple[Reason, ...]] = {}
        for level in {id(level): level for level in draft.levels}.values():
            mine = [row for row, at in zip(draft.rows, draft.levels, strict=True) if at is level]
            try:
                parts = level.scorer.contributions(one, np.array([mine], np.int32))[0]
            except Exception as error:
                self.on_failure(f"{level.name} (version {level.version}), explaining: {error!r}")
                draft.fail(f"{level.name} cannot explain: {type(error).__name__}")
                continue
            found |= {row: self._named(parts, k) for k, row in enumerate(mine)}
        return tuple(found.get(row, ()) for row in draft.rows)

    def _named(self, parts: Contributions, k: int) -> tuple[Reason, ...]:
        reasons = [Reason(self._name(part), float(parts.values[k, c])) for c, part in enumerate(parts.parts)]
        return tuple(sorted(reasons, key=lambda reason: (reason.part == "base", -abs(reason.weight))))

    def _name(self, part: Part) -> str:
        if part.kind == "taste":
            return f"taste:{self.tastes[int(part.key)]}"
        if part.kind in ("item", "near", "with"):
            return f"{part.kind}:{self.catalog.items.ids[int(part.key)]}"
        return part.kind if part.key == UNKNOWN else f"{part.kind}:{part.key}"


def single(catalog: Catalog, tastes: tuple[str, ...], scorer: Scorer, name: str = "model") -> Recommender:
    """A recommender of one level, for judging one model."""
    return Recommender(catalog, tastes, (Level(name, "unsaved", scorer),), repeat=False)
