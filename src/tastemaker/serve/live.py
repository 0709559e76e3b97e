"""What answers at this moment: the active version and, while an experiment runs, its two. Only ever replaced."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from ..data.arrays import Bool
from ..data.catalog import Catalog
from ..data.query import Query, Slate
from ..errors import ArtifactError, StoreError
from ..recommender import Level, Recommender
from ..store.answers import Answers
from ..store.artifacts import Artifacts
from ..store.catalogs import content_mark, delisted, read_catalog
from ..store.experiments import Experiment, dealing, dealt_by
from ..store.meta import get_meta, get_metas
from ..store.store import Store
from ..store.tables import model_versions
from ..store.tables.json import plain_json
from ..store.versions import active_version
from .guarded import Guarded, Watched

OPEN = 3  # chains kept, so that going back and forth between versions reads nothing again


@dataclass(frozen=True)
class Marks:
    """What tells that something else should answer. catalog, features: new with an import; forgotten: with `forget`

    listed: new also where only that changed;  said: the recipe and the models of texts
    """

    active: int | None
    catalog: str | None
    listed: str | None
    features: str | None
    forgotten: str | None
    said: str
    experiment: int | None
    versions: int

    @classmethod
    def read(cls, conn: sa.Connection) -> "Marks":
        active, test = active_version(conn), dealing(conn)
        count = conn.scalar(sa.select(sa.func.count()).select_from(model_versions)) or 0
        kept = get_metas(conn, "catalog", "listed", "features", "forgotten", "recipe", "texts")
        kept |= {"catalog": content_mark(kept), "listed": kept["catalog"]}
        said = sha256(plain_json([kept.pop("recipe"), kept.pop("texts")]).encode()).hexdigest()
        return cls(None if active is None else active.id, **kept, said=said,
                   experiment=None if test is None else test.id, versions=count)  # fmt: skip


@dataclass(frozen=True)
class Live:
    """arms: the versions of the running experiment; names: version -> the algorithm it comes from

    alike: compares items by their content;  damage: what should answer and cannot be read
    """

    marks: Marks
    answers: Answers
    arms: Mapping[int, Answers]
    experiment: Experiment | None
    names: Mapping[str, str]
    explore: float
    alike: Recommender | None = None
    damage: tuple[str, ...] = ()

    @property
    def catalog(self) -> Catalog:
        return self.answers.catalog

    def dealt(self, user: str | None) -> tuple[Answers, dict[str, Any] | None]:
        """Who answers this user, and the arm that they are in."""
        if self.experiment is None or user is None or not user.strip():
            return self.answers, None
        found = dealt_by(self.experiment, user)
        return self.arms.get(found.version, self.answers), {"id": found.test, "arm": found.arm}

    def then(self, version: str) -> Answers:
        """The chain from this version on, where it is open; else what answers now."""
        for one in (self.answers, *self.arms.values()):
            versions = [level.version for level in one.recommender.levels]
            if version in versions:
                levels = one.recommender.levels[versions.index(version) :]
                return replace(one, recommender=replace(one.recommender, levels=levels, explore=0.0))
        return self.answers

    def without(self, gone: frozenset[str]) -> "Live":
        """The same after these items were delisted."""
        rows = self.catalog.items.rows(gone)
        available = self.catalog.available.copy()
        available[rows[rows >= 0]] = False
        return self._listing(available)

    def listing(self, conn: sa.Connection) -> "Live":
        """The same with what is delisted by now."""
        available = np.ones(len(self.catalog), bool)
        available[[row for row in delisted(conn) if row < len(available)]] = False
        return replace(self._listing(available), marks=replace(self.marks, listed=get_meta(conn, "catalog")))

    def _listing(self, available: Bool) -> "Live":
        catalog = replace(self.catalog, available=available)

        def told(one: Answers) -> Answers:
            return replace(one, recommender=replace(one.recommender, catalog=catalog))

        near = None if self.alike is None else replace(self.alike, catalog=catalog)
        arms = {v: told(one) for v, one in self.arms.items()}
        return replace(self, answers=told(self.answers), arms=arms, alike=near)

    def newest(self, query: Query, why: str) -> Slate:
        """The newest items that the rules allow, by no model at all: it takes no time, and can only fail for a filter
        that nobody knows."""
        recommender, ids = self.answers.recommender, self.catalog.items.ids
        out = {*query.likes, *query.exclude, *(() if recommender.repeat else query.ratings)}
        rows = np.flatnonzero(recommender.allowed(query))[::-1]
        chosen = tuple(islice((ids[row] for row in rows if ids[row] not in out), query.n))
        n = len(chosen)
        return Slate(chosen, (0.0,) * n, ("newest",) * n, ((),) * n, "none", "newest", why, None, (1.0,) * n)


class Chain(NamedTuple):
    """As Live has them."""

    answers: Answers
    alike: Recommender | None
    damage: tuple[str, ...]


@dataclass
class Opener:
    """Opens chains, and keeps the last few. deadline: of the batch at hand; failed: told of every failure of a level"""

    store: Store
    deadline: Callable[[], float]
    failed: Callable[[str], None]
    memory_mb: int = 0
    _kept: dict[tuple[Any, ...], Chain] = field(default_factory=dict)
    _catalog: tuple[Any, Catalog] | None = None

    def open(self) -> Live:
        """What should answer now; StoreError where the store cannot be read or holds no items."""
        with self.store.read() as conn:
            marks, test = Marks.read(conn), dealing(conn)
            settings = dict(get_meta(conn, "recipe"))
            found = conn.execute(sa.select(model_versions.c.id, model_versions.c.algorithm))
            names = {str(id_): algorithm for id_, algorithm in found}
        catalog = self._read_catalog(marks)
        explore = float(settings["rules"].get("explore", 0.0))
        chain = self._chain(marks.active, marks, catalog, "active", explore)
        tested = () if test is None else test.versions
        arms = {v: self._chain(v, marks, catalog, "challenger", explore) for v in tested}
        damage = tuple(said for one in (chain, *arms.values()) for said in one.damage)
        arm_answers = {v: one.answers for v, one in arms.items()}
        return Live(marks, chain.answers, arm_answers, test, names, explore, chain.alike, damage)

    def _read_catalog(self, marks: Marks) -> Catalog:
        """Items that joined a moment ago wait until their features are made: models cannot place them before."""
        if self._catalog is None or self._catalog[0] != (marks.catalog, marks.features):
            with self.store.read() as conn:
                found = read_catalog(conn)
            known = featured(self.store.artifacts, marks.features)
            if known is not None and 0 < known < len(found):
                found = found.take(np.arange(known))
            self._catalog = ((marks.catalog, marks.features), found)
        return self._catalog[1]

    def _chain(self, version: int | None, marks: Marks, catalog: Catalog, name: str, explore: float) -> Chain:
        key = (version, marks.catalog, marks.features, marks.said, name)
        found = self._kept.pop(key, None) or self._opened(version, catalog, name, explore)
        if found.damage:
            return found  # some time it may be whole again
        self._kept[key] = found
        while len(self._kept) > OPEN:
            self._kept.pop(next(iter(self._kept)))
        return found

    def _opened(self, version: int | None, catalog: Catalog, name: str, explore: float) -> Chain:
        answers = Answers.open(self.store, version, catalog)
        recommender = answers.recommender
        affordable, dropped = self._affordable(recommender)
        guarded = replace(
            recommender, levels=tuple(self._guard(level, name) for level in affordable), explore=explore,
            problem="; ".join(filter(None, [recommender.problem, *dropped])), on_failure=self.failed,
        )  # fmt: skip
        try:
            alike: Recommender | None = answers.alike()
        except StoreError:
            alike = None
        contexts = None if answers.contexts is None else replace(answers.contexts, failed=self.failed)
        broken = [] if contexts is None else contexts.broken()
        damage = tuple(filter(None, [recommender.problem, *broken]))
        return Chain(replace(answers, recommender=guarded, contexts=contexts), alike, damage)

    def _guard(self, level: Level, name: str) -> Level:
        own = name if level.name in ("active", "asked") else level.name
        if level.name == "newest":
            return level
        return Level(own, level.version, Guarded(level.scorer, Watched(self.deadline)))

    def _affordable(self, recommender: Recommender) -> tuple[list[Level], list[str]]:
        """The best levels that fit into the project's share of memory, and why not the others; the last always does."""
        left, kept, dropped = self.memory_mb << 20, list[Level](), list[str]()
        for level in recommender.levels[:-1]:
            left -= size_of(level)
            if self.memory_mb and left < 0:
                dropped.append(f"{level.name} (version {level.version}) needs more than {self.memory_mb} MB")
                self.failed(dropped[-1])
                continue
            kept.append(level)
        return [*kept, recommender.levels[-1]], dropped


def size_of(level: Level) -> int:
    """Bytes of the arrays of a level's model."""
    return sum(array.nbytes for array in level.scorer.state()[1].values())


def featured(artifacts: Artifacts, digest: str | None) -> int | None:
    """How many items have features; None = that cannot be told."""
    if digest is None:
        return None
    try:
        _, blocks = artifacts.get(digest)
    except (ArtifactError, StoreError):
        return None
    return min((len(block) for block in blocks.values()), default=None)
