"""The contract suites notice what they are there to notice: each liar below breaks one promise."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from tastemaker.algorithms import Popular
from tastemaker.scorers import Popularity
from tastemaker.scorers.base import Contributions, Part
from tastemaker.testing import AlgorithmContract, ScorerContract


class Infinite(Popularity):
    def score_all(self, batch):
        return super().score_all(batch) / np.float32(0.0)


class Wide(Popularity):
    def score_all(self, batch):
        return super().score_all(batch).astype(np.float64)


class Shifted(Popularity):
    def score_rows(self, batch, rows):
        return super().score_rows(batch, (rows + 1) % self.n_items)


class Gregarious(Popularity):
    """A score that depends on who else asks."""

    def score_all(self, batch):
        return super().score_all(batch) + np.float32(len(batch))


class HighRowsFirst(Popularity):
    def top(self, batch, n, exclude=None, allowed=None):
        rows = np.argsort(self.values, kind="stable")[::-1][:n].astype(np.int32)
        return np.tile(rows, (len(batch), 1)), np.tile(self.values[rows], (len(batch), 1))


class Boastful(Popularity):
    def contributions(self, batch, items):
        each = super().contributions(batch, items)
        return [Contributions((*c.parts, Part("charm")), np.hstack([c.values, c.values])) for c in each]


class Forgetful(Popularity):
    def with_items(self, features):
        return replace(self, values=np.zeros(len(features), np.float32))


class Grabby(Popularity):
    def score_all(self, batch):
        scores = super().score_all(batch)
        self.values[0] += 1.0
        return scores


@pytest.mark.parametrize(
    ("liar", "promise"),
    [
        (Infinite, "test_scores_are_float32_and_one_an_item"),
        (Wide, "test_scores_are_float32_and_one_an_item"),
        (Shifted, "test_some_items_score_as_among_all"),
        (Shifted, "test_lists_differ_by_query_and_unknown_items_are_nan"),
        (Gregarious, "test_a_query_scores_alone_as_in_a_batch"),
        (HighRowsFirst, "test_top_is_the_sorted_scores_ties_to_the_lower_row"),
        (HighRowsFirst, "test_top_never_shows_what_is_excluded_or_not_allowed"),
        (Boastful, "test_contributions_sum_to_the_score"),
        (Forgetful, "test_new_items_join_and_old_ones_keep_their_scores"),
        (Grabby, "test_asking_changes_nothing"),
    ],
)
def test_a_liar_is_caught(liar, promise):
    class Suite(ScorerContract):
        def scorer(self, world):
            return liar(1.0 + np.arange(len(world.features), dtype=np.float32) % 4)

    with np.errstate(all="ignore"), pytest.raises(AssertionError):
        getattr(Suite(), promise)()


@dataclass(frozen=True)
class Moody(Popular):
    """Learns something else every time, from a global state and not from its rng."""

    def fit(self, train, features, rng, watch, valid=None, start=None):
        Moody.calls = getattr(Moody, "calls", 0) + 1
        return Popularity(np.full(len(features), Moody.calls, np.float32))


@dataclass(frozen=True)
class Vandal(Popular):
    def fit(self, train, features, rng, watch, valid=None, start=None):
        train.profiles[:] = 0.0
        return super().fit(train, features, rng, watch)


@dataclass(frozen=True)
class Contrary(Popular):
    """Ranks everything upside down, and the more a taste is stated, the lower."""

    def fit(self, train, features, rng, watch, valid=None, start=None):
        return Upside(-super().fit(train, features, rng, watch).values)


class Upside(Popularity):
    def score_all(self, batch):
        return super().score_all(batch) - np.nan_to_num(batch.profile[:, :1]) * (np.arange(self.n_items) == 0)


@pytest.mark.parametrize(
    ("liar", "promise"),
    [
        (Moody(), "test_same_seed_same_arrays"),
        (Vandal(), "test_fitting_changes_no_input"),
        (Contrary(), "test_it_ranks_its_training_users_better_than_chance"),
        (Contrary(), "test_a_taste_that_is_stated_higher_never_lowers_its_own_items"),
    ],
)
def test_a_lying_algorithm_is_caught(liar, promise):
    class Suite(AlgorithmContract):
        algorithm = liar

    with pytest.raises(AssertionError):
        getattr(Suite(), promise)()


@pytest.mark.parametrize("promise", ["test_a_cancelled_job_stops", "test_progress_runs_up_to_its_total"])
def test_an_algorithm_that_reports_nothing_is_caught_unless_it_says_so(promise):
    class Deaf(AlgorithmContract):
        algorithm = Popular()

    class Honest(Deaf):
        reports = False

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        getattr(Deaf(), promise)()
    getattr(Honest(), promise)()
