"""What rating models have in common: the later part of train tells what their scores mean, then they learn from all.

Each member is learned from the earlier events and asked about the later ones, each from what its user had done strictly
before. Two regressions on the answers: grades on the members' scores, with weights by how much is known of user and
item, shrunk towards weights that are the same for all and these towards equal ones; and likes on the score and on
members that were learned from likes alone (logistic). Cost: each member twice, twice as much with `likes`.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..data.arrays import Bool, Float32, Float64, Int64
from ..data.dataset import Dataset
from ..data.features import Features
from ..data.known import known_before
from ..scorers import Scorer
from ..scorers.foretelling import KNOTS, AsLikes, Foretelling, bent, hat_weights, known_grades
from ..watch import Progress, Watch
from .base import Algorithm
from .calibrate import logistic
from .graded import as_likes, only_graded, threshold
from .held_out import check_share

ASKED = 5_000  # later events at most that weights are learned on
BEND = 10.0  # how firmly the curve is believed to be a logistic one: 1 over the variance of its coefficients
SLOPE = 4.0  # log odds of a like for a preference of 1, before anybody was asked
ALIKE, EQUAL = 100.0, 10.0  # events that count for "the same weights for all", and for "equal weights"


@dataclass(frozen=True)
class RatingModel(Algorithm):
    """held_out: share of the events, the latest, that tell what scores mean; likes: learn from likes alone, too (of a
    blend: the members that would)"""

    held_out: float = 0.2
    likes: bool = True

    @abstractmethod
    def learned(self, train: Dataset, features: Features, rng: np.random.Generator, watch: Watch) -> Scorer:
        """A scorer of preferences from graded events alone, before anybody asked what its scores are worth."""

    def members_of(self) -> Sequence["RatingModel"]:
        return (self,)

    def fit(
        self,
        train: Dataset,
        features: Features,
        rng: np.random.Generator,
        watch: Watch,
        valid: Dataset | None = None,
        start: Scorer | None = None,
    ) -> Foretelling:
        check_share(self.held_out)
        grades = only_graded(train, type(self).__name__)
        dated, late = later(grades, self.held_out, rng)
        lessons = sum(1 + (self.likes and member.likes) for member in self.members_of())
        stages = _Stages(watch, 2 * lessons)
        head, limit = self._both(dated.where(~late), features, rng, stages), threshold(grades)
        whole = self._both(grades, features, rng, stages)
        answers = ask(head, limit, dated, late, rng)
        base, by_user, by_item = weights(answers)
        score = answers.weighed(base, by_user, by_item)
        told = np.column_stack([score, *answers.likes.T])
        usual = np.r_[-SLOPE * limit, SLOPE, np.zeros(len(head[1]))]  # what is believed before anybody was asked
        chance = logistic(told, answers.liked, usual)
        curve = bend(chance[0] + told @ chance[1:], answers.liked)
        n, likes = _counts(grades, features), _as_asked(whole[1], limit)
        return Foretelling(tuple(whole[0]), likes, n, base, by_user, by_item, chance.astype(np.float32), curve)

    def _both(
        self, train: Dataset, features: Features, rng: np.random.Generator, stages: "_Stages"
    ) -> tuple[list[Scorer], list[Scorer]]:
        """Members that learned from grades, and those from likes."""
        members = self.members_of()
        graded = [m.learned(train, features, rng, stages.next()) for m in members]
        liked = as_likes(train) if self.likes else train
        return graded, [m.learned(liked, features, rng, stages.next()) for m in members if self.likes and m.likes]


class _Stages:
    """One progress over several lessons."""

    def __init__(self, watch: Watch, n: int) -> None:
        self.watch, self.n, self.done = watch, n, 0

    def next(self) -> Watch:
        done, self.done = self.done, self.done + 1
        total = 100 * self.n

        def report(progress: Progress) -> None:
            self.watch.progress(100 * done + 100 * progress.done // max(progress.total, 1), total)

        return replace(self.watch, report=report)


@dataclass(frozen=True)
class Answers:
    """What members said of later events, scores (n, members), likes (n, models of likes), and what came (n,).

    user, item: hat functions of how much was known, (n, g) each
    """

    scores: Float64
    likes: Float64
    signed: Float64
    liked: Bool
    user: Float64
    item: Float64

    def weighed(self, base: Float32, by_user: Float32, by_item: Float32) -> Float64:
        share = self.user @ by_user.T + self.item @ by_item.T  # (n, members)
        return np.asarray(self.user @ base + (self.scores * share).sum(axis=1))


def later(grades: Dataset, share: float, rng: np.random.Generator) -> tuple[Dataset, Bool]:
    """Which events are the latest `share`; where times do not tell, a random part, which then counts as later."""
    time = grades.events.time
    late = np.asarray(time >= np.sort(time)[int(len(time) * (1.0 - share))])
    if 0.0 < late.mean() <= min(2.0 * share, 0.9):
        return grades, late
    late = rng.permutation(len(time)) < int(share * len(time))  # of four grades none
    return replace(grades, events=replace(grades.events, time=late.astype(np.int64))), late


def ask(
    models: tuple[list[Scorer], list[Scorer]], limit: float, data: Dataset, late: Bool, rng: np.random.Generator
) -> Answers:
    """Each of some late events foretold by all models from what its user had done strictly before."""
    m, g, asked = len(models[0]), len(KNOTS), np.flatnonzero(late)
    asked = even(asked, data, ASKED, rng)
    n = np.bincount(data.events.item[~late], minlength=len(data.catalog))
    everybody = (*models[0], *_as_asked(models[1], limit))
    found = [(np.zeros((0, len(everybody))), np.zeros((0, g)), np.zeros((0, g)))]
    for rows, batch in known_before(data, asked):
        item = data.events.item[rows]
        said = np.column_stack([model.score(batch, item[:, None])[:, 0].astype(np.float64) for model in everybody])
        found.append((said, hat_weights(known_grades(batch)), hat_weights(n[item])))
    told, user, item_ = (np.concatenate([part[i] for part in found]) for i in range(3))
    return Answers(told[:, :m], told[:, m:], data.signed()[asked].astype(np.float64), data.liked()[asked], user, item_)


def even(rows: Int64, data: Dataset, n: int, rng: np.random.Generator) -> Int64:
    """n of these rows, as many of each grade, and of each user's, as there are in proportion: by chance, the share of
    likes among them would be a point off, and every chance of a like with it."""
    if len(rows) <= n:
        return rows
    order = np.lexsort((data.events.user[rows], data.events.value[rows]))  # systematic sampling: every so many
    return np.sort(rows[order[((np.arange(n) + rng.random()) * (len(rows) / n)).astype(np.int64)]])


def bend(z: Float64, liked: Bool) -> Float32:
    """b of scorers.foretelling, shrunk towards (0, 1, 0); that itself where more would not always be more."""
    usual = np.array([0.0, 1.0, 0.0])
    found = logistic(np.column_stack([z, bent(z)]), liked, usual, np.array([0.1, BEND, BEND]))
    return (found if found[1] > 0 and found[1] + 3.0 * found[2] > 0 else usual).astype(np.float32)


def weights(answers: Answers) -> tuple[Float32, Float32, Float32]:
    """base (g,), by_user and by_item (members, g) of scorers.foretelling, by two ridge regressions."""
    s, m, g = answers.scores, answers.scores.shape[1], len(KNOTS)
    equal, size = np.full(m, 1.0 / m), (s**2).sum(axis=0) / max(len(s), 1) + 1e-6
    same = np.column_stack([np.ones(len(s)), s])
    alike = _ridge(same, answers.signed - s @ equal, EQUAL * np.r_[1.0, size])
    alike[1:] += equal
    blocks = [answers.user, *((s[:, [k]] * hats) for k in range(m) for hats in (answers.user, answers.item))]
    firm = ALIKE * np.r_[np.ones(g), np.repeat(size, 2 * g)]
    moved = _ridge(np.hstack(blocks), answers.signed - same @ alike, firm)
    each = moved[g:].reshape(m, 2, g)
    base, by_user, by_item = alike[0] + moved[:g], alike[1:, None] + each[:, 0], each[:, 1]
    return base.astype(np.float32), by_user.astype(np.float32), by_item.astype(np.float32)


def _ridge(x: Float64, y: Float64, penalty: Float64) -> Float64:
    return np.asarray(np.linalg.solve(x.T @ x + np.diag(penalty), x.T @ y))


def _as_asked(likes: list[Scorer], limit: float) -> tuple[Scorer, ...]:
    return tuple(AsLikes(model, limit) for model in likes)


def _counts(grades: Dataset, features: Features) -> Float32:
    return np.bincount(grades.events.item, minlength=len(features)).astype(np.float32)
