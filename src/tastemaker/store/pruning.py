"""Pruning: old versions lose their arrays, and keep their row: what they were, how good, and why they went."""

from dataclasses import dataclass
from shutil import rmtree
from time import time

import sqlalchemy as sa

from ..errors import ArtifactError, QueryError
from .artifacts import Artifacts
from .decisions import record_decision
from .needed import needed_artifacts
from .store import Store
from .tables import ab_tests, activations, model_versions
from .tables.experiments import RUNNING
from .versions import ModelVersion, active_version, lineage, list_versions


@dataclass(frozen=True)
class Pruned:
    """versions: those whose arrays are gone now; bytes: what that freed; kept: versions that still can answer"""

    versions: tuple[int, ...]
    bytes: int
    kept: tuple[int, ...]


def prune(store: Store, keep: int, dry: bool = False) -> Pruned:
    """Keep the newest `keep` versions, and whatever else may be needed; the others' arrays are deleted.

    Needed are the active version, the one before it (rollback), the two of a running experiment, the latest candidate
    that was learned from the active one (a proposal), and what answers where one of these cannot: the nearest version
    that it comes from, and version 0. dry: only say what would go.
    """
    if keep < 1:
        raise QueryError(f"--keep is {keep}; keep at least one version.")
    with store.begin() as conn:
        before = needed_artifacts(conn, store.artifacts)
        whole = [v for v in list_versions(conn) if v.artifact]
        needed = _needed(conn, store.artifacts) | {v.id for v in whole[-keep:]}
        gone = tuple(v.id for v in whole if v.id not in needed)
        kept = tuple(v.id for v in whole if v.id in needed)
        if gone and not dry:
            chosen = model_versions.c.id.in_(gone)
            conn.execute(sa.update(model_versions).where(chosen).values(artifact="", judged_artifact=None))
            record_decision(conn, "pruned", f"versions {', '.join(map(str, gone))}: --keep {keep}", int(time()))
            after = needed_artifacts(conn, store.artifacts)
    if not gone or dry:
        return Pruned(gone, 0, kept)
    _drop_checkpoints(store, [v for v in whole if v.id in gone], [v for v in whole if v.id in kept])
    # Only now, when nothing names them any more: a kill in between leaves files that harm nobody.
    return Pruned(gone, sum(store.artifacts.remove(digest) for digest in before.keys() - after.keys()), kept)


def _drop_checkpoints(store: Store, gone: list[ModelVersion], kept: list[ModelVersion]) -> None:
    """What was kept of their learning goes with the versions, unless another one learned the very same."""
    folders, others = ({v.metrics.get("checkpoints", {}).get("folder") for v in some} for some in (gone, kept))
    for folder in folders - others - {None}:
        rmtree(store.root / folder, ignore_errors=True)


def _needed(conn: sa.Connection, artifacts: Artifacts) -> set[int]:
    active, stack = active_version(conn), list[int]()
    for row in conn.execute(sa.select(activations).order_by(activations.c.id)):
        stack = stack[:-1] if row.back else [*stack, row.version]
    found = set(stack[-2:])
    for row in conn.execute(sa.select(ab_tests).where(RUNNING)):
        found |= {row.control, row.treatment}
    if active is not None:
        candidates = [v.id for v in list_versions(conn) if v.state == "candidate" and v.parent == active.id]
        found |= {active.id, *candidates[-1:]}
    return {0}.union(*(_chain(conn, artifacts, one) for one in found))


def _chain(conn: sa.Connection, artifacts: Artifacts, version: int) -> set[int]:
    """The version, the nearest it comes from that is whole, and the first of all: what `levels_of` opens."""
    own, *others = lineage(conn, version)
    near = next((v.id for v in others if v.artifact and _whole(artifacts, v)), own.id)
    return {own.id, near, [own, *others][-1].id}


def _whole(artifacts: Artifacts, version: ModelVersion) -> bool:
    try:
        artifacts.files(version.artifact, version.id)
    except ArtifactError:
        return False
    return True
