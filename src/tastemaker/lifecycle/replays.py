"""Several policies on one past, and the picture of how they did."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from .. import store as database
from ..data.dataset import Dataset
from ..data.load_catalog import refuse_bad_rows
from ..data.load_events import load_events
from ..data.read import read_table
from ..errors import QueryError
from ..recipe import Recipe
from ..store import Store
from .caveats import of_tags
from .plots import plot_replays
from .replay import POLICIES, Policy, Replayed, replay

MOVING = 2000  # outcomes that a point of the picture is the mean of


def past_of(store: Store, recipe: Recipe, source: Any) -> Dataset:
    """A file's events, or the project's own real ones."""
    with store.read() as conn:
        catalog = database.read_catalog(conn)
        if source is None:
            return database.read_dataset(conn, catalog, recipe.tastes.names, recipe.scales, synthetic=False)
    table = read_table(source)
    found = load_events(table, recipe.events, catalog, recipe.tastes.names)
    refuse_bad_rows(table, found.refused)
    return found.dataset


def as_seconds(day: str | None) -> int | None:
    """YYYY-MM-DD -> UTC seconds; QueryError for anything else."""
    if day is None:
        return None
    try:
        return int(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise QueryError(f"--from is {day!r}; give a day as YYYY-MM-DD.") from None


def replay_all(
    store: Store, recipe: Recipe, past: Dataset, policies: Sequence[Policy], keep: Path | None, **how: Any
) -> tuple[list[Replayed], Path]:
    """Each policy on the same past, in a project of its own that is removed unless `keep` says where; and a picture."""
    for policy in policies:
        if policy not in POLICIES:
            raise QueryError(f"No policy is called {policy!r}. There are: {', '.join(POLICIES)}.")
    with TemporaryDirectory(prefix="tastemaker-replay-") as temporary:
        root = Path(temporary) if keep is None else keep
        done = [replay(root / policy, recipe, past.catalog, past, policy=policy, **how) for policy in policies]
    with store.read() as conn:
        done = [replace(one, fair=of_tags(conn)) for one in done]
    return done, _drawn(store.root / "plots" / "replay.png", done)


def _drawn(path: Path, done: Sequence[Replayed]) -> Path:
    lines = {f"{d.policy}: {d.accuracy.mean:.3f}, {d.trainings} trainings": _moving(d) for d in done}
    marks = {
        datetime.fromtimestamp(entry["at"], UTC): str(entry["version"])
        for one in done if one.policy == "loop" for entry in one.timeline if entry["what"] == "activated"
    }  # fmt: skip
    return plot_replays(path, lines, marks, "Foretold beside what happened; activations dotted")


def _moving(done: Replayed) -> tuple[list[datetime], Any]:
    """The share of likes rightly foretold among the latest outcomes, at a few hundred moments."""
    if len(done.correct) < 2:
        return [], []
    width = min(MOVING, len(done.correct) // 2)
    total = np.concatenate([[0], np.cumsum(done.correct)])
    ends = np.unique(np.linspace(width, len(done.correct), 300).astype(int))
    return [datetime.fromtimestamp(t, UTC) for t in done.at[ends - 1].tolist()], (
        total[ends] - total[ends - width]
    ) / width
