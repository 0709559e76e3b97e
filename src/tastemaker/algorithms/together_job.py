"""Epochs of Together, one after the other: what is kept after each, what it is watched by, and when it stops."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..data.arrays import Bool, Csr
from ..data.dataset import Dataset
from ..data.pairs import pairs_of
from ..data.query import Batch
from ..errors import TrainingError
from ..watch import Arrays, Watch
from .checkpoints import Checkpoints
from .strangers import strangers
from .together_draws import Drawn, Draws

if TYPE_CHECKING:
    from .together_torch import Net

CURVE = ("loss", "valid_loss", "recall", "recall_new")  # what is reported an epoch; NaN = not measured
K = 10  # depth of the recall
USERS = 1000  # asked after each epoch, at most
PAIRS = 4096  # of the validation loss


@dataclass(frozen=True)
class Asked:
    """Users who are validated on: what they tell, csr wanted (q, n_items), and pairs of theirs; fresh: new items."""

    batch: Batch
    wanted: Csr
    drawn: Drawn
    fresh: Bool | None

    def measured(self, net: "Net") -> dict[str, float]:
        """Loss on their pairs, and Recall@10 among all items: of what they wanted, and of that what is new."""
        from ..kernels.ranking import ranking_metrics

        lists = net.export().top(self.batch, K, self.batch.positives)[0]
        found = {"recall": float(np.nanmean(ranking_metrics(lists, self.wanted)["recall"]))}
        if self.fresh is not None:
            new = self.wanted.copy()
            new.data *= self.fresh[new.indices]
            new.eliminate_zeros()
            if new.nnz:
                found["recall_new"] = float(np.nanmean(ranking_metrics(lists, new)["recall"]))
        return {**found, "valid_loss": net.validate(net.parts(self.drawn))}


def asked_of(valid: Dataset, net: "Net", fresh: Bool | None) -> Asked | None:
    """Some of what each user likes is told, the rest is looked for; None where there is nobody to ask."""
    rng = np.random.default_rng((net.seed, 2))
    found = strangers(valid, USERS, rng, len(net.features.tastes))
    pairs = pairs_of(valid, net.spec.window, net.spec.gap)
    pairs = pairs.where(pairs.weight > 0)
    if found is None or not len(pairs):
        return None
    theirs = Draws(pairs, min(PAIRS, len(pairs)), net.draws.category)
    return Asked(*found, theirs.epoch(rng, *net.n_against), fresh)


@dataclass
class Course:
    """How learning goes: epochs done, the best of them and its weights, and what was measured in each."""

    done: int
    best: int
    weights: Arrays
    curve: list[list[float]]

    def arrays(self, net: "Net") -> Arrays:
        """All that the epochs to come depend on; their randomness is keyed by the seed and the epoch."""
        counts = np.array([self.done, self.best, net.seed], np.int64)
        best = {f"best/{name}": array for name, array in self.weights.items()}
        return {**net.weights(), **net.optimizer.state(), **best, "counts": counts, "curve": np.array(self.curve)}


def taken_up(net: "Net", kept: Arrays | None) -> Course:
    """The course that was kept, and the network as it was then; a new one where nothing fits."""
    if kept is not None and net.fits(kept) and int(kept["counts"][2]) == net.seed:
        net.set_weights(kept)
        net.optimizer.restore(kept)
        best = {name.removeprefix("best/"): array for name, array in kept.items() if name.startswith("best/")}
        return Course(int(kept["counts"][0]), int(kept["counts"][1]), best, kept["curve"].tolist())
    return Course(0, 0, net.weights(), [])


def learn(
    net: "Net", epochs: int, asked: Asked | None, checkpoints: Checkpoints, watch: Watch, before: int, total: int
) -> int:
    """Epochs until they are used up or nothing gets better; the network is left as in the best one, whose number this
    returns. before, total: steps of the job as a whole. Who is resumed reports again what was measured. Only epochs
    that were validated, or all if none is, are reported with what was measured: they are the curve."""
    spec, course = net.spec, taken_up(net, checkpoints.last())
    for epoch, row in enumerate(course.curve):
        watch.progress(before + epoch + 1, total, **_said(row, before))
    for epoch in range(course.done, epochs):
        if asked is not None and spec.patience and epoch - course.best >= spec.patience:
            break
        found = _epoch(net, epoch, asked)
        losses = [row[CURVE.index("valid_loss")] for row in course.curve]
        if asked is None or not losses or found["valid_loss"] < min(losses):
            course.best, course.weights = epoch + 1, net.weights()
        course.done = epoch + 1
        course.curve.append([found.get(name, np.nan) for name in CURVE])
        checkpoints.save(course.done, course.arrays(net), found, course.best)
        watch.progress(before + course.done, total, **_said(course.curve[-1], before))
    net.set_weights(course.weights)
    return course.best


def _epoch(net: "Net", epoch: int, asked: Asked | None) -> dict[str, float]:
    loss = net.epoch(np.random.default_rng((net.seed, 3, epoch)), epoch)
    if not np.isfinite(loss):
        raise TrainingError(
            f"{type(net.spec).__name__}: the loss degenerated to {loss:g} in epoch {epoch + 1}. Nothing was saved. "
            f"Lower learning_rate (now {net.spec.learning_rate:g})."
        )
    return {"loss": loss} if asked is None else {"loss": loss, **asked.measured(net)}


def _said(row: list[float], before: int) -> dict[str, float]:
    return {} if before else {name: value for name, value in zip(CURVE, row, strict=True) if not np.isnan(value)}
