"""impact: what nobody expected, whether it belongs together, and what learning from it changes on what came later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .. import store as database
from ..data.arrays import Bool, Int64
from ..data.dataset import Dataset
from ..data.features import TASTES, Features
from ..kernels.threads import one_blas_thread
from ..monitor import Cluster, Unexpected, clusters, odds_of_like, unexpected
from ..recipe import Recipe
from ..store import ModelVersion, Store
from ..store.quality import Outcomes, count_outcomes, read_outcomes, real_event_ids
from ..watch import Watch
from .candidates import stream
from .impact_lessons import Lessons, lessons
from .later import FEW
from .meant import version_meant
from .pretrain import features_of_version

PERIODS = 12  # stretches of time of equal length
ALIKE = ("text", "lsa", TASTES)  # blocks by which items are neighbors: the first that is there


@dataclass(frozen=True)
class Impact:
    """
    n, liked, disliked: outcomes of the version, unexpected likes, unexpected dislikes
    users, items:  how many have one; top_users, top_items: who has most -> (unexpected, all outcomes)
    new:           share of the unexpected ones whose item the version had not met; and of all outcomes
    periods:       (begins, unexpected, outcomes), equally long
    clusters:      "liked" and "disliked" -> how they belong together
    lessons:       what learning from them changes
    others:        other versions -> how many outcomes were compared with what they foretold
    """

    version: ModelVersion
    n: int
    liked: int
    disliked: int
    users: int
    items: int
    top_users: Mapping[str, tuple[int, int]]
    top_items: Mapping[str, tuple[int, int]]
    new: tuple[float, float]
    periods: Sequence[tuple[int, int, int]]
    clusters: Mapping[str, Sequence[Cluster]]
    lessons: Lessons = field(default_factory=Lessons)
    others: Mapping[int, int] = field(default_factory=dict)


@one_blas_thread()
def impact(
    store: Store, recipe: Recipe, version: int | None, items: int, seed: int, watch: Watch, min_outcomes: int = 4 * FEW
) -> Impact:
    """Of the active version, or of this one, on all outcomes that were compared with what it had foretold."""
    with store.read() as conn:
        chosen = version_meant(conn, version)
        found, ids = read_outcomes(conn, version=chosen.id), real_event_ids(conn)
        others = {version: n for version, n in count_outcomes(conn).items() if version != chosen.id}
        catalog = database.read_catalog(conn)
        data = database.read_dataset(conn, catalog, recipe.tastes.names, recipe.scales, synthetic=False)
    at = np.searchsorted(ids, found.event)  # positions in data
    flags = unexpected(found, int(catalog.available.sum()))
    features = features_of_version(store, recipe, catalog, chosen, watch)
    told = replace(_described(chosen, found, flags, at, data, features, stream(seed, "clusters")), others=others)
    if len(found) < min_outcomes or told.liked + told.disliked == 0:
        few = f"{len(found)} outcomes of version {chosen.id}, {told.liked + told.disliked} of them unexpected"
        return replace(
            told,
            lessons=Lessons(
                f"{few}: too few to learn from. Only what comes after it became active counts. Then: tastemaker tick"
            ),
        )
    begins, surprising = int(np.median(found.at)), at[flags.any]
    learned = lessons(store, recipe, chosen, begins, surprising, data, features, items, seed, watch)
    return replace(told, lessons=learned)


def _described(
    version: ModelVersion, found: Outcomes, flags: Unexpected, at: Int64, data: Dataset, features: Features,
    rng: np.random.Generator,
) -> Impact:  # fmt: skip
    """Which they are, and whether they belong together."""
    events, odds = data.events, odds_of_like(found)
    users = {int(row): data.users.ids[user] for row, user in zip(found.user, events.user[at], strict=True)}
    vectors = next((features.block(name) for name in ALIKE if features.block(name).shape[1] > 1), features.block(""))
    families, names = features.block(TASTES), features.tastes
    sorts = {
        "liked": (flags.like_would, flags.liked, odds),
        "disliked": (flags.dislike_would, flags.disliked, 1 / odds),
    }
    together = {
        name: clusters(found.where(would), turned[would], likely[would], families, names, vectors, users, rng)
        for name, (would, turned, likely) in sorts.items()
    }
    met = np.zeros(len(data.catalog), bool)
    met[events.item[events.time <= (version.data_to or 0)]] = True
    strange = ~met[found.item]
    return Impact(
        version, len(found), int(flags.liked.sum()), int(flags.disliked.sum()),
        len(np.unique(found.user[flags.any])), len(np.unique(found.item[flags.any])),
        _most(found.user, flags.any, users), _most(found.item, flags.any, dict(enumerate(data.catalog.titles))),
        (_share(strange[flags.any]), _share(strange)), _periods(found.at, flags.any), together,
    )  # fmt: skip


def _most(rows: Int64, flagged: Bool, names: Mapping[int, str], most: int = 10) -> dict[str, tuple[int, int]]:
    counts, whole = np.bincount(rows, flagged), np.bincount(rows)
    order = np.argsort(-counts, kind="stable")[:most]
    return {names[int(k)]: (int(counts[k]), int(whole[k])) for k in order if counts[k] > 0}


def _share(mask: Bool) -> float:
    return float(mask.mean()) if len(mask) else float("nan")


def _periods(at: Int64, flagged: Bool) -> list[tuple[int, int, int]]:
    if not len(at):
        return []
    edges = np.linspace(at.min(), at.max() + 1, PERIODS + 1)
    place = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, PERIODS - 1)
    counts = [np.bincount(place, weights, PERIODS).astype(int) for weights in (flagged, np.ones(len(at)))]
    return [(int(begin), int(k), int(n)) for begin, k, n in zip(edges, *counts, strict=False)]
