"""A model on its way: learned, calibrated, judged, saved; not yet a version."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version as installed
from time import monotonic, time
from typing import Any

import numpy as np
from sqlalchemy import Connection

from .. import store as database
from ..algorithms import Algorithm, unasked
from ..data.catalog import Catalog
from ..data.dataset import Dataset
from ..data.features import Features
from ..errors import MissingExtra
from ..evaluate import Report
from ..recipe import Recipe
from ..scorers import Scorer
from ..store import NewVersion, Store, TrainingRun
from ..watch import Progress, Watch
from .under_way import kept

CODE_VERSION = installed("tastemaker")
Json = dict[str, Any]
IDS = "ids"  # the array of a version that holds the ids of its items, in row order, joined by NUL


ALL = "on all events"  # what is deployed learns from these, what is judged from fewer


@dataclass(frozen=True)
class Candidate:
    """name: its name in the recipe; curve: what learning reported, an entry an epoch; peak_memory: bytes.

    checkpoints: their index, {} where none is kept
    """

    name: str
    algorithm: Algorithm
    scorer: Scorer
    seconds: float
    peak_memory: int
    started_at: int
    curve: Sequence[Mapping[str, float]] = ()
    reports: Sequence[Report] = field(default=())
    checkpoints: Json = field(default_factory=dict)


def learn(
    name: str, algorithm: Algorithm, watch: Watch, fit: Callable[[Watch], Scorer], key: str | None = None, on: str = ""
) -> Candidate:
    """Run `fit` under a stage of its own and keep what it reported.

    key: what is learned from what, so that the same job takes up its checkpoint after a kill; None = no checkpoint
    on: from which events, where the same job learns it twice
    """
    curve: list[Mapping[str, float]] = []

    def report(progress: Progress) -> None:
        if progress.metrics:
            curve.append({"epoch": progress.done, **progress.metrics})
        watch.report(progress)

    begun, at = monotonic(), int(time())
    stage = replace(watch, report=report).on(f"train {name} {on}".rstrip(), key)
    stage.progress(0, 1)  # how many steps it takes is up to the algorithm
    scorer = fit(stage)
    took, index = monotonic() - begun, kept(stage.checkpoint)
    return Candidate(name, algorithm, scorer, took, peak_memory(), at, curve, checkpoints=index)


def sharing(watch: Watch, train: Dataset, made: Mapping[str, Scorer]) -> Watch:
    """The same; who learns from these very events may take what an algorithm, by its repr, has made of them."""

    def learned(algorithm: Algorithm, data: Dataset) -> Scorer | None:
        found = made.get(repr(algorithm)) if data is train else None
        return None if found is None else unasked(found)

    return replace(watch, learned=learned)


def keep_features(conn: Connection, catalog: Catalog, saved: str) -> None:
    """Let these features be the project's, unless the catalog changed since they were made: an import made its own."""
    if database.read_catalog(conn).items.digest == catalog.items.digest:
        database.put_meta(conn, features=saved)


def fingerprint(algorithm: Algorithm, train: Dataset, features: Features, seed: int) -> str:
    """Equal for equal jobs: settings, events, profiles, categories, features and seed."""
    found = hashlib.sha256(f"{algorithm!r} {seed} {features.digest} {CODE_VERSION}".encode())
    events = train.events
    for array in (events.user, events.item, events.value, events.time, events.kind, events.group, train.profiles):
        found.update(np.ascontiguousarray(array).tobytes())
    for name, values in train.catalog.categories.items():
        found.update("\0".join((name, *values)).encode())
    return found.hexdigest()[:32]


def beginners(models: Mapping[str, Algorithm]) -> dict[str, Algorithm]:
    """Those that can be learned before there is any real event."""
    return {name: algorithm for name, algorithm in models.items() if algorithm.learns != "events"}


def trainable(models: Mapping[str, Algorithm]) -> tuple[dict[str, Algorithm], list[MissingExtra]]:
    """The models that can be learned on this machine, and what the others lack."""
    kept, lacking = {}, []
    for name, algorithm in models.items():
        try:
            algorithm.require()
        except MissingExtra as missing:
            lacking.append(missing)
        else:
            kept[name] = algorithm
    return kept, lacking


def as_artifact(
    store: Store, scorer: Scorer, catalog: Catalog, recipe: Recipe, features: str | None, half: bool = False,
    learned: Candidate | None = None,
) -> str:  # fmt: skip
    """Save a scorer; the digest under which a version names it.

    features: where the features are kept that it learned from; None = it learned from none that another learning of
    them would change. learned: how it came about: its curve and checkpoints are kept beside it
    """
    settings, arrays = scorer.state()
    manifest: Json = {
        "kind": "model",
        "recipe": recipe.name,
        "scorer": settings,
        "items": catalog.items.digest,
        "tastes": list(recipe.tastes.names),
        "features": features,
    }
    if learned is not None:
        manifest |= {"curve": [dict(entry) for entry in learned.curve], "checkpoints": learned.checkpoints}
        arrays = {**arrays, IDS: np.frombuffer("\0".join(catalog.items.ids).encode(), np.uint8)}
    return store.artifacts.put(manifest, arrays, half)


def as_version(
    candidate: Candidate, artifact: str, *, recipe: str, seed: int, parent: int | None, data: str, features: str,
    metrics: Json,
) -> NewVersion:  # fmt: skip
    return NewVersion(
        recipe=recipe,
        algorithm=candidate.name,
        params=asdict(candidate.algorithm),
        artifact=artifact,
        judged_artifact=artifact,
        code_version=CODE_VERSION,
        seed=seed,
        parent=parent,
        data_digest=data,
        features_digest=features,
        metrics=metrics,
    )


def as_run(candidate: Candidate, version: int, real: int, synthetic: int) -> TrainingRun:
    return TrainingRun(
        version=version,
        started_at=candidate.started_at,
        seconds=candidate.seconds,
        peak_memory_bytes=candidate.peak_memory,
        events_real=real,
        events_synthetic=synthetic,
        curve=[dict(entry) for entry in candidate.curve],
    )


def peak_memory() -> int:
    """The most memory this process has held, in bytes; 0 where the system does not say."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return 0
    import sys

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most if sys.platform == "darwin" else most * 1024)


def stream(seed: int, purpose: str) -> np.random.Generator:
    """A generator of its own for each purpose, so that one more model does not change what the others draw."""
    return np.random.default_rng([seed, *purpose.encode()])
