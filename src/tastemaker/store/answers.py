"""Opening a project to answer: the active version, its parents, and what is left when they are damaged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import sqlalchemy as sa

from ..data.arrays import Float32
from ..data.catalog import Catalog
from ..data.dataset import Scale
from ..data.features import Features
from ..data.query import Query, Slate
from ..data.vocab import Vocab
from ..errors import ArtifactError, QueryError, StoreError
from ..recommender import Level, Recommender
from ..scorers import Blend, Calibrated, Embeddings, Nearby, Popularity, Scorer, Stated, load
from .alike import beside, described, features_of, met_together, own_numbers, tower_of
from .artifacts import Artifacts
from .catalogs import read_catalog
from .events import read_user
from .meta import get_meta
from .store import Store
from .versions import ModelVersion, active_version, lineage

Json = dict[str, Any]
Tastes = tuple[str, ...]
AGAIN = "Run: tastemaker pretrain"


@dataclass(frozen=True)
class Answers:
    """What answers queries in names that people use: titles, stars, ranks, tastes.

    scales: kind of event -> Scale; a rating in a query is on the `rating` scale, or the first one
    called: what somebody who has several items together is called in reasons
    features: digest of what is known of the items today
    """

    store: Store
    recommender: Recommender
    scales: Mapping[str, Scale]
    called: str = "users"
    features: str | None = None

    @classmethod
    def open(cls, store: Store, version: int | None = None) -> "Answers":
        """The chain of the active version, or of the one asked for."""
        with store.read() as conn:
            catalog = read_catalog(conn)
            settings = dict(get_meta(conn, "recipe"))
            chain, features = _chain(conn, version), get_meta(conn, "features")
        if not len(catalog):
            raise StoreError(f"{store.root} has no items yet. Run: tastemaker import --catalog FILE")
        levels, problems, tastes = _levels(store.artifacts, chain, catalog, features)
        levels.append(Level("newest", "none", Popularity(np.linspace(0.0, 1.0, len(catalog), dtype=np.float32))))
        if tastes is None:
            tastes = tuple(settings["tastes"]["families"])
        repeat = bool(settings["rules"]["repeat"])
        recommender = Recommender(catalog, tastes, tuple(levels), repeat, "; ".join(problems))
        called = settings["events"].get("called", "users")
        return cls(store, recommender, scales_of(settings), called, features)

    def recommend(self, explain: bool = True, **asked: Any) -> Slate:
        """`query` and the answer to it."""
        return self.recommender.recommend([self.query(**asked)], explain)[0]

    def similar(self, likes: Sequence[str], n: int = 10) -> Slate:
        """Items near these, whoever likes them: in what the active version learned of content, else in content."""
        levels = [level for level in self.recommender.levels if tower_of(level.scorer) is not None][:1]
        chain = [replace(level, scorer=tower_of(level.scorer)) for level in levels]  # type: ignore[arg-type]
        nearest = next((s for level in reversed(self.recommender.levels) if (s := _embeddings(level.scorer))), None)
        if nearest is not None:  # also where the network knows nothing of an item
            chain.append(Level("content", "features", nearest))
        if not chain:
            raise StoreError("Nothing here compares items. Import a catalog: tastemaker import --catalog FILE")
        alike, query = replace(self.recommender, levels=tuple(chain), repeat=False), self.query(likes=likes, n=n)
        slate = alike.recommend([query])[0]
        return met_together(levels[0].scorer, slate, query.likes, self.catalog.items) if levels else slate

    def describing(self, facts: Mapping[str, str]) -> "Answers":
        """The same, knowing one item more (`alike.DESCRIBED`), which nobody has and of which only this is known.

        facts: our name of a number or category -> what it is. QueryError where that tells it from nothing.
        """
        one = described(self.catalog, facts)
        for level in self.recommender.levels:
            tower = tower_of(level.scorer)
            if tower is None:
                continue
            vector = tower.embed(features_of(one, tower, self.store.artifacts, self.features))
            if not vector.any():
                raise QueryError(f"{', '.join(facts) or 'Nothing'} says nothing that this version looks at.")
            near = replace(tower.near, vectors=np.vstack([tower.near.vectors, vector]))
            levels = (replace(level, scorer=replace(tower, near=near)),)
            known = replace(self.recommender, catalog=beside(self.catalog, one), levels=levels, repeat=False)
            return replace(self, recommender=known)
        raise QueryError("No version here has learned to place an item by its features. Run: tastemaker train")

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
    ) -> Query:
        """Titles become ids, ratings become preferences, and what is known of the user is added.

        context: block -> name -> number; now: UTC seconds, None = the caller has no clock
        What the query says wins over what the store knows. QueryError for a name that nobody knows.
        """
        if n < 1:
            raise QueryError(f"n is {n}; ask for at least one item.")
        known = Query(n=n) if user is None else self._of_user(user)
        scale = self.scales.get("rating") or next(iter(self.scales.values()), Scale(-1.0, 1.0))
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
            context=context or {},
            now=now,
        )

    @cached_property
    def catalog(self) -> Catalog:
        return self.recommender.catalog

    def _id(self, name: str) -> str:
        return self.catalog.items.ids[self.catalog.find(name)]

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
        return Query(user=user, ratings=ratings, profile=profile, when=when)


def _embeddings(scorer: Scorer) -> Embeddings | None:
    if isinstance(scorer, Calibrated | Stated):
        return _embeddings(scorer.inner)
    parts = scorer.scorers if isinstance(scorer, Blend) else (scorer.near,) if isinstance(scorer, Nearby) else (scorer,)
    return next((part for part in parts if isinstance(part, Embeddings)), None)


def _signed(name: str, value: float, scale: Scale) -> float:
    if not scale.contains(value):
        low, high = sorted((scale.worst, scale.best))
        raise QueryError(f"The rating of {name!r} is {value:g}; give a number from {low:g} to {high:g}.")
    return float(scale.signed(np.array([value], np.float32))[0])


def _chain(conn: sa.Connection, version: int | None) -> list[ModelVersion]:
    chosen = active_version(conn) if version is None else None
    if version is None and chosen is None:
        return []
    return lineage(conn, chosen.id if chosen is not None else version)  # type: ignore[arg-type]


def _levels(
    artifacts: Artifacts, chain: Sequence[ModelVersion], catalog: Catalog, features: str | None
) -> tuple[list[Level], list[str], Tastes | None]:
    """What could be loaded, best first; why the rest could not; and the tastes that the best one knows.

    Those may be others than the recipe's, which is edited before it is learned.
    """
    levels: list[Level] = []
    problems: list[str] = []
    tastes: Tastes | None = None
    for depth, version in enumerate(chain):
        try:
            manifest, arrays = artifacts.get(version.artifact, version.id)
            tastes = tuple(manifest["tastes"]) if tastes is None else tastes
            scorer = _scorer(artifacts, version, manifest, arrays, catalog, features, tastes)
        except ArtifactError as error:
            problems.append(f"version {version.id} cannot be used: {error}")
            continue
        levels.append(Level(_name(version, depth), str(version.id), scorer))
    return levels, problems, tastes


def _name(version: ModelVersion, depth: int) -> str:
    if depth == 0:
        return "active" if version.state == "active" else "asked"
    return "parent" if version.parent is not None else "content"


def load_scorer(
    artifacts: Artifacts, version: ModelVersion, catalog: Catalog, features: str | None, tastes: Tastes
) -> Scorer:
    """A version's scorer, knowing all items of the catalog and these tastes; ArtifactError when it cannot be had."""
    return _scorer(artifacts, version, *artifacts.get(version.artifact, version.id), catalog, features, tastes)


def _scorer(
    artifacts: Artifacts, version: ModelVersion, manifest: Json, arrays: Json, catalog: Catalog, features: str | None,
    tastes: Tastes,
) -> Scorer:  # fmt: skip
    try:
        scorer = load(manifest["scorer"], arrays)
    except (KeyError, TypeError, ValueError) as error:
        why = f"Version {version.id} names a scorer that this program does not have: {error}. {AGAIN}"
        raise ArtifactError(why) from error
    if tuple(manifest["tastes"]) != tastes:
        raise ArtifactError(f"Version {version.id} knows other tastes than {', '.join(tastes)}. {AGAIN}")
    first = Vocab(catalog.items.ids[: scorer.n_items])
    if scorer.n_items > len(catalog) or first.digest != manifest["items"]:
        raise ArtifactError(f"Version {version.id} was made for another catalog. {AGAIN}")
    if scorer.n_items == len(catalog):
        return scorer
    grown = load_features(artifacts, features, catalog)
    if grown.tastes != tastes:
        raise ArtifactError(f"Version {version.id} knows other tastes than the items that joined later. {AGAIN}")
    own, numbers = own_text(artifacts, version, manifest), own_numbers(artifacts, manifest["features"], catalog)
    if numbers is not None and "numbers" in grown.blocks:
        grown = replace(grown, blocks={**grown.blocks, "numbers": numbers})
    try:
        return scorer.with_items(grown if own is None else with_text(grown, own))
    except ValueError as error:
        raise ArtifactError(f"Version {version.id} does not fit the features of today: {error}. {AGAIN}") from error


def own_text(artifacts: Artifacts, version: ModelVersion, manifest: Json | None = None) -> Float32 | None:
    """The text vectors that a version learned from, float32 (the items it knew, d); None = none.

    A later learning gives vectors with other axes, which this version would take for noise.
    """
    said = artifacts.get(version.artifact, version.id)[0] if manifest is None else manifest
    kept = {} if said["features"] is None else artifacts.get(said["features"])[1]
    return np.asarray(kept["text"], np.float32) if "text" in kept else None


def with_text(features: Features, text: Float32) -> Features:
    """The features with these text vectors; items behind them have none."""
    block = np.zeros((len(features), text.shape[1]), np.float32)
    block[: len(text)] = text
    return replace(features, blocks={**features.blocks, "text": block})


def save_features(artifacts: Artifacts, features: Features) -> str:
    """The digest under which `load_features` finds them again."""
    names = {name: list(columns) for name, columns in features.names.items()}
    return artifacts.put({"kind": "features", "names": names, "fitted": dict(features.fitted)}, features.blocks)


def load_features(artifacts: Artifacts, digest: str | None, catalog: Catalog) -> Features:
    if digest is None:
        raise ArtifactError("The project has no features yet. Run: tastemaker pretrain")
    manifest, blocks = artifacts.get(digest)
    if any(len(block) != len(catalog) for block in blocks.values()):
        raise ArtifactError("The features are older than the catalog. Run: tastemaker pretrain")
    names = {name: tuple(columns) for name, columns in manifest["names"].items()}
    return Features(catalog.items, _float32(blocks), names, manifest.get("fitted", {}))


def _float32(blocks: Mapping[str, Any]) -> dict[str, Float32]:
    return {name: np.asarray(block, np.float32) for name, block in blocks.items()}


def scales_of(settings: Json) -> dict[str, Scale]:
    """kind of event -> Scale, of a resolved recipe."""
    scales = settings["events"]["scales"].items()
    return {kind: Scale(spec["worst"], spec["best"], spec.get("like")) for kind, spec in scales}
