import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.evaluate import choices
from tastemaker.evaluate.choices import best_of_kinds, worth
from tastemaker.scorers import Popularity

from ..algorithms.test_choice_net import little_world


@given(st.integers(0, 2**32 - 1))
def test_equals_stand_in_every_order_alike(seed):
    """Beside the mean over many orders in which equals were parted by chance."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 3, (1, 5)).astype(float)
    there = rng.random(5) < 0.8
    chosen = int(rng.integers(0, 5))
    there[chosen] = True
    found = worth(scores, np.array([chosen]), there)
    gains, hits, recalls = [], [], []
    for _ in range(400):
        order = [k for k in np.lexsort((rng.random(5), -scores[0])) if there[k]]
        place = order.index(chosen) + 1
        gains.append(1 / np.log2(1 + place))
        hits.append(place == 1)
        recalls.append(place <= 3)
    assert found["ndcg"][0] == pytest.approx(np.mean(gains), abs=0.08)
    assert found["hit"][0] == pytest.approx(np.mean(hits), abs=0.12)
    assert found["recall"][0] == pytest.approx(np.mean(recalls), abs=0.12)


def test_a_kind_stands_where_its_best_item_stands():
    scores = np.array([[0.1, np.nan, 0.7, 0.2]], np.float32)
    found = best_of_kinds(scores, np.array([0, 1, 0, 2]), 4)
    np.testing.assert_allclose(found, [[0.7, -np.inf, 0.2, -np.inf]], rtol=1e-6)


def test_a_large_catalog_is_scored_a_part_of_the_moments_at_a_time(monkeypatch):
    data, _ = little_world(60)
    asked, kinds, sizes = np.arange(20, 60), np.arange(12) % 3, list[int]()

    class Counting(Popularity):
        def score(self, batch, items=None):
            sizes.append(len(batch))
            return super().score(batch, items)

    model = Counting(np.arange(12, dtype=np.float32))
    whole = choices.judge_choices(model, data, asked, kinds, np.random.default_rng(0), 0)
    monkeypatch.setattr(choices, "CELLS", 12 * 7)
    parts = choices.judge_choices(model, data, asked, kinds, np.random.default_rng(0), 0)
    assert sizes == [40, 7, 7, 7, 7, 7, 5]
    assert parts.metrics == whole.metrics
