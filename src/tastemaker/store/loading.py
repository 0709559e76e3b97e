"""Versions from artifacts: scorers that know all items of today, and the features that they were made from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import sqlalchemy as sa

from ..data.arrays import Float32
from ..data.catalog import Catalog
from ..data.features import Features
from ..data.vocab import Vocab
from ..errors import ArtifactError
from ..recommender import Level
from ..scorers import Scorer, load
from .alike import own_numbers
from .artifacts import Artifacts
from .versions import ModelVersion, active_version, lineage

Json = dict[str, Any]
Tastes = tuple[str, ...]
AGAIN = "Run: tastemaker pretrain"


def chain_of(conn: sa.Connection, version: int | None) -> list[ModelVersion]:
    """The active version, or the one asked for, and all that it comes from; [] where nothing is active."""
    chosen = active_version(conn) if version is None else None
    if version is None and chosen is None:
        return []
    return lineage(conn, chosen.id if chosen is not None else version)  # type: ignore[arg-type]


def levels_of(
    artifacts: Artifacts, chain: Sequence[ModelVersion], catalog: Catalog, features: str | None
) -> tuple[list[Level], list[str], Tastes | None]:
    """What answers, best first; why the rest cannot; and the tastes that the best one knows.

    The version itself, the nearest it comes from that can be loaded, and the first of all: nothing else is read. Tastes
    may be others than the recipe's, which is edited before it is learned.
    """
    levels: list[Level] = []
    problems: list[str] = []
    tastes: Tastes | None = None
    for depth, version in enumerate(chain):
        name = _name(version, depth)
        if name == "parent" and (not version.artifact or any(level.name == name for level in levels)):
            continue
        try:
            manifest, arrays = _read(artifacts, version)
            tastes = tuple(manifest["tastes"]) if tastes is None else tastes
            scorer = _scorer(artifacts, version, manifest, arrays, catalog, features, tastes)
        except ArtifactError as error:
            problems.append(f"version {version.id} cannot be used: {error}")
            continue
        levels.append(Level(name, str(version.id), scorer))
    return levels, problems, tastes


def _name(version: ModelVersion, depth: int) -> str:
    if depth == 0:
        return "active" if version.state == "active" else "asked"
    return "parent" if version.parent is not None else "content"


def load_scorer(
    artifacts: Artifacts, version: ModelVersion, catalog: Catalog, features: str | None, tastes: Tastes
) -> Scorer:
    """A version's scorer, knowing all items of the catalog and these tastes; ArtifactError when it cannot be had."""
    return _scorer(artifacts, version, *_read(artifacts, version), catalog, features, tastes)


def _read(artifacts: Artifacts, version: ModelVersion) -> tuple[Json, Json]:
    if not version.artifact:
        raise ArtifactError(f"Version {version.id} was pruned: its numbers are gone. See: tastemaker versions")
    return artifacts.get(version.artifact, version.id)


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
    said = _read(artifacts, version)[0] if manifest is None else manifest
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
