"""Opening a project to answer: the active version, its parents, and what is left when they are damaged."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import time as clock
from typing import Any

import numpy as np

from ..data.catalog import Catalog
from ..data.context import lately, place_context
from ..data.dataset import Scale
from ..data.query import Query, Slate
from ..errors import ArtifactError, QueryError, StoreError
from ..recommender import Level, Recommender
from ..scorers import Blend, Calibrated, Choices, Embeddings, Nearby, Popularity, Scorer, Stated, Tower
from .alike import beside, described, features_of, met_together, tower_of
from .artifacts import Artifacts
from .catalogs import kept_catalog
from .contexts import Contexts, relabelled, remapped
from .events import read_user
from .loading import chain_of, levels_of, load_scorer
from .meta import get_meta
from .store import Store
from .ties import kept_ties
from .versions import list_versions

Json = dict[str, Any]
Tastes = tuple[str, ...]
PLACES = ("together", "hybrid")  # algorithms whose models have a network that places an item by its features
NO_CONTEXTS = Contexts(Artifacts(""), {})


@dataclass(frozen=True)
class Answers:
    """What answers queries in names that people use: titles, stars, ranks, tastes.

    scales: kind of event -> Scale; a rating in a query is on the `rating` scale, or the first one
    called: what somebody who has several items together is called in reasons
    features: digest of what is known of the items today
    ties: id of a spare item -> id of the one that stands for it
    """

    store: Store
    recommender: Recommender
    scales: Mapping[str, Scale]
    contexts: Contexts | None = None
    called: str = "users"
    features: str | None = None
    ties: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def open(
        cls, store: Store, version: int | None = None, catalog: Catalog | None = None, judged: bool = False
    ) -> "Answers":
        """The chain of the active version, or of the one asked for. catalog: the store's, where it was read already.

        judged: by the model that was judged, which had not learned from everything yet
        """
        with store.read() as conn:
            catalog = kept_catalog(conn) if catalog is None else catalog
            settings = dict(get_meta(conn, "recipe"))
            chain, features = chain_of(conn, version), get_meta(conn, "features")
            ties = kept_ties(conn)
            if judged and chain:
                chain[0] = replace(chain[0], artifact=chain[0].judged_artifact or chain[0].artifact)
            contexts = Contexts.read(conn, store.artifacts, settings)
        if not len(catalog):
            raise StoreError(f"{store.root} has no items yet. Run: tastemaker import --catalog FILE")
        levels, problems, tastes = levels_of(store.artifacts, chain, catalog, features)
        levels.append(Level("newest", "none", Popularity(np.linspace(0.0, 1.0, len(catalog), dtype=np.float32))))
        if tastes is None:
            tastes = tuple(settings["tastes"]["families"])
        levels = [replace(level, scorer=remapped(level.scorer, settings, tastes)) for level in levels]
        problems += filter(None, [relabelled(level, settings) for level in levels[:1]])
        repeat = bool(settings["rules"]["repeat"])
        recommender = Recommender(catalog, tastes, tuple(levels), repeat, "; ".join(problems))
        called = settings["events"].get("called", "users")
        return cls(store, recommender, scales_of(settings), contexts, called, features, ties)

    def recommend(self, explain: bool = True, **asked: Any) -> Slate:
        """`query` and the answer to it."""
        return self.answer(explain, **asked)[1]

    def answer(self, explain: bool = True, **asked: Any) -> tuple[Query, Slate]:
        """`query`, with what was read off its text, and the answer to it; the answer says what could not be read."""
        notes: list[str] = []
        query = self.query(**asked, notes=notes)
        slate = self.recommender.recommend([query], explain)[0]
        return query, replace(slate, level_reason="; ".join([*notes, *filter(None, [slate.level_reason])]))

    def similar(self, likes: Sequence[str], n: int = 10) -> Slate:
        """Items near these, whoever likes them: in what the active version learned of content, else in content."""
        chain = self.alike()
        query = self.query(likes=likes, n=n)
        learned = next((level for level in self.recommender.levels if tower_of(level.scorer) is not None), None)
        slate = chain.recommend([query])[0]
        return slate if learned is None else met_together(learned.scorer, slate, query.likes, self.catalog.items)

    def alike(self) -> Recommender:
        """Compares items by what the active version learned of content, else by content; StoreError where nothing
        can."""
        levels = [level for level in self.recommender.levels if tower_of(level.scorer) is not None][:1]
        chain = [replace(level, scorer=tower_of(level.scorer)) for level in levels]  # type: ignore[arg-type]
        nearest = next((s for level in reversed(self.recommender.levels) if (s := _embeddings(level.scorer))), None)
        if nearest is not None:  # also where the network knows nothing of an item
            chain.append(Level("content", "features", nearest))
        if not chain:
            raise StoreError("Nothing here compares items. Import a catalog: tastemaker import --catalog FILE")
        return replace(self.recommender, levels=tuple(chain), repeat=False)

    def describing(self, facts: Mapping[str, str]) -> "Answers":
        """The same, knowing one item more (`alike.DESCRIBED`), which nobody has and of which only this is known.

        facts: our name of a number or category -> what it is. QueryError where that tells it from nothing.
        """
        one, own = described(self.catalog, facts), self.recommender
        found = next(self._placing(), None)
        if found is None:
            raise QueryError(f"No version here has learned to place an item by its features. {self._places()}")
        level, tower = found
        vector = tower.embed(features_of(one, tower, self.store.artifacts, self.features))
        if not vector.any():
            raise QueryError(f"{', '.join(facts) or 'Nothing'} says nothing that version {level.version} looks at.")
        near, first = replace(tower.near, vectors=np.vstack([tower.near.vectors, vector])), own.levels[0].version
        why = "" if level.version == first else f"version {first} has not learned to place an item by its features"
        known = replace(
            own, catalog=beside(self.catalog, one), levels=(replace(level, scorer=replace(tower, near=near)),),
            repeat=False, problem="; ".join(filter(None, [own.problem, why])),
        )  # fmt: skip
        return replace(self, recommender=known)

    def _placing(self) -> Iterator[tuple[Level, Tower]]:
        """Networks that make a vector of an item's features: the chain's, then other versions', newest first."""
        for level in self.recommender.levels:
            if (tower := tower_of(level.scorer)) is not None:
                yield level, tower
        with self.store.read() as conn:
            versions = list_versions(conn)
        for version in reversed(versions):
            with suppress(ArtifactError):  # pruned or damaged: an older one may do
                scorer = load_scorer(
                    self.store.artifacts, version, self.catalog, self.features, self.recommender.tastes
                )
                if (tower := tower_of(scorer)) is not None:
                    yield Level("placing", str(version.id), tower), tower

    def _places(self) -> str:
        """What makes a version that does, by the recipe as it is."""
        models = dict(self.store.recipe()["models"])
        name = next((name for name, said in models.items() if said["algorithm"] in PLACES), None)
        if name is not None:
            return f"Run: tastemaker train --model {name}"
        return (
            'Add a model to recipe.toml: [models.embedding] with algorithm = "together". '
            "Then run: tastemaker train --model embedding"
        )

    def query(
        self,
        likes: Sequence[str] = (),
        ratings: Mapping[str, float] | None = None,
        taste: Mapping[str, float] | None = None,
        user: str | None = None,
        n: int = 10,
        filters: Mapping[str, str] | None = None,
        candidates: Sequence[str] | None = None,
        exclude: Sequence[str] = (),
        context: Mapping[str, Mapping[str, float]] | None = None,
        now: int | None = None,
        known: Query | None = None,
        text: str | None = None,
        place: str = "",
        notes: list[str] | None = None,
    ) -> Query:
        """Titles become ids, ratings become preferences, and what is known of the user is added.

        context: block -> name -> number; now: UTC seconds, None = the caller has no clock
        known: what the store says of the user, where it was read already
        text: what somebody typed, from which contexts are read; place: where they are; notes: takes what is unknown
        What the query says wins over what the store knows. QueryError for a name that nobody knows.
        """
        if n < 1:
            raise QueryError(f"n is {n}; ask for at least one item.")
        if known is None:
            known = Query(n=n) if user is None else self._of_user(user)
            if notes is not None and user is not None and not (known.ratings or known.profile):
                notes.append(f"nothing is known of a user {user!r}")
        scale = self.scales.get("rating") or next(iter(self.scales.values()), Scale(-1.0, 1.0))
        said, unknown = (self.contexts or NO_CONTEXTS).told(context or {}, text)
        (notes if notes is not None else []).extend(unknown)
        rated = {self._id(name): _signed(name, value, scale) for name, value in (ratings or {}).items()}
        return replace(
            known,
            likes=tuple(dict.fromkeys((*known.likes, *map(self._id, likes)))),
            ratings={**known.ratings, **rated},
            when={**known.when, **dict.fromkeys(rated, max(known.when.values(), default=0) + 1)},  # after all others
            profile={**known.profile, **(taste or {})},
            n=min(n, max(len(self.catalog), 1)),
            filters=filters or {},
            candidates=None if candidates is None else tuple(map(self._id, candidates)),
            exclude=tuple(map(self._id, exclude)),
            context={**known.context, **place_context(place), **said},
            now=int(clock()) if now is None and self.contexts else now,
        )

    @cached_property
    def catalog(self) -> Catalog:
        return self.recommender.catalog

    def _id(self, name: str) -> str:
        id_ = self.catalog.items.ids[self.catalog.find(name)]
        return self.ties.get(id_, id_)

    def _of_user(self, user: str) -> Query:
        with self.store.read() as conn:
            data = read_user(conn, user, self.catalog, self.recommender.tastes, self.scales)
        if data is None:
            return Query(user=user)
        matrix = data.matrix("last", data.signed())
        ratings = {self.catalog.items.ids[i]: float(v) for i, v in zip(matrix.indices, matrix.data, strict=True)}
        events = data.events.where(np.argsort(data.events.time, kind="stable"))
        when = {self.catalog.items.ids[i]: int(t) for i, t in zip(events.item, events.time, strict=True)}
        stated = data.profiles[0] if len(data.profiles) else np.zeros(0, np.float32)
        profile = {t: float(v) for t, v in zip(self.recommender.tastes, stated, strict=False) if not np.isnan(v)}
        return Query(user=user, ratings=ratings, profile=profile, when=when, context=lately(events.context))


def _embeddings(scorer: Scorer) -> Embeddings | None:
    if isinstance(scorer, Calibrated | Stated):
        return _embeddings(scorer.inner)
    parts = (
        scorer.scorers
        if isinstance(scorer, Blend)
        else (scorer.near,)
        if isinstance(scorer, Nearby | Choices)
        else (scorer,)
    )
    return next((part for part in parts if isinstance(part, Embeddings)), None)


def _signed(name: str, value: float, scale: Scale) -> float:
    if not scale.contains(value):
        low, high = sorted((scale.worst, scale.best))
        raise QueryError(f"The rating of {name!r} is {value:g}; give a number from {low:g} to {high:g}.")
    return float(scale.signed(np.array([value], np.float32))[0])


def scales_of(settings: Json) -> dict[str, Scale]:
    """kind of event -> Scale, of a resolved recipe."""
    scales = settings["events"]["scales"].items()
    return {kind: Scale(spec["worst"], spec["best"], spec.get("like")) for kind, spec in scales}
