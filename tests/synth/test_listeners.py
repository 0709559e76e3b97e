"""A planted world holds what it says; who likes what lies together plays what lies together."""

import numpy as np

from tastemaker.scorers.embeddings import unit_rows
from tastemaker.synth.listeners import STRAY, THEMES, listeners_of, planted, same_group


def test_numbers_hide_the_groups_and_plays_show_them(rng):
    made = planted(600, 20, 200, 30, rng)
    asked = np.arange(0, 600, 5).astype(np.int32)
    hidden, raw = same_group(made.hidden, made.group, asked), same_group(unit_rows(made.numbers), made.group, asked)
    assert hidden > 0.8
    assert raw < 0.4
    assert raw > 2 * 29 / 599  # yet they are not nothing
    assert np.bincount(made.group).tolist() == [30] * 20
    assert (np.bincount(made.user) == 30).all()
    themes = np.array([np.sort(np.bincount(made.group[made.item[made.user == u]]))[::-1] for u in range(200)], object)
    kept = np.mean([t[:THEMES].sum() / t.sum() for t in themes])
    assert 1 - STRAY - 0.02 < kept < 1.0
    plays = np.sort(np.bincount(made.item, minlength=600))[::-1]
    assert plays[:60].sum() > 2 * plays[-300:].sum()  # few are well known


def test_hidden_place_and_noise_make_up_all_numbers(rng):
    made = planted(300, 5, 2, 2, rng, dim=3, loud=0.0)
    assert made.numbers.shape == (300, 6)
    assert np.linalg.matrix_rank(made.numbers, tol=1e-3) == 3
    gaps = np.linalg.norm(made.numbers[:50, None] - made.numbers[None, :50], axis=2)
    np.testing.assert_allclose(gaps, np.linalg.norm(made.hidden[:50, None] - made.hidden[None, :50], axis=2), atol=1e-4)


def test_listeners_play_what_is_near_their_favorites_and_nothing_unknown(rng):
    vectors = unit_rows(np.repeat(np.eye(8, dtype=np.float32), 25, axis=0) + rng.normal(0, 0.05, (200, 8)))
    vectors = np.asarray(vectors, np.float32)
    vectors[::10] = 0.0
    user, item = listeners_of(vectors, 50, 20, rng, pool=20)
    assert (np.bincount(user) == 20).all()
    assert not (item % 10 == 0).any()
    groups = [len(set(item[user == u] // 25)) for u in range(50)]
    assert max(groups) <= THEMES


def test_the_same_seed_is_the_same_world():
    a, b = (planted(50, 5, 10, 4, np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(a.numbers, b.numbers)
    assert np.array_equal(a.item, b.item)
