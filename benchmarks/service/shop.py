"""A project of 41,000 items × 64 factors, and users with histories, made from nothing, to measure a service on."""

import sys
from pathlib import Path

import numpy as np
import polars as pl

from tastemaker.lifecycle import Project
from tastemaker.lifecycle.candidates import CODE_VERSION, as_artifact
from tastemaker.scorers import Factors
from tastemaker.store import NewVersion, activate, add_versions
from tastemaker.store.keys import create_key

ITEMS, DIM, USERS, EACH, SEED = 41_000, 64, 2000, 30, 0


def main(root: Path, database: str | None) -> None:
    """Prints a key with all scopes."""
    rng = np.random.default_rng(SEED)
    root.parent.mkdir(parents=True, exist_ok=True)
    events = root.parent / f"{root.name}.csv"
    items = rng.permutation(np.arange(USERS * EACH) % ITEMS)
    ids = [f"i{i}" for i in items]
    users = [f"u{u}" for u in np.repeat(np.arange(USERS), EACH)]
    times = 1_700_000_000 + np.arange(USERS * EACH)
    pl.DataFrame({"user": users, "item": ids, "timestamp": times}).write_csv(events)
    with Project.init_published(root, str(events), database=database) as project:
        version(project, rng)
        with project.store.begin() as conn:
            _, token = create_key(conn, "bench", ["admin"], 0, 1e9)
    sys.stdout.write(f"{token}\n")


def version(project: Project, rng: np.random.Generator, scale: float = 1.0) -> int:
    """A model of random factors, active."""
    catalog = project.catalog()
    vectors = rng.normal(0.0, scale, (len(catalog), DIM)).astype(np.float32)
    gram = vectors.T.astype(np.float64) @ vectors
    _, turn = np.linalg.eigh(gram)
    vectors = np.ascontiguousarray(vectors @ turn, np.float32)
    spectrum = (0.1 * np.square(vectors.astype(np.float64)).sum(0)).astype(np.float32)
    bias = np.zeros(len(vectors), np.float32)
    scorer = Factors((), vectors, spectrum, bias, 0.0, 0.01, 0.1, 1.0, len(vectors), False)
    artifact = as_artifact(project.store, scorer, catalog, project.recipe, None)
    new = NewVersion(
        recipe=project.recipe.name, algorithm="ials", artifact=artifact, code_version=CODE_VERSION, seed=SEED, parent=0
    )
    with project.store.begin() as conn:
        (id_,) = add_versions(conn, [new])
        activate(conn, id_, "for measuring")
    return id_


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
